"""What looks wrong among committed counts is kept, explained, opened again and gone, and nothing that is not committed is looked at."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sqlalchemy import select

from db import anomalies as stored
from db.audit import verify
from db.tables import Anomaly, AnomalyState, AuditLog
from db.types import AnomalyEvent, AnomalyStanding, Role
from db.users import create_user, get_user
from review.anomalies import explain, of, reopen
from review.anomaly_look import look_through
from review.errors import AnomalyChanged, NotAllowed, NoteRequired, OutsideArea, UnknownAnomaly
from review.lease import open_sheet
from review.resolve import Correct, withdraw
from tally.crosscheck.said import said
from tests.review.desk import Desk
from tests.world import OTHER_TPS, PASSWORD, TPS, World, validity, votes

Values = Mapping[str, int | None]


def voters(registered: int = 200, came: int = 182, received: int = 204) -> dict[str, int | None]:
    """Page 1 of the 2024 form; everybody is a man on the list."""
    of_men = {"pemilih_dpt": registered, "pengguna_dpt": came, "pengguna_total": came}
    groups = {
        g: of_men.get(g, 0) for g in ("pemilih_dpt", "pengguna_dpt", "pengguna_dptb", "pengguna_dpk", "pengguna_total", "disabilitas")
    }
    ballots = {"ss_diterima": received, "ss_digunakan": came, "ss_dikembalikan": 0, "ss_tidak_digunakan": received - came}
    return {f"{g}_{s}": (0 if s == "p" else v) for g, v in groups.items() for s in ("l", "p", "jml")} | ballots


def committed(
    desk: Desk, tps: str = TPS, *, first: Values | None = None, second: Values | None = None, third: Values | None = None
) -> None:
    """Sheets that the machine accepts."""
    for page, values in enumerate((first, second, third), 1):
        if values is not None:
            desk.accepted(values, page=page, tps=tps)


def corrected(desk: Desk, values: Values, *, page: int, tps: str = TPS, paper_error: bool = False) -> int:
    """A sheet that a person commits as ``values``. Returns the photo."""
    receipt = desk.waiting(values, page=page, tps=tps)
    desk.enter(receipt, values, "reviewer", paper_error=paper_error, note="uji")
    return receipt.photo_id


def now(world: World, **wanted: str) -> list[stored.AnomalyView]:
    with world.db.reading() as s:
        return stored.listed(s, stored.Wanted(**{"state": "", **wanted}), "place")


def kinds(world: World) -> set[tuple[str, str]]:
    """(Kind, state) of everything that was ever found."""
    return {(a.kind, a.state.value) for a in now(world)}


def test_a_station_whose_sheets_agree_has_no_anomaly(desk: Desk, world: World) -> None:
    committed(desk, first=voters(), second=votes(100, 58, 20), third=validity(178, 4))
    done = look_through(world.db)
    assert (done.stations, sum(done.events.values())) == (1, 0)
    assert now(world) == []


def test_a_wrong_paper_is_found_with_its_numbers_and_sheets(desk: Desk, world: World) -> None:
    committed(desk, first=voters(), second=votes(100, 58, 20))
    corrected(desk, validity(178, 4, 183), page=3, paper_error=True)
    look_through(world.db)
    found = {a.kind: a for a in now(world)}
    assert found.keys() == {"valid_invalid", "users_votes", "ballots_votes"}
    wrong = found["valid_invalid"]
    assert (wrong.severity, wrong.state, wrong.tps.code, wrong.election_id) == ("high", AnomalyStanding.OPEN, TPS, "ppwp-2024")
    text, text_en = said(wrong.kind, wrong.figures, wrong.context)
    assert text == "Suara sah dan tidak sah tertulis 183, padahal suara sah 178 + suara tidak sah 4 = 182 (selisih +1)."
    assert "183" in text_en and "182" in text_en
    assert ("ppwp-2024", "c-hasil-ppwp-2024", 3, "suara_total") in wrong.places
    pages = {p[2] for p in found["users_votes"].places}
    assert pages == {1, 3}


def test_what_only_waits_is_not_looked_at(desk: Desk, world: World) -> None:
    desk.waiting(validity(178, 4, 183))
    assert look_through(world.db).areas == 0
    assert now(world) == []


def test_only_what_was_touched_is_looked_at_again(desk: Desk, world: World) -> None:
    committed(desk, third=validity(178, 4))
    look_through(world.db)
    assert look_through(world.db).areas == 0
    committed(desk, "1607031008001", third=validity(100, 4))
    done = look_through(world.db)
    assert (done.areas, done.stations) == (1, 1)
    assert look_through(world.db, whole=True).areas == 2


def test_an_anomaly_goes_when_its_figures_do(desk: Desk, world: World) -> None:
    photo = corrected(desk, validity(178, 4, 183), page=3, paper_error=True)
    look_through(world.db)
    assert kinds(world) == {("valid_invalid", "open")}
    with world.db.writing() as s:
        withdraw(s, desk.people["reviewer2"], photo, "salah baca")
    look_through(world.db)
    assert kinds(world) == {("valid_invalid", "gone")}


def test_an_explanation_stands_until_the_figures_change(desk: Desk, world: World) -> None:
    photo = corrected(desk, validity(178, 4, 183), page=3, paper_error=True)
    look_through(world.db)
    (found,) = now(world)
    with world.db.writing() as s:
        seen = explain(s, desk.people["staff"], found.id, "  Sudah ditanyakan ke KPPS.  ", number=found.number)
    assert (seen.state, seen.by, seen.note) == (AnomalyStanding.EXPLAINED, "staff", "Sudah ditanyakan ke KPPS.")
    look_through(world.db, whole=True)
    assert kinds(world) == {("valid_invalid", "explained")}
    with world.db.writing() as s:
        withdraw(s, desk.people["reviewer2"], photo, "salah baca")
    with world.db.writing() as s:
        view = open_sheet(s, desk.people["reviewer2"], photo)
    desk.act(view, Correct(validity(178, 4, 185), paper_error=True, note="uji"), "reviewer2")
    look_through(world.db)
    (again,) = now(world)
    assert (again.state, again.event, again.figures["actual"], again.by) == (AnomalyStanding.OPEN, AnomalyEvent.REOPENED, 185, None)
    with world.db.reading() as s:
        events = [(row.event, who) for row, who in stored.history(s, found.id)]
        assert verify(s) == []
    assert events == [(AnomalyEvent.REOPENED, None), (AnomalyEvent.EXPLAINED, "staff"), (AnomalyEvent.FOUND, None)]


def test_who_explains_has_seen_what_he_explains(desk: Desk, world: World) -> None:
    corrected(desk, validity(178, 4, 183), page=3, paper_error=True)
    look_through(world.db)
    (found,) = now(world)
    staff, db = desk.people["staff"], world.db
    with pytest.raises(NoteRequired), db.writing() as s:
        explain(s, staff, found.id, " ", number=found.number)
    with pytest.raises(AnomalyChanged), db.writing() as s:
        explain(s, staff, found.id, "ya", number=found.number + 1)
    with pytest.raises(AnomalyChanged), db.writing() as s:
        reopen(s, staff, found.id, "ya", number=found.number)
    for nobody in ("admin", "operator"):
        with pytest.raises(NotAllowed), db.writing() as s:
            explain(s, desk.people[nobody], found.id, "ya", number=found.number)
    with pytest.raises(UnknownAnomaly), db.writing() as s:
        explain(s, staff, 999, "ya", number=1)
    with db.writing() as s:
        explain(s, staff, found.id, "ya", number=found.number)
    with pytest.raises(AnomalyChanged), db.writing() as s:
        explain(s, desk.people["supervisor"], found.id, "juga", number=found.number)
    with db.writing() as s:
        again = reopen(s, desk.people["supervisor"], found.id, "belum jelas", number=found.number + 1)
    assert (again.state, again.by) == (AnomalyStanding.OPEN, "supervisor")
    with db.reading() as s:
        said_by = s.execute(
            select(AuditLog.event, AuditLog.user_id).where(AuditLog.subject == f"anomaly:{found.id}").order_by(AuditLog.seq)
        )
        assert [tuple(r) for r in said_by] == [("anomaly_explained", staff), ("anomaly_reopened", desk.people["supervisor"])]


def test_a_user_with_an_area_has_only_that(desk: Desk, world: World) -> None:
    corrected(desk, validity(178, 4, 183), page=3, paper_error=True)
    look_through(world.db)
    (found,) = now(world)
    with world.db.writing() as s:
        here = create_user(s, "camat1", PASSWORD, Role.STAFF, areas=["160701"]).id
        there = create_user(s, "camat3", PASSWORD, Role.STAFF, areas=["160703"]).id
    with world.db.reading() as s:
        mine, others = get_user(s, here), get_user(s, there)
        assert mine is not None and others is not None
        assert of(s, mine, found.id).id == found.id
        with pytest.raises(OutsideArea):
            of(s, others, found.id)
        assert stored.open_by_severity(s, others.areas) == {}
        assert stored.open_by_severity(s, mine.areas) == {"high": 1}
    with pytest.raises(OutsideArea), world.db.writing() as s:
        explain(s, there, found.id, "ya", number=found.number)
    with world.db.writing() as s:
        explain(s, here, found.id, "ya", number=found.number)


def test_elections_of_one_day_are_held_against_each_other(desk: Desk, world: World) -> None:
    committed(desk, first=voters(200, 182))
    form = "desk-dpd-16-2024"
    receipt = world.upload(election="dpd-2024")
    world.read(receipt, voters(201, 170, 206), form=form, page=1)
    look_through(world.db)
    found = {a.kind: a for a in now(world)}
    assert found.keys() == {"registered_day", "turnout_day"}
    assert found["turnout_day"].figures["elections"] == [["dpd", 170], ["ppwp", 182]]
    assert {p[0] for p in found["turnout_day"].places} == {"dpd-2024", "ppwp-2024"}


def test_neighbours_are_looked_at_when_one_of_them_changes(desk: Desk, world: World) -> None:
    desa = TPS[:10]
    for n in range(2, 14):
        committed(desk, f"{desa}{n:03}", third=validity(180 + n % 3, 4 + n % 2))
    committed(desk, TPS, third=validity(120, 64))
    look_through(world.db)
    (odd,) = now(world)
    assert (odd.kind, odd.tps.code, odd.severity) == ("invalid_share", TPS, "low")
    assert odd.context["neighbours"] == 12
    text, _ = said(odd.kind, odd.figures, odd.context)
    assert text.startswith("Suara tidak sah 34,8 % (64 dari 184); median 12 TPS lain di desa ini 2,")


def test_two_looks_at_once_leave_one_state(desk: Desk, world: World) -> None:
    corrected(desk, validity(178, 4, 183), page=3, paper_error=True)
    look_through(world.db, whole=True)
    look_through(world.db, whole=True)
    with world.db.reading() as s:
        assert len(list(s.scalars(select(Anomaly)))) == len(list(s.scalars(select(AnomalyState)))) == 1


def test_a_number_that_nobody_could_read_is_named(desk: Desk, world: World) -> None:
    corrected(desk, {"suara_sah": 178, "suara_tidak_sah": None, "suara_total": 182}, page=3, tps=OTHER_TPS, paper_error=True)
    look_through(world.db)
    (found,) = now(world)
    assert (found.kind, found.figures["numbers"]) == ("illegible", ["suara_tidak_sah"])
