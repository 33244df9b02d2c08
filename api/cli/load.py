"""``c1 load``: elections (JSON), contestants and parties (CSV), regions (CSV) into the database, with every fault named."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

REGIONS = ["code", "name", "tps", "special"]
CONTESTANTS = ["election", "dapil", "party", "number", "name"]

Files = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Pemilihan (JSON), peserta atau wilayah (CSV) / elections (JSON), contestants or regions (CSV)", show_default=False
    ),
]


Ready = Annotated[
    list[str] | None,
    typer.Option(
        "--ready", metavar="NAME", help="Pemilihan siap pakai: banyuasin-2024 atau satu id / ready-made elections, all of 2024 or one id"
    ),
]


def load(
    files: Files = None,
    ready: Ready = None,
    data: Annotated[Path | None, typer.Option("--data", help="Folder data / data folder (C1_DATA, default var)")] = None,
) -> None:
    """Muat pemilihan, peserta, atau wilayah. / Load elections, contestants or regions.

    All files are loaded, or none: a fault in one leaves the database as it was. What --ready names is loaded first, with Banyuasin's
    regions, and comes back as it ships.
    """
    if not files and not ready:
        raise typer.BadParameter("sebutkan berkas, atau --ready banyuasin-2024 / name files, or --ready banyuasin-2024")
    from api.build import db_settings
    from api.cli import settings_of
    from db.elections import BadElection
    from db.migrate import upgrade
    from db.session import Database

    steps = [(Path(name), step) for name in ready or () for step in _ready(name)]
    steps += [(file, step) for file in files or () for step in _steps(file)]
    url = db_settings(settings_of(data)).database_url
    upgrade(url)
    db = Database(url)
    done: list[str] = []
    try:
        with db.writing() as session:
            for file, step in steps:
                try:
                    done.append(f"{file}: {step(session)}")
                except BadElection as e:
                    raise _refused(file, list(e.faults)) from None
    finally:
        db.dispose()
    for line in done:
        typer.echo(line)


def _refused(file: Path, faults: list[str]) -> typer.BadParameter:
    return typer.BadParameter(f"{file}:\n  " + "\n  ".join(faults))


Step = Callable[["Session"], str]


def _steps(file: Path) -> list[Step]:
    """What is to be done with one file. Raises typer.BadParameter for a file that is none of ours."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as e:
        raise _refused(file, [f"tidak dapat dibaca / cannot be read: {e.strerror}"]) from None
    except UnicodeDecodeError:
        raise _refused(file, ["bukan teks UTF-8 / is no UTF-8 text"]) from None
    if text.lstrip()[:1] in ("{", "["):
        try:
            raw = json.loads(text)
        except json.JSONDecodeError as e:
            raise _refused(file, [f"bukan JSON / is no JSON: {e}"]) from None
        return [_election(one) for one in (raw if isinstance(raw, list) else [raw])]
    rows = list(csv.reader(io.StringIO(text)))
    head = [h.strip() for h in rows[0]] if rows else []
    if head == REGIONS:
        return [lambda session: _regions(session, text)]
    if head == CONTESTANTS:
        return [lambda session: _contestants(session, rows)]
    known = f"{','.join(REGIONS)} | {','.join(CONTESTANTS)}"
    raise _refused(file, [f"bukan JSON, dan kepala CSV bukan / is no JSON, and its CSV head is none of: {known}"])


def _ready(name: str) -> list[Step]:
    from db.elections import BadElection, ready
    from db.seed import seed_regions

    try:
        found = ready(name)
    except BadElection as e:
        raise _refused(Path(name), list(e.faults)) from None
    raw = [e.model_dump(mode="json") for e in found]
    return [lambda session: f"{seed_regions(session)} wilayah / regions", *map(_election, raw)]


def _election(raw: Any) -> Step:
    def step(session: Session) -> str:
        from db.elections import load as load_election
        from db.elections import parse

        file = parse(raw)
        changed = load_election(session, file)
        return f"{file.id}: {'dimuat / loaded' if changed else 'tidak berubah / unchanged'}"

    return step


def _regions(session: Session, text: str) -> str:
    from db.elections import BadElection
    from db.seed import BadRegions, load_regions

    try:
        count = load_regions(session, text)
    except BadRegions as e:
        raise BadElection(e.faults) from None
    return f"{count} wilayah / regions"


def _contestants(session: Session, rows: list[list[str]]) -> str:
    """Names of parties (no number) and contestants of elections that are there. Who stands is the election's business: a line that names
    nobody of its form is a fault."""
    from db.elections import BadElection, set_names

    names: dict[str, dict[tuple[str, int, int], str]] = {}
    faults: list[str] = []
    for n, row in enumerate(rows[1:], 2):
        if not any(c.strip() for c in row):
            continue
        if len(row) != len(CONTESTANTS):
            faults.append(f"line {n}: {len(row)} columns for {len(CONTESTANTS)}")
            continue
        election, dapil, party, number, name = (c.strip() for c in row)
        if not (party or "0").isdecimal() or not (number or "0").isdecimal():
            faults.append(f"line {n}: party and number are whole numbers")
            continue
        key = (dapil, int(party or 0), int(number or 0))
        if names.setdefault(election, {}).setdefault(key, name) != name:
            faults.append(f"line {n}: {election} {dapil} {party} {number} stands here twice, with two names")
    if faults:
        raise BadElection(faults)
    changed = sum(set_names(session, election, said) for election, said in names.items())
    return f"{changed} nama / names"
