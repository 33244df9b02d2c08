"""The numbers and rules of one page as a screen shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from review.reasons import ReasonText
from review.second_look import is_sure
from tally.interpretation import Interpretation as MachineWord
from tally.interpretation import NumberReading, ReaderSays
from templates_c1.schema import Page, SumRule

Quad = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One number of the page.

    Attributes:
        width: how many boxes it has.
        boxes, value, confidence, readers, candidates: the machine's; None or empty if it did not read this page.
        corners: for each box tl, tr, br, bl in photo pixels after EXIF turning.
        doubts: codes of the reasons that name this number.
        sure: another value would be asked about once more.
    """

    name: str
    label: str
    label_en: str
    width: int
    boxes: str | None = None
    value: int | None = None
    confidence: float | None = None
    readers: Mapping[str, ReaderSays] = field(default_factory=dict)
    candidates: tuple[tuple[str, float], ...] = ()
    corners: tuple[Quad, ...] = ()
    doubts: tuple[str, ...] = ()
    sure: bool = False

    @property
    def doubtful(self) -> bool:
        return bool(self.doubts) or self.value is None


@dataclass(frozen=True, slots=True)
class RuleView:
    """sum: ``total`` = sum of ``parts``. at_most: ``total`` <= ``bound`` (a number's name or a constant)."""

    id: str
    text: str
    kind: str
    total: str
    parts: tuple[str, ...]
    bound: str | int | None
    severity: str


def fields_of(layout: Page, word: MachineWord | None, numbers: Sequence[NumberReading], why: tuple[ReasonText, ...]) -> tuple[Field, ...]:
    """Every number of the page in the template's order, with what the machine saw (``numbers``) if it read this page."""
    read = {n.name: n for n in numbers}
    made = []
    for number in layout.numbers:
        seen = read.get(number.name)
        made.append(
            Field(
                name=number.name,
                label=number.label.id,
                label_en=number.label.en,
                width=len(number.boxes),
                boxes=seen.boxes if seen else None,
                value=seen.value if seen else None,
                confidence=seen.confidence if seen else None,
                readers=dict(seen.readers) if seen else {},
                candidates=seen.candidates if seen else (),
                corners=tuple(word.boxes.get(number.name, ())) if word else (),
                doubts=tuple(dict.fromkeys(r.code for r in why if number.name in r.numbers)),
                sure=seen is not None and is_sure(seen),
            )
        )
    return tuple(made)


def rules_of(layout: Page) -> tuple[RuleView, ...]:
    """The page's rules as plain data, for sums that recompute while typing."""
    return tuple(
        RuleView(r.id, f"{r.total} = {' + '.join(r.parts)}", "sum", r.total, r.parts, None, r.severity)
        if isinstance(r, SumRule)
        else RuleView(r.id, f"{r.number} <= {r.bound}", "at_most", r.number, (), r.bound, r.severity)
        for r in layout.rules
    )
