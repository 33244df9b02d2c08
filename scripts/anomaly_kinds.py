"""Write the table of checks in docs/anomalies.md from the code: ``python -m scripts.anomaly_kinds``."""

from __future__ import annotations

from scripts import markers
from tally.crosscheck.kinds import ALL

PAGE = markers.DOCS / "anomalies.md"


def table() -> str:
    """Every check with its severity, what it holds against what, and its source."""
    lines = ["| check | severity | group | what | Indonesian | source |", "|---|---|---|---|---|---|"]
    lines += [f"| `{k.id}` | {k.severity.value} | {k.group.value} | {k.rule[1]} | {k.title[0]} | {k.source} |" for k in ALL]
    return "\n".join(lines).replace("|z|", "&#124;z&#124;")


def main() -> None:
    markers.write(PAGE, "kinds", table())


if __name__ == "__main__":
    main()
