"""One sheet as the reviewer's screen shows it: every number with its crop, what each reader saw, and what is doubted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.queries import commit_views, election, tps_refs, user_names
from db.tables import Interpretation, Photo, QueueEntry, ReviewAction, SheetCommit
from db.types import Disposition, QueueKind
from db.views import CommitView, ElectionView, PageRef, TpsRef
from review import commit, evidence, reasons
from review.errors import UnknownPage, UnknownPhoto
from review.history import HistoryEntry, photo_history
from review.reasons import ReasonText
from review.values import committed_elsewhere
from tally import codec
from tally.interpretation import Finding, NumberReading, ReaderSays, Unreadable
from tally.interpretation import Interpretation as MachineWord
from templates_c1.registry import page as template_page
from templates_c1.registry import template
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


@dataclass(frozen=True, slots=True)
class SheetView:
    """``kind`` is None when nothing waits (settled). ``stamp`` goes back with the action, to prove what was seen."""

    photo_id: int
    sha256: str
    name: str
    media_type: str
    uploader: str
    received_at: datetime
    election: ElectionView
    tps: TpsRef
    form: str | None
    page: int | None
    title: str
    title_en: str
    kind: QueueKind | None
    reasons: tuple[ReasonText, ...]
    fields: tuple[Field, ...]
    rules: tuple[RuleView, ...]
    findings: tuple[Finding, ...]
    page_corners: Quad
    current: CommitView | None
    leased_by: str | None
    leased_by_id: int | None
    leased_until: datetime | None
    stamp: str
    choices: tuple[PageRef, ...]
    history: tuple[HistoryEntry, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a photo is in its life: what waits, which interpretation is looked at, and where it belongs as far as is known."""

    photo: Photo
    entry: QueueEntry | None
    interpretation: Interpretation | None
    election_id: str
    tps_id: int
    form: str | None
    page: int | None

    @property
    def place(self) -> commit.Place | None:
        return None if self.form is None or self.page is None else commit.Place(self.election_id, self.tps_id, self.form, self.page)


def where_it_stands(session: Session, photo_id: int, *, lock: bool = False) -> Standing:
    """Raises UnknownPhoto. ``lock``: nobody else settles this photo until the transaction ends."""
    query = select(Photo).where(Photo.id == photo_id)
    waits = select(QueueEntry).where(QueueEntry.photo_id == photo_id)
    if lock:
        query, waits = query.with_for_update(), waits.with_for_update().execution_options(populate_existing=True)
    photo = session.scalar(query)
    if photo is None:
        raise UnknownPhoto({"photo": photo_id})
    entry = session.scalar(waits)
    if entry is not None:
        seen = session.get_one(Interpretation, entry.interpretation_id)
        return Standing(photo, entry, seen, entry.election_id, entry.tps_id, entry.form, entry.page)
    last = session.scalar(select(SheetCommit).where(SheetCommit.photo_id == photo_id).order_by(SheetCommit.id.desc()).limit(1))
    decided = select(Interpretation).where(Interpretation.photo_id == photo_id, Interpretation.disposition != Disposition.LATE)
    seen_last = session.scalar(decided.order_by(Interpretation.id.desc()).limit(1))
    if last is not None:
        return Standing(photo, None, seen_last, last.election_id, last.tps_id, last.form, last.page)
    form, page = (seen_last.form, seen_last.page) if seen_last else (None, None)
    return Standing(photo, None, seen_last, photo.election_id, photo.tps_id, form, page)


def stamp_of(session: Session, at: Standing, stands: SheetCommit | None) -> str:
    """Changes whenever the reading looked at, a person's action on the photo, or what counts for the sheet (``stands``) changes."""
    action = session.scalar(select(func.max(ReviewAction.id)).where(ReviewAction.photo_id == at.photo.id))
    return f"i{at.interpretation.id if at.interpretation else 0}-a{action or 0}-c{stands.id if stands else 0}"


def sheet_view(session: Session, photo_id: int, *, form: str | None = None, page: int | None = None) -> SheetView:
    """Read only, at any time, also for settled sheets. ``form`` and ``page``: show the fields of that page (entry by hand).

    Raises:
        UnknownPhoto; UnknownPage: ``form``/``page`` is not one of the election's.
    """
    at = where_it_stands(session, photo_id)
    view = election(session, at.election_id)
    if form is not None or page is not None:
        if form is None or page is None or PageRef(form, page) not in view.pages:
            raise UnknownPage({"form": form, "page": page})
        shown: PageRef | None = PageRef(form, page)
    else:
        shown = PageRef(at.form, at.page) if at.form is not None and at.page is not None else None
    layout = _layout(shown)
    word = codec.from_json(at.interpretation.body) if at.interpretation else None
    word = word if word is not None and shown is not None and _reads(word, shown) else None
    why = reasons.from_json(at.entry.reasons) if at.entry else ()
    place = commit.Place(at.election_id, at.tps_id, shown.form, shown.page) if shown else None
    stands = commit.current(session, place) if place else None
    numbers = () if word is None or isinstance(word.outcome, Unreadable) else word.outcome.numbers
    if at.entry is not None and place is not None and layout is not None:
        numbers = evidence.weigh(template(place.form), numbers, committed_elsewhere(session, place))
    lease_id = at.entry.lease_user_id if at.entry else None
    names = user_names(session, [at.photo.uploader_id, lease_id])
    return SheetView(
        photo_id=photo_id,
        sha256=at.photo.sha256,
        name=at.photo.name,
        media_type=at.photo.media_type,
        uploader=names[at.photo.uploader_id],
        received_at=at.photo.received_at,
        election=view,
        tps=tps_refs(session, [at.tps_id])[at.tps_id],
        form=shown.form if shown else None,
        page=shown.page if shown else None,
        title=layout.title.id if layout else "",
        title_en=layout.title.en if layout else "",
        kind=at.entry.kind if at.entry else None,
        reasons=why,
        fields=fields_of(layout, word, numbers, why) if layout else (),
        rules=rules_of(layout) if layout else (),
        findings=() if word is None or isinstance(word.outcome, Unreadable) else word.outcome.findings,
        page_corners=word.page_corners if word else (),
        current=commit_views(session, [stands])[0] if stands else None,
        leased_by=names.get(lease_id) if lease_id is not None else None,
        leased_by_id=lease_id,
        leased_until=at.entry.lease_until if at.entry else None,
        stamp=stamp_of(session, at, stands),
        choices=view.pages,
        history=photo_history(session, photo_id),
    )


def _layout(shown: PageRef | None) -> Page | None:
    """The page's template; None for a form that has none any more."""
    if shown is None:
        return None
    try:
        return template_page(shown.form, shown.page)
    except KeyError:
        return None


def _reads(word: MachineWord, shown: PageRef) -> bool:
    return not isinstance(word.outcome, Unreadable) and PageRef(word.outcome.form, word.outcome.page) == shown


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
