"""One sheet as the reviewer's screen shows it: every number with its crop, what each reader saw, and what is doubted.

While it waits for a blind entry, nothing of what the machine or a colleague read is in the view: what is not there cannot be seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import clock
from db.queries import commit_views, election, tps_refs, user_names
from db.tables import Election, Entry, QueueEntry, ReviewAction, Sample, SheetCommit
from db.types import ActionKind, EntryPolicy, QueueKind, Role, Source, Stage
from db.views import CommitView, ElectionView, PageRef, TpsRef
from review import commit, evidence, people, reasons
from review.errors import UnknownPage
from review.fields import Field, Quad, RuleView, fields_of, rules_of
from review.hints import Hint, hints
from review.history import HistoryEntry, photo_history
from review.reasons import ReasonText
from review.standing import Standing, stamp_of, where_it_stands, word_of
from review.values import committed_elsewhere
from review.words import labels_of
from tally import codec
from tally.interpretation import Finding, NumberReading, Unreadable
from tally.interpretation import Interpretation as MachineWord
from templates_c1.registry import page_as_read, template
from templates_c1.rules import check, constraints, constraints_across
from templates_c1.schema import Page

__all__ = ["Field", "RuleView", "SheetView", "Standing", "Writing", "readings", "sheet_view", "stamp_of", "where_it_stands"]


@dataclass(frozen=True, slots=True)
class Writing:
    """One of the two writings between which a third person decides. ``number``: 1 or 2."""

    number: int
    source: Source
    values: Mapping[str, int | None]
    paper_error: bool
    note: str


@dataclass(frozen=True, slots=True)
class SheetView:
    """``kind`` is None when nothing waits (settled), or must not be known. ``stamp`` goes back with the action, to prove what was seen.

    Attributes:
        blind: nothing of the machine's or anybody's reading is in here.
        needs_second: what is entered now must be met by a second person's entry.
        previous: what the viewer had typed before he undid it.
    """

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
    stage: Stage | None
    blind: bool
    policy: EntryPolicy
    needs_second: bool
    reasons: tuple[ReasonText, ...]
    fields: tuple[Field, ...]
    rules: tuple[RuleView, ...]
    findings: tuple[Finding, ...]
    hints: tuple[Hint, ...]
    entries: tuple[Writing, ...]
    page_corners: Quad
    current: CommitView | None
    waiting_since: datetime | None
    leased_by: str | None
    leased_by_id: int | None
    leased_until: datetime | None
    lease_desk: str | None
    lease_ahead: bool
    stamp: str
    choices: tuple[PageRef, ...]
    previous: Mapping[str, int | None] | None
    history: tuple[HistoryEntry, ...]

    @property
    def values(self) -> dict[str, int | None]:
        return {f.name: f.value for f in self.fields}

    @property
    def differs(self) -> tuple[str, ...]:
        """Numbers in which the two writings differ, in the page's order."""
        if len(self.entries) < 2:
            return ()
        a, b = self.entries[0].values, self.entries[1].values
        return tuple(f.name for f in self.fields if a.get(f.name) != b.get(f.name))

    @property
    def doubt_order(self) -> tuple[str, ...]:
        """Numbers to look at: those that differ between two writings, then the doubtful ones, the least likely first; blind: all."""
        if self.blind:
            return tuple(f.name for f in self.fields)
        doubtful = sorted((f for f in self.fields if f.doubtful or not f.corners), key=lambda f: f.confidence or 0.0)
        return tuple(dict.fromkeys([*self.differs, *(f.name for f in doubtful)]))


