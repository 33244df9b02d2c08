"""What a form template may say. One JSON file per form: ``templates_c1/<form-id>/template.json``.

All geometry of a page is in the page's own unit (``page.size.unit``), x right, y down, origin at the page's top left.
A box is the centre line of its printed border. Bad templates are refused with a readable error (see ``registry``).
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Point = tuple[float, float]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rect(_Frozen):
    """x, y of the top left corner, width and height."""

    x: float
    y: float
    w: Annotated[float, Field(gt=0)]
    h: Annotated[float, Field(gt=0)]

    @property
    def corners(self) -> tuple[Point, Point, Point, Point]:
        """tl, tr, br, bl."""
        r, b = self.x + self.w, self.y + self.h
        return (self.x, self.y), (r, self.y), (r, b), (self.x, b)


class Label(_Frozen):
    id: str
    """Indonesian, as officers know it."""
    en: str


class Bubbles(_Frozen):
    """OMR marks under one box: ten circles, index = digit."""

    centres: Annotated[tuple[Point, ...], Field(min_length=10, max_length=10)]
    radius: Annotated[float, Field(gt=0)]


class Number(_Frozen):
    """2-4 boxes that hold one number."""

    name: Name
    label: Label
    boxes: Annotated[tuple[Rect, ...], Field(min_length=1, max_length=4)]
    bubbles: tuple[Bubbles, ...] = ()
    """None, or one for each box."""
    shared_borders: bool = False
    """Neighbouring boxes share one printed line (2019); else each box has its own border with a gap between."""
    border: Annotated[float, Field(gt=0)] | None = None
    """Width of the printed border line, if measured."""
    gray: Annotated[int, Field(ge=0, le=255)] = 0
    """Of the border's print."""
    guide: bool = False
    """A dotted seven-segment guide is printed inside (2024)."""

    @model_validator(mode="after")
    def _bubbles_match_boxes(self) -> Number:
        if self.bubbles and len(self.bubbles) != len(self.boxes):
            raise ValueError(f"number '{self.name}': {len(self.bubbles)} bubble columns for {len(self.boxes)} boxes")
        return self


class SumRule(_Frozen):
    """``total`` = sum of ``parts``."""

    kind: Literal["sum"]
    id: Name
    total: Name
    parts: Annotated[tuple[Name, ...], Field(min_length=1)]
    severity: Literal["error", "warning"] = "error"

    @property
    def names(self) -> tuple[str, ...]:
        return (self.total, *self.parts)


class AtMostRule(_Frozen):
    """``number`` <= ``bound``, another number or a constant (voter caps)."""

    kind: Literal["at_most"]
    id: Name
    number: Name
    bound: Name | int
    severity: Literal["error", "warning"] = "error"

    @property
    def names(self) -> tuple[str, ...]:
        return (self.number,) if isinstance(self.bound, int) else (self.number, self.bound)


Rule = Annotated[SumRule | AtMostRule, Field(discriminator="kind")]


class ReserveCustom(_Frozen):
    """``number`` is usually ``base`` and ``share`` of it, rounded up: ballots received with their reserve. Only makes readings more or less
    likely; no sheet goes to review for it."""

    number: Name
    base: Name
    share: Annotated[float, Field(gt=0, lt=1)]


class Tag(_Frozen):
    """An AprilTag. ``corners`` are tl, tr, br, bl of its black square as printed on the upright page.

    ``turned``: by how many degrees clockwise the tag is printed against OpenCV's dictionary (180 on the 2024 forms).
    """

    family: Literal["36h10"]
    id: int
    corners: Annotated[tuple[Point, ...], Field(min_length=4, max_length=4)]
    turned: Literal[0, 90, 180, 270] = 0


class Marker(_Frozen):
    """A corner marker of the page. ``saddle``: two black squares on a diagonal that meet at ``at``;
    ``square``: one black square with its centre at ``at``."""

    kind: Literal["saddle", "square"]
    at: Point
    size: Annotated[float, Field(gt=0)]
    """Side of one black square."""
    diagonal: Literal["tl_br", "tr_bl"] = "tl_br"
    """Of a saddle: which two quadrants are black."""


