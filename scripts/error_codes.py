"""Write the tables of docs/errors.md from the code: ``python -m scripts.error_codes``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from api.errors import CATALOGUE
from db.errors import ServiceError
from review.reasons import OWN
from scripts import markers
from tally.interpretation import ReasonCode
from tally.texts import TEXTS

PAGE = markers.DOCS / "errors.md"


def reasons() -> str:
    """Table of every reason code with its two sentences."""
    lines = ["| code | Indonesian | English |", "|---|---|---|"]
    lines += [f"| `{code.value}` | {TEXTS[code][0]} | {TEXTS[code][1]} |" for code in ReasonCode]
    return "\n".join(lines)


def review_reasons() -> str:
    """Table of the reasons that review adds to the machine's."""
    lines = ["| code | Indonesian | English |", "|---|---|---|"]
    lines += [f"| `{code}` | {text} | {text_en} |" for code, (text, text_en) in OWN.items()]
    return "\n".join(lines)


def _services(base: type[ServiceError]) -> Iterator[tuple[str, int, str, str]]:
    for kind in base.__subclasses__():
        yield kind.code, kind.status, kind.text, kind.text_en
        yield from _services(kind)


def refusals() -> str:
    """Table of every code of the error shape that is not a reason code, with its HTTP status."""
    for room in ("db", "review", "api"):  # an error that nobody imported would be missing from the table
        for module in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}."):
            if ".migrations" not in module.name and not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    known = {code: (status, text, text_en) for code, status, text, text_en in _services(ServiceError)}
    for key, entry in CATALOGUE.items():
        code, _, variant = key.partition("/")
        if code not in {c.value for c in ReasonCode} or variant:
            known.setdefault(code, (entry.status, entry.id, entry.en))
    lines = ["| code | HTTP | Indonesian | English |", "|---|---|---|---|"]
    lines += [f"| `{code}` | {status} | {text} | {text_en} |" for code, (status, text, text_en) in sorted(known.items())]
    return "\n".join(lines)


TABLES = {"reasons": reasons, "review_reasons": review_reasons, "refusals": refusals}


def main() -> None:
    for name, table in TABLES.items():
        markers.write(PAGE, name, table())


if __name__ == "__main__":
    main()
