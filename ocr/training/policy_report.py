"""docs/policy.md: what was measured on held-out sheets when the policy was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_HEAD = """# The policy, and what it was chosen from

Written by `make policy DATA=FOLDER` (`ocr.training.policy`) together with `ocr/models/policy.json`; not by hand.
Every figure here is about boxes and sheets that the readers had **not** been trained on (three folds by station,
writer or block of files; see the [model card](../ocr/models/MODEL_CARD.md)), cut out by the real alignment, all
numbers counted, the doubtful ones and those that no person can read as well.

"""

_TAIL = """
How to read it. A number is accepted only with a witness beside the network: a sum that holds, or its bubbles. The
table's thresholds are about the number alone, *before* that witness; a wrong number in a sum that holds means that a
second number is wrong by exactly as much. In the second table every rule is applied, one confidence for all numbers,
boxes taken as found. What is missing in both: the bubbles, and whether each box's border was found, which stop more
sheets. Zero silent errors among the accepted held-out sheets bounds the rate at about 3 / accepted (95 %), no better:
only live data can prove the rest.
"""


def markdown(policy: Mapping[str, Any], report: Mapping[str, Any]) -> str:
    """The page's text from the written policy and the report of ``ocr.training.policy``."""
    rows = [
        ("both readers agree, a sum holds", "confident_checked", report["agreed"]),
        ("Tesseract disagrees or is silent, a sum holds", "confident_alone", report["alone"]),
    ]
    out = [_HEAD, f"Sheets: {report['sheets']}; boxes both readers had a held-out word on: {report['boxes']}.\n\n"]
    out.append("Pool: " + ", ".join(f"{k} {v:g}" for k, v in policy["weights"].items()) + f"; temperature {policy['temperature']:g}.\n\n")
    out.append(
        "| a number passes when | least confidence | measured numbers at or above it | wrong | upper 95 % bound |\n|---|---|---|---|---|\n"
    )
    out.extend(f"| {what} | {policy[key]:g} | {m['numbers']} | {m['wrong']} | {100 * m['upper_bound']:.2f} % |\n" for what, key, m in rows)
    out.append(
        f"| no sum, bubbles and both readers agree | {policy['confident_marked']:g} | too few real pages to measure; set strict | | |\n\n"
    )
    out.append("| one confidence for all | sheets | accepted | share | silent errors |\n|---|---|---|---|---|\n")
    out.extend(
        f"| {r['threshold']:g} | {r['sheets']} | {r['accepted']} | {100 * r['accepted'] / max(1, r['sheets']):.0f} % | {r['silent']} |\n"
        for r in report["curve"]
    )
    out.append(_TAIL)
    return "".join(out)