def sheet_view(
    session: Session,
    photo_id: int,
    *,
    form: str | None = None,
    page: int | None = None,
    open_to: Role | None = None,
    viewer_id: int | None = None,
    with_history: bool = True,
) -> SheetView:
    """Read only, at any time, also for settled sheets.

    Args:
        form, page: show the fields of that page (entry by hand).
        open_to: role of whoever sees it; one that never enters sheets sees also what waits for a blind entry.
        viewer_id: gives him back what he had typed before his undo.

    Raises:
        UnknownPhoto; UnknownPage: ``form``/``page`` is not one of the election's.
    """
    at = where_it_stands(session, photo_id)
    view = election(session, at.election_id)
    shown = _shown(at, view, form, page)
    layout = layout_of(at, shown)
    blind = at.entry is not None and at.entry.stage.blind and open_to not in people.SEE_ALL
    word = codec.from_json(at.interpretation.body) if at.interpretation else None
    word = word if word is not None and shown is not None and _reads(word, shown) else None
    why = reasons.from_json(at.entry.reasons) if at.entry and not blind else ()
    place = commit.Place(at.election_id, at.tps_id, shown.form, shown.page) if shown else None
    stands = commit.current(session, place) if place else None
    others = committed_elsewhere(session, place) if at.entry is not None and place is not None and layout is not None and not blind else {}
    numbers = () if blind or word is None or isinstance(word.outcome, Unreadable) else word.outcome.numbers
    if at.entry is not None and place is not None and layout is not None and numbers:
        numbers = evidence.weigh(template(place.form), numbers, others)
    lease_id = at.entry.lease_user_id if at.entry and at.entry.leased(clock.now()) else None
    names = user_names(session, [at.photo.uploader_id, lease_id])
    contest = session.get_one(Election, at.election_id)
    station = tps_refs(session, [at.tps_id])[at.tps_id]
    return SheetView(
        photo_id=photo_id,
        sha256=at.photo.sha256,
        name=at.photo.name,
        media_type=at.photo.media_type,
        uploader=names[at.photo.uploader_id],
        received_at=at.photo.received_at,
        election=view,
        tps=station,
        form=shown.form if shown else None,
        page=shown.page if shown else None,
        title=layout.title.id if layout else "",
        title_en=layout.title.en if layout else "",
        kind=at.entry.kind if at.entry and not blind else None,
        stage=at.entry.stage if at.entry else None,
        blind=blind,
        policy=contest.entry_policy,
        needs_second=at.entry is not None and at.entry.stage is Stage.FIRST and needs_second(contest.entry_policy, layout),
        reasons=why,
        fields=fields_of(layout, word, numbers, why) if layout else (),
        rules=rules_of(layout) if layout else (),
        findings=check(layout, {n.name: n.value for n in numbers}) if layout and numbers else (),
        hints=_hints(place.form, layout, numbers, others) if layout and place and at.entry is not None and numbers else (),
        entries=writings(session, at.entry) if at.entry and at.entry.stage is Stage.ARBITRATION else (),
        page_corners=word.page_corners if word else (),
        current=commit_views(session, [stands])[0] if stands and not blind else None,
        waiting_since=at.entry.since if at.entry else None,
        leased_by=names.get(lease_id) if lease_id is not None else None,
        leased_by_id=lease_id,
        leased_until=at.entry.lease_until if at.entry and lease_id is not None else None,
        lease_desk=at.entry.lease_desk if at.entry and lease_id is not None else None,
        lease_ahead=at.entry.lease_ahead if at.entry and lease_id is not None else False,
        stamp=stamp_of(session, at, stands),
        choices=view.owes(station.code),
        previous=_previous(session, photo_id, viewer_id) if at.entry is not None and viewer_id is not None else None,
        history=photo_history(session, photo_id) if with_history and not blind else (),
    )


def _shown(at: Standing, view: ElectionView, form: str | None, page: int | None) -> PageRef | None:
    if form is not None or page is not None:
        if form is None or page is None or PageRef(form, page) not in view.pages:
            raise UnknownPage({"form": form, "page": page})
        return PageRef(form, page)
    return PageRef(at.form, at.page) if at.form is not None and at.page is not None else None


def layout_of(at: Standing, shown: PageRef | None) -> Page | None:
    """The page's template, in the version with which the machine read the sheet; None for a form that has none any more."""
    if shown is None:
        return None
    read = at.interpretation
    versions = read.versions if read is not None and (read.form, read.page) == (shown.form, shown.page) else {}
    try:
        return page_as_read(shown.form, shown.page, versions)
    except KeyError:
        return None


def _reads(word: MachineWord, shown: PageRef) -> bool:
    return not isinstance(word.outcome, Unreadable) and PageRef(word.outcome.form, word.outcome.page) == shown


def needs_second(policy: EntryPolicy, layout: Page | None) -> bool:
    """Must two people say the same about this page? Where the page is not known yet: if any page of the election asks for it."""
    if policy is EntryPolicy.DOUBLE_VOTES and layout is not None:
        return any(n.name.startswith(("suara_paslon_", "suara_calon_", "suara_partai")) for n in layout.numbers)
    return policy is not EntryPolicy.SINGLE


def readings(session: Session, at: Standing) -> tuple[NumberReading, ...]:
    """What the machine read on the page where the photo is now, as the station's other pages weigh it; empty if it read no such page."""
    word = word_of(at)
    if word is None or at.place is None or isinstance(word.outcome, Unreadable):
        return ()
    return evidence.weigh(template(at.place.form), word.outcome.numbers, committed_elsewhere(session, at.place))


def _hints(form: str, layout: Page, numbers: Sequence[NumberReading], others: Mapping[str, int | None]) -> tuple[Hint, ...]:
    widths = {n.name: len(n.boxes) for n in layout.numbers}
    if widths.keys() != {n.name for n in numbers}:
        return ()  # read with another version of the template
    return hints(numbers, widths, [*constraints(layout), *constraints_across(template(form))], others, labels_of(layout))


def writings(session: Session, entry: QueueEntry) -> tuple[Writing, ...]:
    """The two writings that differ: of two people, or of what counts and its blind entry."""
    found = []
    if entry.sample_id is not None:
        counts = session.get_one(SheetCommit, session.get_one(Sample, entry.sample_id).commit_id)
        found.append(Writing(1, counts.source, commit.values_of(counts), counts.paper_error, counts.note))
    query = select(Entry, ReviewAction.note).join(ReviewAction, ReviewAction.id == Entry.action_id)
    mine = query.where(Entry.photo_id == entry.photo_id, Entry.round == entry.round).order_by(Entry.number)
    for row, note in session.execute(mine):
        found.append(Writing(len(found) + 1, Source.PERSON, row.values, row.paper_error, note))
    return tuple(found)


def _previous(session: Session, photo_id: int, viewer_id: int) -> Mapping[str, int | None] | None:
    query = select(ReviewAction).where(ReviewAction.photo_id == photo_id).order_by(ReviewAction.id.desc()).limit(1)
    last = session.scalar(query)
    if last is None or last.kind is not ActionKind.UNDO or last.user_id != viewer_id:
        return None
    values: Mapping[str, int | None] | None = last.before.get("values")
    return values
