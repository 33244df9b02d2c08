"""Elections as data: what a file may say about one, its checks, and how it gets into the database.

A file (JSON) says kind, date, areas with what they cover, parties, contestants, and which pages every TPS owes. Every fault is
named, not only the first. Loading the same file again changes nothing; loading a changed one changes names, dates and lists, but never
takes away a page or an area for which something is committed.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db import audit, ready_facts, summaries
from db.errors import ServiceError
from db.tables import Contestant, Election, ElectionArea, ElectionPage, Party, Region, SheetCommit
from tally.votes import For, votes_of
from templates_c1.families.declarations import Declaration, declarations
from templates_c1.registry import template
from templates_c1.schema import Label, Page, Template

Kind = Literal["ppwp", "dpd", "dpr", "dprd_prov", "dprd_kab", "gubernur", "bupati"]
Words = Annotated[str, Field(min_length=1, max_length=100)]
Names = tuple[Annotated[str, Field(max_length=200)], ...]


class BadElection(ServiceError):
    """``faults``: one line each, in English as all of a file's technical words."""

    code = "bad_election"
    status = 422
    text = "Data pemilihan ini tidak dapat dipakai."
    text_en = "This election's data cannot be used."

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__({"faults": list(self.faults)})


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Pages(_Frozen):
    """Pages of one form that a TPS owes."""

    form: str
    pages: Annotated[tuple[int, ...], Field(min_length=1)]
    parties: dict[int, int] = {}
    """Page -> party, where the names of the page's numbers do not say it."""


class AreaFile(_Frozen):
    """An electoral district (dapil)."""

    code: Annotated[str, Field(pattern=r"^[0-9a-z-]{1,20}$")]
    name: Words
    covers: Annotated[tuple[Annotated[str, Field(pattern=r"^\d{0,13}$")], ...], Field(min_length=1)]
    contestants: Names = ()
    """Pairs or candidates in the order of their numbers; "" for a name that is not known."""
    lists: dict[int, Names] = {}
    """Party -> its candidates in the order of their numbers."""
    pages: tuple[Pages, ...] = ()
    seats: Annotated[int, Field(ge=1, le=200)] | None = None
    """How many it elects; nothing where that is one, or not known."""
    whole: bool = True
    """False: the district reaches beyond ``covers``, so its seats do not follow from the votes counted here."""


class ElectionFile(_Frozen):
    """One election. Without ``areas`` it is held everywhere and ``contestants``, ``lists`` and ``pages`` stand here."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
    kind: Kind
    name: Label
    date: datetime.date
    parties: dict[int, Words] = {}
    contestants: Names = ()
    lists: dict[int, Names] = {}
    pages: tuple[Pages, ...] = ()
    areas: tuple[AreaFile, ...] = ()
    above_threshold: tuple[int, ...] | None = None
    """DPR: the parties with at least 4 % of the whole nation's votes, once that is known."""

    @property
    def everywhere(self) -> AreaFile:
        """What holds for every area, or for an election without any."""
        return AreaFile.model_construct(
            code="", name="", covers=(), contestants=self.contestants, lists=self.lists, pages=self.pages, seats=None, whole=True
        )

    @property
    def parts(self) -> tuple[AreaFile, ...]:
        return (self.everywhere, *self.areas)


def parse(raw: Any) -> ElectionFile:
    """Raises BadElection for another shape, naming every field that is wrong."""
    try:
        return ElectionFile.model_validate(raw)
    except ValidationError as e:
        raise BadElection(f"{'.'.join(map(str, err['loc'])) or 'file'}: {err['msg']}" for err in e.errors()) from None


def of_desk(declaration: Declaration, **change: Any) -> ElectionFile:
    """The election whose desk forms ``declaration`` declares; every area owes all pages of its desk form."""
    forms = {a.code: declaration.form_of(a) for a in declaration.areas}
    areas = tuple(
        AreaFile(
            code=a.code or "id",
            name=a.name.removeprefix("dapil "),
            covers=a.covers,
            contestants=a.contestants,
            lists=a.lists,
            pages=(Pages(form=forms[a.code], pages=tuple(p.number for p in template(forms[a.code]).pages)),),
        )
        for a in declaration.areas
    )
    said: dict[str, Any] = {
        "id": f"{declaration.election.replace('_', '-')}-{declaration.year}",
        "kind": declaration.election,
        "name": declaration.title,
        "date": declaration.date,
        "parties": declaration.parties,
        "areas": areas,
    }
    return ElectionFile(**(said | change))