class Recognition(_Frozen):
    """How the page is told from others and aligned."""

    tag: Tag | None = None
    markers: tuple[Marker, ...] = ()
    features: str | None = None
    """File beside template.json with features of the printed structure (ocr.align.features)."""
    code: Rect | None = None
    """Where the station's QR code is printed (our own forms), with the white around it."""


class PrintLine(_Frozen):
    kind: Literal["line"]
    a: Point
    b: Point
    width: float
    gray: Annotated[int, Field(ge=0, le=255)] = 0


class PrintRect(_Frozen):
    """Filled rectangle."""

    kind: Literal["fill"]
    rect: Rect
    gray: Annotated[int, Field(ge=0, le=255)] = 0


class PrintText(_Frozen):
    """``at`` is the left end of the base line; ``size`` the height of a capital letter; ``width`` the text's length if known."""

    kind: Literal["text"]
    text: str
    at: Point
    size: float
    width: float | None = None
    bold: bool = False
    italic: bool = False
    gray: Annotated[int, Field(ge=0, le=255)] = 0
    turned: Literal[0, 90, 180, 270] = 0
    """Degrees clockwise by which the text is turned; its left end stays at ``at``."""


class PrintDots(_Frozen):
    """A dotted leader: ``count`` round dots of diameter ``size`` from ``a`` to ``b``."""

    kind: Literal["dots"]
    a: Point
    b: Point
    size: Annotated[float, Field(gt=0)]
    count: Annotated[int, Field(ge=1, le=500)]
    gray: Annotated[int, Field(ge=0, le=255)] = 0


class PrintDisc(_Frozen):
    """An ellipse: filled, or with ``width`` only its line."""

    kind: Literal["disc"]
    at: Point
    rx: Annotated[float, Field(gt=0)]
    ry: Annotated[float, Field(gt=0)]
    width: float | None = None
    gray: Annotated[int, Field(ge=0, le=255)] = 0


PrintItem = Annotated[PrintLine | PrintRect | PrintText | PrintDots | PrintDisc, Field(discriminator="kind")]


class TurusGrid(_Frozen):
    """Tally-stroke grid of one number: cell edges."""

    number: Name
    x_edges: tuple[float, ...]
    y_edges: tuple[float, ...]


class Size(_Frozen):
    width: Annotated[float, Field(gt=0)]
    height: Annotated[float, Field(gt=0)]
    unit: Literal["mm", "px"]
    mm_per_unit: Annotated[float, Field(gt=0)]
    """Nominal: 1 for mm; for px of a canvas the paper's width in mm / canvas width."""


