"""Whatever happened before, totals equal what the raw rows say: nothing unverified, nothing twice, nothing missing.

Random histories go through the product's own services; the recomputation reads the tables with plain code of its own, nothing of
db.counting, db.summaries or db.totals. It is compared at every level, and the kept totals are held against the counts besides.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from db.elections import load, parse
from db.errors import ServiceError
from db.summaries import faults
from db.tables import Election, QueueEntry
from db.totals import coverage, totals, totals_by_area
from db.types import EntryPolicy, Level, Role
from db.users import create_user
from review import unplaced
from review.errors import ConfirmRequired
from review.held import quarantine_user
from review.queue import open_sheet
from review.resolve import Action, Assign, Confirm, Correct, RejectPhoto, resolve, withdraw
from review.undo import undo
from tally.interpretation import Interpretation, PrintedPlace, ReasonCode
from templates_c1.registry import page as form_page
from tests.world import FORM, OTHER_TPS, PASSWORD, TPS, World, unreadable, validity, votes, word

PRESIDENT, COUNCIL = "ppwp-2024", "uji"
PLACES = [TPS, OTHER_TPS, "1607011021001", "1607031033901", "1607101002004", "1607101003001"]
ONE, SIX = "desk-dprd-kab-160701-2024", "desk-dprd-kab-160706-2024"
COVERS = [(["160703"], ["160710"]), (["160703", "1607101002"], ["160710"]), (["160703", "1607101002004"], ["160710", "160701"])]
"""Where the two districts lie: the second and third cut through a kecamatan, the third also through a desa."""
PEOPLE = ["reviewer", "reviewer2", "reviewer3", "reviewer4"]
DOUBT = (ReasonCode.LOW_CONFIDENCE,)


def council(covers: int, pages: tuple[int, ...] = (2, 30)) -> dict[str, Any]:
    areas = [
        {"code": code, "name": code, "covers": lies, "pages": [{"form": form, "pages": pages}]}
        for code, form, lies in zip(("160701", "160706"), (ONE, SIX), COVERS[covers], strict=True)
    ]
    names = {"id": "Uji", "en": "Test"}
    return {"id": COUNCIL, "kind": "dprd_kab", "name": names, "date": "2029-02-14", "parties": {"1": "Satu"}, "areas": areas}


# -- what the rows say, in plain code


def recompute(world: World, election: str) -> dict[str, Any]:
    with world.db.reading() as s:

        def rows(query: str) -> list[Any]:
            return list(s.execute(text(query), {"e": election} if ":e" in query else {}).all())

        commits = rows(
            "SELECT c.id, r.code, c.form, c.page, c.supersedes_id, c.version, c.void, c.paper_error, c.source, i.decision, a.kind"
            " FROM sheet_commit c JOIN region r ON r.id = c.tps_id LEFT JOIN interpretation i ON i.id = c.interpretation_id"
            " LEFT JOIN review_action a ON a.id = c.action_id WHERE c.election_id = :e"
        )
        owed = rows("SELECT area, form, page FROM election_page WHERE election_id = :e")
        areas = {a.code: a.covers for a in s.get_one(Election, election).areas}
        stations = [r.code for r in rows("SELECT code FROM region WHERE level = 'tps'")]
        counts: dict[int, dict[str, int | None]] = {}
        for c in rows("SELECT commit_id, name, value FROM committed_count"):
            counts.setdefault(c.commit_id, {})[c.name] = c.value

    def area_of(code: str) -> str | None:
        if not areas:
            return ""
        fitting = [(len(lies), area) for area, covers in areas.items() for lies in covers if code.startswith(lies)]
        return max(fitting)[1] if fitting else None

    followed = {c.supersedes_id for c in commits}
    stands = [c for c in commits if c.id not in followed and not c.void]
    assert len({(c.code, c.form, c.page) for c in stands}) == len(stands), "a sheet counts twice"
    for c in stands:  # verified: read without doubt, or by a person's hand
        assert c.decision == "accept" if c.source == "machine" else c.kind in ("confirm", "correct", "enter"), c
    got: dict[str, Any] = {"numbers": Counter(), "sheets": Counter(), "unknown": Counter(), "coverage": Counter()}
    in_: Counter[str] = Counter()
    duty: dict[str, int] = {}
    for code in stations:
        if (area := area_of(code)) is not None:
            duty[code] = sum(1 for p in owed if p.area in ("", area))
            for place in (*around(code), f"area {area}"):
                got["coverage"][place, "tps_all"] += 1
                got["coverage"][place, "sheets_expected"] += duty[code]
    for c in stands:
        area = area_of(c.code)
        if area is None or not any(p.area in ("", area) and (p.form, p.page) == (c.form, c.page) for p in owed):
            continue
        in_[c.code] += 1
        for place in (*around(c.code), f"area {area}"):
            got["coverage"][place, "sheets_in"] += 1
            got["coverage"][place, "paper_errors"] += bool(c.paper_error)
            for name, value in counts.get(c.id, {}).items():
                key = (place, c.form, c.page, name)
                got["numbers"][key] += value or 0
                got["sheets"][key] += 1
                got["unknown"][key] += value is None
    for code, n in in_.items():
        for place in (*around(code), f"area {area_of(code)}"):
            got["coverage"][place, "tps_any"] += 1
            got["coverage"][place, "tps_complete"] += n == duty[code]
    return {k: {key: n for key, n in v.items() if n} for k, v in got.items()}


def around(code: str) -> tuple[str, ...]:
    return code[:4], code[:6], code[:10], code


# -- what the product says


def answered(world: World, election: str) -> dict[str, Any]:
    got: dict[str, Any] = {"numbers": {}, "sheets": {}, "unknown": {}, "coverage": {}}
    with world.db.reading() as s:
        assert faults(s, election) == []
        rows = [r for level in (Level.REGENCY, Level.KECAMATAN, Level.DESA) for r in totals(s, election, level)]
        rows += [r for desa in sorted({p[:10] for p in PLACES}) for r in totals(s, election, Level.TPS, desa)]
        by_area = totals_by_area(s, election)
        assert coverage(s, election) == rows[0].coverage and len(rows[:1]) == 1
        for area in {r.area.code for r in by_area if r.area}:  # a district alone gives the same
            (alone,) = totals(s, election, Level.REGENCY, area=area)
            (same,) = [r for r in by_area if r.area and r.area.code == area]
            assert (alone.numbers, alone.coverage) == (same.numbers, same.coverage)
    for row in (*rows, *by_area):
        place = f"area {row.area.code}" if row.area else row.region.code
        for n in row.numbers:
            for kind, value in (("numbers", n.value), ("sheets", n.sheets), ("unknown", n.unknown)):
                if value:
                    got[kind][place, n.form, n.page, n.name] = value
        for name in ("sheets_in", "sheets_expected", "tps_any", "tps_complete", "tps_all", "paper_errors"):
            if value := getattr(row.coverage, name):
                got["coverage"][place, name] = value
    return got


def compare(world: World) -> None:
    for election in (PRESIDENT, COUNCIL):
        want, have = recompute(world, election), answered(world, election)
        shown = {key[0] for key in have["coverage"]} | {"area "}
        whole = {k: {key: n for key, n in v.items() if key[0] in shown and key[0] != "area "} for k, v in want.items()}
        assert have == whole, election
        lost = {key[0] for v in want.values() for key in v if key[0] not in shown}
        assert all(len(place) == 13 for place in lost), lost  # TPS of desas that were not asked for
        sheets = sum(n for (place, name), n in want["coverage"].items() if len(place) == 13 and name == "sheets_in")
        assert sheets == want["coverage"].get(("1607", "sheets_in"), 0)


# -- histories

small = st.integers(0, 300)
page2 = st.tuples(small, small, small).map(lambda v: (PRESIDENT, FORM, 2, votes(*v)))
page3 = st.tuples(small, st.integers(0, 50), st.sampled_from([0, 0, 0, 1])).map(
    lambda v: (PRESIDENT, FORM, 3, validity(v[0], v[1], v[0] + v[1] + v[2]))
)
party = st.tuples(st.sampled_from([ONE, SIX]), st.integers(0, 40)).map(lambda v: (COUNCIL, v[0], 2, _party(*v)))
sum_page = st.tuples(st.sampled_from([ONE, SIX]), small, st.integers(0, 50)).map(lambda v: (COUNCIL, v[0], 30, validity(v[1], v[2])))
sheet = st.one_of(page2, page3, party, sum_page)
who, nth = st.sampled_from(PEOPLE), st.integers(0, 9)


def _party(form: str, each: int) -> dict[str, int | None]:
    names = [n.name for n in form_page(form, 2).numbers]
    return {n: each * (len(names) - 1) if n.startswith("suara_partai_dan_calon") else each for n in names}


upload = st.tuples(st.just("upload"), st.sampled_from(PLACES), sheet, st.integers(0, 3), st.sampled_from(["operator", "operator2"]))
acts = st.one_of(
    st.just(Confirm(paper_error=True)),
    st.integers(1, 9),  # the sheet's own values, the first so much higher
    st.integers(1, 9),
    st.none(),  # ... or not legible
    st.none(),
    st.tuples(sheet, st.booleans()).map(lambda v: Correct(v[0][3], v[0][1], v[0][2], paper_error=v[1])),
    st.just(RejectPhoto("buram")),
    st.tuples(st.sampled_from(PLACES), st.sampled_from([None, PRESIDENT, COUNCIL])).map(lambda v: Assign(tps_code=v[0], election_id=v[1])),
)
person = st.tuples(st.just("act"), nth, who, acts)
again = st.tuples(st.just("again"), who)
takeback = st.one_of(st.just(("undo",)), st.tuples(st.just("withdraw"), nth, who))
loose = st.tuples(st.just("loose"), st.sampled_from(PLACES), sheet, st.booleans(), st.sampled_from([PRESIDENT, COUNCIL]))
rare = st.one_of(
    st.just(("quarantine",)),
    st.tuples(st.just("policy"), st.sampled_from(list(EntryPolicy))),
    st.tuples(st.just("election"), st.integers(0, 2), st.sampled_from([(2, 30), (2, 30), (1, 2, 30), (30,)])),
)
step = st.one_of(upload, upload, upload, person, person, person, person, again, takeback, loose, rare)
history_of = st.lists(step, min_size=18, max_size=28)


BY_TWO = [
    ("policy", EntryPolicy.DOUBLE_ALL),
    ("upload", TPS, (PRESIDENT, FORM, 3, validity(100, 5)), 1, "operator"),
    ("act", 0, "reviewer", 3),
    ("again", "reviewer2"),
    ("undo",),
    ("upload", OTHER_TPS, (PRESIDENT, FORM, 2, votes(10, 20, 30)), 1, "operator2"),
    ("policy", EntryPolicy.SINGLE),
    ("act", 1, "reviewer3", None),
    ("upload", OTHER_TPS, (PRESIDENT, FORM, 2, votes(10, 20, 30)), 3, "operator2"),
    ("quarantine",),
    ("upload", TPS, (PRESIDENT, FORM, 2, votes(7, 8, 9)), 1, "operator"),
    *(("act", n, "reviewer4", Assign(tps_code=PLACES[2])) for n in range(3)),
    *(("act", n, "reviewer4", 1) for n in range(3)),
]
"""What chance seldom brings: two people who agree, taken back; a paper that is not legible, met by another photo of it."""


class Played:
    """Runs one history; what the rules refuse is part of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.photos: list[int] = []
        self.said: dict[int, tuple[str, int, dict[str, int | None]]] = {}
        self.typed: tuple[int, Action] | None = None
        self.did: tuple[int, int] | None = None
        with world.db.writing() as s:
            more = {n: create_user(s, n, PASSWORD, Role.REVIEWER).id for n in PEOPLE[2:]}
            more["operator2"] = create_user(s, "operator2", PASSWORD, Role.OPERATOR).id
            load(s, parse(council(0)))
        self.world = replace(world, users={**world.users, **more})

    def step(self, kind: str, *what: Any) -> None:
        with suppress(ServiceError):
            getattr(self, f"do_{kind}")(*what)

    def do_upload(self, tps: str, said: Any, how: int, by: str) -> None:
        election, form, page, values = said
        receipt = self.world.upload(tps=tps, election=election, by=by)
        self.photos.append(receipt.photo_id)
        self.said[receipt.photo_id] = (form, page, values)
        if how == 0:
            self.world.record(receipt, unreadable(receipt))
        else:
            self.world.read(receipt, values, form=form, page=page, doubt=DOUBT if how == 1 else ())

    def do_act(self, n: int, who: str, what: Action | int | None) -> None:
        """With one of the photos that wait. ``what``: see ``acts``."""
        with self.world.db.reading() as s:
            waiting = s.scalars(select(QueueEntry.photo_id).order_by(QueueEntry.photo_id)).all()
        if not waiting:
            return
        photo = waiting[n % len(waiting)]
        if what is None or isinstance(what, int):
            form, page, values = self.said.get(photo, (FORM, 2, votes(1, 2, 3)))
            first = next(iter(values))
            typed = values | {first: None if what is None else (values[first] or 0) + what}
            self._settle(photo, who, Correct(typed, form, page, paper_error=True))
        else:
            self._settle(photo, who, what)

    def do_again(self, who: str) -> None:
        """What was typed last, typed by another: a second entry that agrees."""
        if self.typed is not None:
            self._settle(self.typed[0], who, self.typed[1])

    def _settle(self, photo: int, who: str, action: Action) -> None:
        self.typed = (photo, action)
        try:
            self._resolve(photo, who, action)
        except ConfirmRequired as e:
            assert isinstance(action, (Confirm, Correct))
            self._resolve(photo, who, replace(action, confirmed=e.details["token"]))

    def _resolve(self, photo: int, who: str, action: Action) -> None:
        user = self.world.users[who]
        with self.world.db.writing() as s:
            view = open_sheet(s, user, photo)
            resolve(s, user, photo, action, stamp=view.stamp)
        self.did = (photo, user)

    def do_withdraw(self, n: int, who: str) -> None:
        if self.photos:
            with self.world.db.writing() as s:
                withdraw(s, self.world.users[who], self.photos[n % len(self.photos)], "salah")

    def do_undo(self) -> None:
        if self.did is not None:
            with self.world.db.writing() as s:
                undo(s, self.did[1], self.did[0])

    def do_loose(self, tps: str, said: Any, printed: bool, election: str) -> None:
        """A photo without a place: its print says it, or a person."""
        _, form, page, values = said
        receipt = unplaced.receive_open(
            self.world.db,
            self.world.store,
            data=f"loose {len(self.photos)} {tps} {values}".encode(),
            name="x.jpg",
            media_type="image/jpeg",
            uploader_id=self.world.users["operator"],
            election_id=None,
            tps_code=None,
        )
        read: Interpretation = word(receipt, values, form=form, page=page)  # type: ignore[arg-type]
        read = replace(read, place=PrintedPlace(form, page, tps) if printed else None)
        with self.world.db.writing() as s:
            unplaced.record_open(s, receipt.unplaced_id, read)
        with self.world.db.writing() as s:
            unplaced.place(s, receipt.unplaced_id, by=self.world.users["reviewer"], election_id=election, tps_code=tps)

    def do_quarantine(self) -> None:
        with self.world.db.writing() as s:
            quarantine_user(s, self.world.users["operator2"], self.world.users["admin"], "ponsel hilang")

    def do_policy(self, policy: EntryPolicy) -> None:
        with self.world.db.writing() as s:
            for election in (PRESIDENT, COUNCIL):
                s.get_one(Election, election).entry_policy = policy

    def do_election(self, covers: int, pages: tuple[int, ...]) -> None:
        with self.world.db.writing() as s:
            load(s, parse(council(covers, pages)))


NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
"""Each try plays a history on a database of its own; a failure is told by the comparison well enough."""
REACHED = {
    "commits": "SELECT count(*) FROM sheet_commit",
    "by a person": "SELECT count(*) FROM sheet_commit WHERE source = 'person'",
    "by the machine": "SELECT count(*) FROM sheet_commit WHERE source = 'machine'",
    "superseded": "SELECT count(*) FROM sheet_commit WHERE supersedes_id IS NOT NULL",
    "withdrawn": "SELECT count(*) FROM sheet_commit WHERE void",
    "errors on paper": "SELECT count(*) FROM sheet_commit WHERE paper_error",
    "not legible": "SELECT count(*) FROM committed_count WHERE value IS NULL",
    "district elections": f"SELECT count(*) FROM sheet_commit WHERE election_id = '{COUNCIL}'",  # noqa: S608
    "double entry": "SELECT count(*) FROM entry WHERE number = 2",
    "undone": "SELECT count(*) FROM review_action WHERE kind = 'undo'",
    "moved": "SELECT count(*) FROM review_action WHERE kind = 'assign_page'",
    "rejected": "SELECT count(*) FROM review_action WHERE kind = 'reject_photo'",
    "held back": "SELECT count(*) FROM photo_hold",
    "placed later": "SELECT count(*) FROM unplaced_photo WHERE photo_id IS NOT NULL",
    "wrong election": "SELECT count(*) FROM interpretation WHERE disposition = 'wrong_form'",
    "waiting": "SELECT count(*) FROM queue_entry",
    "changed election": "SELECT count(*) FROM audit_log WHERE event = 'election_changed'",
}


def test_totals_equal_recomputation(make_world: Callable[[Path], World], tmp_path_factory: pytest.TempPathFactory) -> None:
    reached: Counter[str] = Counter()

    @settings(max_examples=16, deadline=None, suppress_health_check=list(HealthCheck), phases=NO_SHRINKING)
    @given(history_of)
    @example(BY_TWO)
    def run(history: list[Any]) -> None:
        folder = tmp_path_factory.mktemp("history")
        world = make_world(folder)
        try:
            played = Played(world)
            for step in history:
                played.step(*step)
            compare(world)
            with world.db.reading() as s:
                reached.update({what: s.scalar(text(query)) for what, query in REACHED.items()})
        finally:
            world.close()
            shutil.rmtree(folder)

    run()
    never = [what for what in REACHED if not reached[what]]
    assert not never, f"the histories never reached: {never}"  # else the comparison proves little
