"""The machine checks people: what is typed against a sure reading, or breaks a rule that held, is asked about once more.

(In 2019 citizens' recounts found that 27 % of confident differences between machine and human were the human's errors.)
Never where the person must not know what the machine read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ocr.policy import default
from review.words import finding_text, labels_of
from tally.interpretation import NumberReading
from templates_c1.rules import check
from templates_c1.schema import Page

Values = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Question:
    """``why``: reading (another value was read with confidence) or rule (``rule_id`` held before)."""

    name: str
    label: str
    label_en: str
    typed: int | None
    read: int | None
    why: str
    rule_id: str | None
    text: str
    text_en: str

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "label": self.label,
            "label_en": self.label_en,
            "typed": self.typed,
            "read": self.read,
            "why": self.why,
            "rule_id": self.rule_id,
            "text": self.text,
            "text_en": self.text_en,
        }


def is_sure(n: NumberReading) -> bool:
    """So likely, with the rules of its page and the station's other pages, that the machine would have let it pass."""
    policy = default()
    return n.value is not None and n.confidence >= policy.confident_checked and n.reader_confidence >= policy.readers_floor


def questions(page: Page, numbers: Sequence[NumberReading], typed: Values) -> tuple[Question, ...]:
    """What to ask once more, in the page's order. ``numbers``: as read, with what the rules say; empty if the page was not read."""
    labels = labels_of(page)
    asked: dict[str, Question] = {}
    for n in numbers:
        said = typed.get(n.name)
        if is_sure(n) and said != n.value:
            shown = "?" if said is None else str(said)
            asked[n.name] = Question(
                n.name,
                *labels[n.name],
                said,
                n.value,
                "reading",
                None,
                f"Anda mengetik {shown}, terbaca jelas {n.value}",
                f"You typed {shown}, {n.value} was clearly read",
            )
    read = {n.name: n.value for n in numbers}
    held = {f.rule_id for f in check(page, read) if f.holds} if read else set()
    for f in check(page, typed):
        changed = [n for n in f.numbers if typed.get(n) != read.get(n)]
        if f.holds is False and f.rule_id in held and changed and not any(n in asked for n in changed):
            name = changed[0]
            text = finding_text(f, typed, labels)
            asked[name] = Question(name, *labels[name], typed.get(name), read.get(name), "rule", f.rule_id, *text)
    order = [n.name for n in page.numbers]
    return tuple(sorted(asked.values(), key=lambda q: order.index(q.name)))


def token_of(stamp: str, typed: Values, asked: Sequence[Question]) -> str:
    """Says that exactly these questions were shown for exactly these values."""
    content = [stamp, sorted(typed.items()), [(q.name, q.why, q.rule_id) for q in asked]]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:20]