def ready_made() -> tuple[ElectionFile, ...]:
    """What ships: Banyuasin's elections of 2024, and two older forms to rehearse with."""
    found = {e.id: e for e in (of_desk(d) for d in declarations() if d.date is not None)}
    president = found["ppwp-2024"]
    found["ppwp-2024"] = president.model_copy(
        update={  # the official form is at hand
            "areas": (),
            "contestants": president.areas[0].contestants,
            "pages": (Pages(form="c-hasil-ppwp-2024", pages=(1, 2, 3)),),
        }
    )
    for e in list(found.values()):
        found[e.id] = e.model_copy(
            update={"above_threshold": ready_facts.ABOVE_THRESHOLD.get(e.id), "areas": tuple(_with_facts(e.id, a) for a in e.areas)}
        )
    older = (
        ElectionFile(
            id="ppwp-2019",
            kind="ppwp",
            name=Label(id="Pemilu Presiden dan Wakil Presiden 2019", en="Presidential election 2019"),
            date=datetime.date(2019, 4, 17),
            contestants=("Joko Widodo - Ma'ruf Amin", "Prabowo Subianto - Sandiaga Salahuddin Uno"),
            pages=(Pages(form="c1-ppwp-2019", pages=(1, 2)),),
        ),
        # Banyuasin did not vote in 2020, so the pairs have no names
        ElectionFile(
            id="bupati-2020",
            kind="bupati",
            name=Label(id="Pemilihan Bupati 2020 (simulasi)", en="Regent election 2020 (rehearsal)"),
            date=datetime.date(2020, 12, 9),
            contestants=("", "", ""),
            pages=(Pages(form="c-hasil-kwk-2020", pages=(2,)),),
        ),
    )
    return (*found.values(), *older)


def _with_facts(election_id: str, area: AreaFile) -> AreaFile:
    seats = ready_facts.SEATS.get(election_id, {}).get(area.code)
    pairs = ready_facts.PAIRS.get(election_id, area.contestants)
    return area.model_copy(update={"seats": seats, "whole": area.code not in ready_facts.ELSEWHERE, "contestants": pairs})


BANYUASIN_2024 = "banyuasin-2024"
"""Names all ready-made elections of 2024 together."""


def ready(name: str) -> tuple[ElectionFile, ...]:
    """The ready-made elections of this name: an election's id, or BANYUASIN_2024. Raises BadElection."""
    found = tuple(e for e in ready_made() if e.id == name or (name == BANYUASIN_2024 and e.date.year == 2024))
    if not found:
        raise BadElection([f"'{name}' is not ready-made: {BANYUASIN_2024}, {', '.join(e.id for e in ready_made())}"])
    return found


def faults(file: ElectionFile) -> list[str]:
    """What is wrong with an election by itself, one line each; empty if it is good."""
    return list(_faults(file))


def _faults(file: ElectionFile) -> Iterator[str]:
    codes = Counter(a.code for a in file.areas)
    yield from (f"area '{c}': declared {n} times" for c, n in codes.items() if n > 1)
    covered = Counter(c for a in file.areas for c in a.covers)
    yield from (f"region {c or 'everywhere'}: lies in {n} areas" for c, n in covered.items() if n > 1)
    if file.areas and (file.contestants or file.lists):
        yield "contestants: stand in the areas where there are areas"
    yield from (f"area '{a.code}': seats are given to parties, and there are none" for a in file.areas if a.seats and not file.parties)
    if file.above_threshold is not None and file.kind != "dpr":
        yield "above_threshold: only the DPR has a threshold"
    yield from (f"above_threshold: no name for party {p}" for p in sorted(set(file.above_threshold or ()) - set(file.parties)))
    common = {(p.form, n) for p in file.pages for n in p.pages}
    for part in file.parts:
        where = f"area '{part.code}'" if part.code else "election"
        owed = Counter((p.form, n) for p in part.pages for n in p.pages)
        yield from (f"{where}: page {n} of '{f}' is named {k} times" for (f, n), k in owed.items() if k > 1)
        if part.code:
            yield from (f"{where}: page {n} of '{f}' is owed by the whole election already" for f, n in owed if (f, n) in common)
        yield from (f"{where}: no name for party {p}" for p in sorted(set(part.lists) - set(file.parties)))
        if part.code and not part.pages and not file.pages:
            yield f"{where}: no pages"
        if part.code or not file.areas:
            both = (*file.pages, *part.pages) if part.code else part.pages
            yield from (f"{where}: {text}" for text in _faults_of_pages(file, part, both))
    if not any(p.pages for p in file.parts):
        yield "pages: none; name the forms and pages that every TPS owes"


