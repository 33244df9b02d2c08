"""The table of checks is made from the code, and every check has its measured rate."""

from __future__ import annotations

import re

from scripts import anomaly_kinds, anomaly_rates, markers
from tally.crosscheck.kinds import ALL


def test_the_table_of_checks_is_up_to_date() -> None:
    assert markers.read(anomaly_kinds.PAGE, "kinds") == anomaly_kinds.table(), "run: python -m scripts.anomaly_kinds"


def test_every_check_has_its_measured_rate() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", markers.read(anomaly_rates.PAGE, "rates"), flags=re.MULTILINE)
    assert rows == [k.id for k in ALL], "run: python -m scripts.anomaly_rates --write"