class Page(_Frozen):
    number: Annotated[int, Field(ge=1)]
    title: Label
    size: Size
    recognition: Recognition
    numbers: Annotated[tuple[Number, ...], Field(min_length=1)]
    rules: tuple[Rule, ...] = ()
    reserves: tuple[ReserveCustom, ...] = ()
    turus: tuple[TurusGrid, ...] = ()
    words: dict[Name, Rect] = {}
    """Number name -> area where it is written in words."""
    free_text: dict[Name, Rect] = {}
    """Handwritten lines: identity, signatures."""
    print: tuple[PrintItem, ...] = ()
    """What is printed besides boxes, bubbles, tag and markers: lines, bars, labels. Used to draw a blank and to verify alignment."""

    @model_validator(mode="after")
    def _consistent(self) -> Page:
        names = Counter(n.name for n in self.numbers)
        if twice := [n for n, k in names.items() if k > 1]:
            raise ValueError(f"page {self.number}: number named twice: {', '.join(twice)}")
        for n in self.numbers:
            for i, b in enumerate(n.boxes):
                if b.x < 0 or b.y < 0 or b.x + b.w > self.size.width or b.y + b.h > self.size.height:
                    raise ValueError(
                        f"page {self.number}: box {i + 1} of '{n.name}' lies outside the page "
                        f"({b.x:g},{b.y:g} {b.w:g}x{b.h:g} on {self.size.width:g}x{self.size.height:g})"
                    )
        ids = Counter(r.id for r in self.rules)
        if twice := [i for i, k in ids.items() if k > 1]:
            raise ValueError(f"page {self.number}: rule id used twice: {', '.join(twice)}")
        for rule in self.rules:
            for name in rule.names:
                if name not in names:
                    raise ValueError(f"page {self.number}: rule '{rule.id}' names an unknown number '{name}'")
            if rule.kind == "sum" and (rule.total in rule.parts or len(set(rule.parts)) < len(rule.parts)):
                raise ValueError(f"page {self.number}: rule '{rule.id}' counts a number twice")
        for name in (name for r in self.reserves for name in (r.number, r.base)):
            if name not in names:
                raise ValueError(f"page {self.number}: a reserve names an unknown number '{name}'")
        for n in self.numbers:
            if any(not self._holds(x, y) for column in n.bubbles for x, y in column.centres):
                raise ValueError(f"page {self.number}: a bubble of '{n.name}' lies outside the page")
        if any(not self._holds(*m.at) for m in self.recognition.markers):
            raise ValueError(f"page {self.number}: a marker lies outside the page")
        if self.recognition.tag and any(not self._holds(x, y) for x, y in self.recognition.tag.corners):
            raise ValueError(f"page {self.number}: the AprilTag lies outside the page")
        for where, areas in (("words area", self.words), ("free text area", self.free_text)):
            for name, r in areas.items():
                if not (self._holds(r.x, r.y) and self._holds(r.x + r.w, r.y + r.h)):
                    raise ValueError(f"page {self.number}: {where} '{name}' lies outside the page")
        for known, what in ((self.words, "words area"), ({g.number: g for g in self.turus}, "turus grid")):
            for name in known:
                if name not in names:
                    raise ValueError(f"page {self.number}: {what} for an unknown number '{name}'")
        return self

    def _holds(self, x: float, y: float) -> bool:
        return 0 <= x <= self.size.width and 0 <= y <= self.size.height

    def number_named(self, name: str) -> Number:
        """Raises KeyError if the page has no such number."""
        for n in self.numbers:
            if n.name == name:
                return n
        raise KeyError(name)


class Template(_Frozen):
    """One form: a declaration of its pages."""

    form: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    version: Annotated[int, Field(ge=1)]
    title: Label
    elections: Annotated[tuple[Literal["ppwp", "dpd", "dpr", "dprd_prov", "dprd_kab", "gubernur", "bupati"], ...], Field(min_length=1)]
    pages: Annotated[tuple[Page, ...], Field(min_length=1)]
    rules: tuple[Rule, ...] = ()
    """What must hold across the pages of one TPS; the rules of one page stand in that page."""
    probation: bool = False
    """Of a form that ships: a person looks at every sheet of it. Published forms have their own (``templates_c1.published``)."""

    @model_validator(mode="after")
    def _rules_across_pages(self) -> Template:
        names = Counter(n.name for p in self.pages for n in p.numbers)
        if twice := [n for n, k in names.items() if k > 1]:
            raise ValueError(f"number on two pages: {', '.join(twice)}")
        ids = Counter(r.id for r in self.rules)
        if twice := [i for i, k in ids.items() if k > 1]:
            raise ValueError(f"rule id used twice across pages: {', '.join(twice)}")
        for rule in self.rules:
            for name in rule.names:
                if name not in names:
                    raise ValueError(f"rule '{rule.id}' across pages names an unknown number '{name}'")
        return self

    @model_validator(mode="after")
    def _pages_distinct(self) -> Template:
        pages = Counter(p.number for p in self.pages)
        if twice := [str(n) for n, k in pages.items() if k > 1]:
            raise ValueError(f"page number used twice: {', '.join(twice)}")
        tags = Counter(p.recognition.tag.id for p in self.pages if p.recognition.tag)
        if twice := [str(n) for n, k in tags.items() if k > 1]:
            raise ValueError(f"AprilTag id used on two pages: {', '.join(twice)}")
        return self

    def page(self, number: int) -> Page:
        """Raises KeyError if the form has no such page."""
        for p in self.pages:
            if p.number == number:
                return p
        raise KeyError(number)