def _faults_of_pages(file: ElectionFile, part: AreaFile, pages: Iterable[Pages]) -> Iterator[str]:
    """Forms that are not known, and contestants who have no row or rows that have no contestant."""
    rows: set[tuple[int, int]] = set()
    for said in pages:
        try:
            form = template(said.form)
        except KeyError:
            yield f"form '{said.form}' is not known"
            continue
        if file.kind not in form.elections:
            yield f"form '{said.form}' is for {', '.join(form.elections)}, not {file.kind}"
        yield from (f"page {p} of '{said.form}' has a party but is not owed" for p in said.parties if p not in said.pages)
        for number in said.pages:
            page = _page(form, number)
            if page is None:
                yield f"form '{said.form}' has no page {number}"
                continue
            rows |= contestants_on(page, said.parties.get(number))
    known = {(0, i) for i in range(1, len(part.contestants) + 1)}
    known |= {(p, i) for p, people in part.lists.items() for i in range(1, len(people) + 1)}
    if not known:  # nobody is named: numbered placeholders
        return
    yield from (f"{_who(p, n)} has no row on any page" for p, n in sorted(known - rows))
    yield from (f"{_who(p, n)} has a row but is not declared" for p, n in sorted(rows - known))


def _who(party: int, number: int) -> str:
    return f"party {party}, candidate {number}" if party else f"contestant {number}"


def _page(form: Template, number: int) -> Page | None:
    return next((p for p in form.pages if p.number == number), None)


def contestants_on(page: Page, party: int | None) -> set[tuple[int, int]]:
    """(party, number) of everyone who has a row on the page."""
    found = (votes_of(n.name, party) for n in page.numbers)
    return {(v.party, v.number) for v in found if v is not None and v.what is For.CONTESTANT}


def load(session: Session, file: ElectionFile, user_id: int | None = None, *, ships: bool = False) -> bool:
    """Add an election, or bring it to what ``file`` says. Returns whether anything changed. What ``ships`` needs no line in the audit log.

    Raises:
        BadElection: the data is wrong, its regions are not known here, or something committed would fall out of the count.
    """
    wrong = faults(file)
    wrong += [f"area '{a.code}': no region {c} is loaded" for a in file.areas for c in a.covers if not _known(session, c)]
    row = session.get(Election, file.id)
    if row is not None:
        wrong += _would_lose(session, row, file)
    if wrong:
        raise BadElection(wrong)
    before = None if row is None else _state(row)
    if row is None:
        row = Election(id=file.id, kind=file.kind, name=file.name.id, name_en=file.name.en, date=file.date)
        session.add(row)
    row.name, row.name_en, row.date = file.name.id, file.name.en, file.date
    _replace(session, row, file)
    session.flush()
    after = _state(row)
    if before == after:
        return False
    if before is None or before[1:3] != after[1:3]:  # areas (as they lie) or pages: what counts, and where
        summaries.rebuild(session, row.id)
    if ships:
        return True
    facts = {"pages": len(row.pages), "areas": len(row.areas), "parties": len(row.parties), "contestants": len(row.contestants)}
    audit.append(session, "election_loaded" if before is None else "election_changed", f"election:{row.id}", user_id, facts)
    return True


def set_names(session: Session, election_id: str, names: Mapping[tuple[str, int, int], str]) -> int:
    """Give names to those who stand: (area, party, number) -> name; number 0 is the party itself. Returns how many changed.

    Raises:
        BadElection: no such election, or somebody named who does not stand; every one is told.
    """
    row = session.get(Election, election_id)
    if row is None:
        raise BadElection([f"election '{election_id}' is not known"])
    people = {(c.area, c.party, c.number): c for c in row.contestants}
    parties = {p.number: p for p in row.parties}
    wrong, changed = [], 0
    for (area, party, number), name in names.items():
        who = people.get((area, party, number)) if number else parties.get(party)
        if who is None:
            wrong.append(f"{election_id}: nobody stands as " + (f"{_who(party, number)} in area '{area}'" if number else f"party {party}"))
        elif len(name) > 200 or (not number and not name):
            wrong.append(f"{election_id}: a name of 1 to 200 characters is needed for {_who(party, number)}")
        elif who.name != name:
            who.name = name
            changed += 1
    if wrong:
        raise BadElection(wrong)
    session.flush()
    if changed:
        audit.append(session, "election_changed", f"election:{row.id}", None, {"names": changed})
    return changed


