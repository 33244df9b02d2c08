"""``c1 demo``: everything at once for a newcomer, with generated photos that go the same way as real ones."""

from __future__ import annotations

import json
import logging
import socket
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from sqlalchemy import select

import samples
from api.build import db_settings
from api.cli.serving import run as serve
from api.cli.setting_up import prepare
from api.settings import Settings
from api.state import Services
from db.queries import children, elections
from db.seed import DEMO_USERS, seed_users
from db.session import Database
from db.tables import User
from ocr import photo as photo_file
from review.errors import DuplicateOtherTps, DuplicatePhoto
from review.intake import receive_photo

log = logging.getLogger("c1.demo")

PASSWORD = "banyuasin"  # noqa: S105 (printed for everybody to see: a demo on one's own machine)
PHOTOS = Path(samples.__file__).parent / "photos"


@dataclass(frozen=True, slots=True)
class Sample:
    file: Path
    form: str
    page: int


def sample_photos(folder: Path = PHOTOS) -> list[Sample]:
    """The committed sample photos with form and page, from their truth.json files."""
    found = []
    for truth in sorted(folder.rglob("truth.json")):
        for name, facts in json.loads(truth.read_text(encoding="utf-8"))["photos"].items():
            found.append(Sample(truth.parent / name, facts["form"], facts["page"]))
    return found


def free_port(host: str, port: int) -> int:
    """``port``, or the next one that nobody listens on."""
    for candidate in range(port, min(port + 50, 65536)):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind((host, candidate))
            except OSError:
                continue
            return candidate
    raise OSError(f"no free port from {port} on")


def load_photos(held: Services) -> int:
    """Send the sample photos in as the operator: the n-th photo of a page to the n-th TPS of one village. Returns how many were new."""
    with held.db.reading() as session:
        operator = session.scalars(select(User.id).where(User.username == "operator")).one()
        code = children(session, None)[0].code
        for _ in range(2):
            code = children(session, code)[0].code
        stations = [r.code for r in children(session, code)]
        owed = {(p.form, p.page): e.id for e in elections(session) for p in e.pages}
    nth: dict[tuple[str, int], int] = {}
    new = 0
    for sample in sample_photos():
        key = (sample.form, sample.page)
        at = nth[key] = nth.get(key, -1) + 1
        if key not in owed:
            continue
        data = sample.file.read_bytes()
        try:
            receipt = receive_photo(
                held.db,
                held.store,
                data=data,
                name=sample.file.name,
                media_type=f"image/{photo_file.inspect(data).format.lower()}",
                uploader_id=operator,
                election_id=owed[key],
                tps_code=stations[at % len(stations)],
            )
        except (DuplicatePhoto, DuplicateOtherTps):
            continue
        held.reading.enqueue(receipt.photo_id)
        new += 1
    return new


def run(settings: Settings, host: str, port: int) -> None:
    """Prepare, serve, print the address and the log-ins, send the sample photos."""
    console = Console(stderr=False, soft_wrap=True)
    with console.status("Menyiapkan basis data Banyuasin … / preparing the database …"):
        prepare(settings)
        db = Database(db_settings(settings).database_url)
        with db.writing() as session:
            seed_users(session, dict.fromkeys(DEMO_USERS, PASSWORD))
        db.dispose()
    at = free_port(host, port)

    def started(held: Services) -> None:
        console.print(welcome(f"http://{host}:{at}/"))
        try:
            new = load_photos(held)
        except Exception:
            log.exception("the sample photos could not be sent")
            return
        if new:
            console.print(f"{new} foto contoh dikirim dan sedang dibaca. / {new} sample photos sent, now being read.")

    serve(settings, host, at, started, log_level="warning")


def welcome(address: str) -> Panel:
    """What the newcomer needs: where to go, and as whom."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    doing = {
        "operator": "kirim foto / sends photos",
        "reviewer": "periksa lembar yang diragukan / reviews doubtful sheets",
        "reviewer2": "pemeriksa kedua / second reviewer",
        "supervisor": "awasi pemeriksaan / leads the desk",
        "staff": "lihat hasil terverifikasi / sees verified totals",
        "admin": "kelola pengguna / manages users",
    }
    for name in DEMO_USERS:
        table.add_row(f"[bold]{name}[/bold]", PASSWORD, doing.get(name, ""))
    body = Table.grid()
    body.add_row(f"Buka / open  [bold]{address}[/bold]")
    body.add_row("")
    body.add_row("Pengguna dan kata sandi / user and password:")
    body.add_row(table)
    body.add_row("")
    body.add_row("Berhenti / stop: Ctrl+C")
    return Panel(body, title="C1 Banyuasin", expand=False)
