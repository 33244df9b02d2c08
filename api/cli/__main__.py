"""``python -m api.cli`` is ``c1``."""

from api.cli import main

main()