def file_of(row: Election) -> ElectionFile:
    """An election of the database as a file would say it; loading it changes nothing."""

    def part(code: str) -> dict[str, Any]:
        lists: dict[int, list[str]] = {}
        for c in row.contestants:
            if c.area == code:
                lists.setdefault(c.party, []).append(c.name)
        forms: dict[str, list[ElectionPage]] = {}
        for p in row.pages:
            if p.area == code:
                forms.setdefault(p.form, []).append(p)
        return {
            "contestants": tuple(lists.pop(0, ())),
            "lists": {p: tuple(names) for p, names in lists.items()},
            "pages": tuple(
                Pages(form=f, pages=tuple(p.page for p in ps), parties={p.page: p.party for p in ps if p.party is not None})
                for f, ps in forms.items()
            ),
        }

    return ElectionFile(
        id=row.id,
        kind=row.kind,
        name=Label(id=row.name, en=row.name_en),
        date=row.date,
        parties={p.number: p.name for p in row.parties},
        areas=tuple(
            AreaFile(code=a.code, name=a.name, covers=tuple(a.covers), seats=a.seats, whole=a.whole, **part(a.code)) for a in row.areas
        ),
        above_threshold=_above(row),
        **part(""),
    )


def _above(row: Election) -> tuple[int, ...] | None:
    if all(p.above_threshold is None for p in row.parties):
        return None
    return tuple(p.number for p in row.parties if p.above_threshold)


def _known(session: Session, code: str) -> bool:
    """Is a region loaded that lies in ``code``, or in which ``code`` lies?"""
    lies_in = Region.code.startswith(code, autoescape=True)
    around = [code[:n] for n in (4, 6, 10, 13) if len(code) > n]
    return bool(session.scalar(select(Region.id).where(lies_in | Region.code.in_(around)).limit(1)))


def _would_lose(session: Session, row: Election, file: ElectionFile) -> Iterator[str]:
    if row.kind != file.kind:
        yield f"kind: is {row.kind} and stays so"
    keep = {(p.form, n) for part in file.parts for p in part.pages for n in p.pages}
    used = session.execute(
        select(SheetCommit.form, SheetCommit.page, func.count())
        .where(SheetCommit.election_id == row.id)
        .group_by(SheetCommit.form, SheetCommit.page)
    )
    yield from (f"page {p} of '{f}' cannot go: {n} counts are committed for it" for f, p, n in used if (f, p) not in keep)


def _state(row: Election) -> tuple[object, ...]:
    return (
        (row.name, row.name_en, row.date),
        sorted((a.code, a.name, tuple(a.covers)) for a in row.areas),
        sorted((p.area, p.form, p.page, p.party or 0) for p in row.pages),
        sorted((p.number, p.name) for p in row.parties),
        sorted((a.code, a.seats or 0, a.whole) for a in row.areas),
        _above(row),
        sorted((c.area, c.party, c.number, c.name) for c in row.contestants),
    )


def _replace(session: Session, row: Election, file: ElectionFile) -> None:
    """Rows that stay are changed, not made anew, so that one transaction never deletes and adds the same key."""
    parts = file.parts
    _match(
        row.areas,
        {a.code: {"name": a.name, "covers": list(a.covers), "seats": a.seats, "whole": a.whole} for a in file.areas},
        lambda a: a.code,
        ElectionArea,
        ("code",),
    )
    owed = {(a.code, p.form, n): {"party": p.parties.get(n)} for a in parts for p in a.pages for n in p.pages}
    _match(row.pages, owed, lambda p: (p.area, p.form, p.page), ElectionPage, ("area", "form", "page"))
    above = file.above_threshold
    parties = {n: {"name": name, "above_threshold": None if above is None else n in above} for n, name in file.parties.items()}
    _match(row.parties, parties, lambda p: p.number, Party, ("number",))
    people = {(a.code, p, n): {"name": name} for a in parts for p, n, name in _people(a)}
    _match(row.contestants, people, lambda c: (c.area, c.party, c.number), Contestant, ("area", "party", "number"))


def _people(part: AreaFile) -> Iterator[tuple[int, int, str]]:
    for party, names in ((0, part.contestants), *part.lists.items()):
        yield from ((party, n, name.strip()) for n, name in enumerate(names, 1))


def _match(rows: list[Any], wanted: Mapping[Any, dict[str, Any]], key: Any, make: Any, keys: tuple[str, ...]) -> None:
    there = {key(r): r for r in rows}
    for k, r in there.items():
        if k not in wanted:
            rows.remove(r)
    for k, values in wanted.items():
        row = there.get(k)
        if row is None:
            row = make(**dict(zip(keys, k if len(keys) > 1 else (k,), strict=True)), **values)
            rows.append(row)
        for name, value in values.items():
            if getattr(row, name) != value:
                setattr(row, name, value)
