"""Figures that others published (KPU), kept to compare with: every file is a version of its own, none is ever changed or taken away.

Nothing of it is ever added to what counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from db import audit, clock
from db.queries import user_names
from db.tables import PublishedCount, PublishedImport, Region
from db.types import Level
from db.views import ElectionView
from tally.votes import For, Votes, votes_of
from templates_c1.registry import page as template_page

Figures = Mapping[str, Mapping[str, int]]
"""TPS code -> name (known_as) -> value."""


@dataclass(frozen=True, slots=True)
class Published:
    """One file's figures. ``ids``: the publisher's id of a contestant -> (party, number)."""

    kind: str
    figures: Figures
    as_of: str
    ids: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class ImportView:
    id: int
    election_id: str
    source: str
    version: int
    name: str
    kind: str
    sha256: str
    by: str
    at: datetime
    as_of: str
    stations: int
    figures: int


def known_as(name: str, votes: Votes | None) -> str:
    """The name by which a number is the same on every page of an election: with its party where the page alone says it."""
    if votes is None or not votes.party:
        return name
    return {
        For.CONTESTANT: f"suara_calon_{votes.party}_{votes.number}",
        For.PARTY: f"suara_partai_{votes.party}",
        For.PARTY_SUM: f"suara_partai_dan_calon_{votes.party}",
    }[votes.what]


@dataclass(frozen=True, slots=True)
class Named:
    label: str
    label_en: str
    votes: Votes | None


def names_of(view: ElectionView) -> dict[str, Named]:
    """Every number that a sheet of the election may carry, by its name there (known_as), in the order of the pages."""
    found: dict[str, Named] = {}
    for p in view.owed:
        for n in template_page(p.form, p.page).numbers:
            votes = votes_of(n.name, p.party)
            found.setdefault(known_as(n.name, votes), _named(view, p.area, votes, n.label.id, n.label.en))
    return found


def _named(view: ElectionView, area: str, votes: Votes | None, label: str, label_en: str) -> Named:
    who = ""
    if votes is not None and votes.what is For.CONTESTANT:
        who = view.label_of(area, votes.party, votes.number) if len(view.areas) < 2 or not votes.party else ""
    elif votes is not None:
        who = view.parties.get(votes.party, "")
    return Named(who or label, who or label_en, votes)


def digest_of(figures: Figures) -> str:
    """Lower-case hex SHA-256 over all figures in order."""
    h = hashlib.sha256()
    for code in sorted(figures):
        for name in sorted(figures[code]):
            h.update(f"{code} {name} {figures[code][name]}\n".encode())
    return h.hexdigest()


def stations(session: Session, codes: Iterable[str]) -> dict[str, int]:
    """Code -> row id of those that are TPS."""
    wanted, found = sorted(set(codes)), {}
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        found.update(dict(session.execute(select(Region.code, Region.id).where(Region.level == Level.TPS, Region.code.in_(some))).all()))
    return found


def keep(
    session: Session, view: ElectionView, said: Published, *, source: str, name: str, sha256: str, size: int, user_id: int
) -> tuple[int, bool]:
    """Keep one file's figures as the source's next version. Returns its id, and False where the same file was kept before.

    Args:
        said: as review.published.parse gives it: every TPS is known, every name is one of the election's.
    """
    mine = (PublishedImport.election_id == view.id, PublishedImport.source == source)
    same = session.scalar(select(PublishedImport).where(*mine, PublishedImport.sha256 == sha256))
    if same is not None:
        return same.id, False
    ids = stations(session, said.figures)
    row = PublishedImport(
        election_id=view.id,
        source=source,
        version=(session.scalar(select(func.max(PublishedImport.version)).where(*mine)) or 0) + 1,
        name=name[-255:],
        kind=said.kind,
        sha256=sha256,
        size=size,
        user_id=user_id,
        at=clock.now(),
        as_of=said.as_of[:40],
        stations=len(said.figures),
        figures=sum(map(len, said.figures.values())),
        digest=digest_of(said.figures),
        ids={k: list(v) for k, v in said.ids.items()},
    )
    session.add(row)
    session.flush()
    rows = [{"import_id": row.id, "tps_id": ids[c], "name": n, "value": v} for c, of in said.figures.items() for n, v in of.items()]
    for start in range(0, len(rows), 10_000):
        session.execute(insert(PublishedCount), rows[start : start + 10_000])
    facts = {
        "source": source,
        "version": row.version,
        "sha256": sha256,
        "stations": row.stations,
        "figures": row.figures,
        "digest": row.digest,
    }
    audit.append(session, "published_imported", f"election:{view.id}", user_id, facts)
    return row.id, True


def imports(session: Session, election_id: str) -> list[ImportView]:
    """The newest first."""
    rows = list(
        session.scalars(select(PublishedImport).where(PublishedImport.election_id == election_id).order_by(PublishedImport.id.desc()))
    )
    names = user_names(session, (r.user_id for r in rows))
    return [
        ImportView(
            r.id,
            r.election_id,
            r.source,
            r.version,
            r.name,
            r.kind,
            r.sha256,
            names.get(r.user_id, ""),
            r.at,
            r.as_of,
            r.stations,
            r.figures,
        )
        for r in rows
    ]


def figures_of(session: Session, import_id: int) -> dict[int, dict[str, int]]:
    """TPS row id -> name -> value."""
    found: dict[int, dict[str, int]] = {}
    query = select(PublishedCount.tps_id, PublishedCount.name, PublishedCount.value).where(PublishedCount.import_id == import_id)
    for tps, name, value in session.execute(query):
        found.setdefault(tps, {})[name] = value
    return found


def faults(session: Session) -> list[tuple[int, str]]:
    """Imports whose figures are not those that were imported: row id and why."""
    codes = dict(session.execute(select(Region.id, Region.code).where(Region.level == Level.TPS)).all())
    found = []
    for row in session.scalars(select(PublishedImport).order_by(PublishedImport.id)):
        now = {codes.get(t, str(t)): of for t, of in figures_of(session, row.id).items()}
        if digest_of(now) != row.digest:
            found.append((row.id, "its figures are not those that were imported"))
    return found
