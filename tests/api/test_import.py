"""c1 import: every picture has its outcome, once, also when it is killed in the middle."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from api.cli import app
from api.importing.chat import WIB
from api.importing.run import Options, Report, run_import
from api.importing.sources import ImportFault, open_source
from api.settings import MIB
from db.queries import UnknownTps
from db.tables import ImportItem, Photo, PhotoHold, PhotoOrigin, UnplacedPhoto
from db.types import Role
from db.users import create_user
from tests.api.chats import KINDS, Export, Line
from tests.api.conftest import Site
from tests.live import until
from tests.world import OTHER_TPS, PASSWORD, TPS, World, votes

START = datetime(2026, 11, 24, 20, 0, tzinfo=WIB)
VILLAGE = "1607011016"


def tiny(seed: int) -> bytes:
    """A picture of a few kB like no other."""
    at = np.random.default_rng(seed).integers(0, 256, (9, 7), dtype=np.uint8)
    return cv2.imencode(".jpg", cv2.resize(at, (400, 520), interpolation=cv2.INTER_NEAREST))[1].tobytes()


@pytest.fixture
def importing(site: Site, tmp_path: Path) -> Callable[..., Report]:
    """Imports bytes or a path as the user ``camat``, who may work everywhere."""
    with site.held.db.writing() as session:
        camat = create_user(session, "camat", PASSWORD, Role.OPERATOR)

    def go(source: bytes | Path, name: str = "chat.zip", **options: Any) -> Report:
        path = source
        if isinstance(source, bytes):
            path = tmp_path / "in" / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(source)
        assert isinstance(path, Path)
        options.setdefault("election_id", "ppwp-2024")
        return run_import(site.held, camat.id, open_source(path, site.held.settings.max_photo_bytes), Options(**options))

    return go


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in files.items():
            z.writestr(name, data)
    return out.getvalue()


def photos(site: Site) -> int:
    with site.held.db.reading() as session:
        return session.scalar(select(func.count()).select_from(Photo)) or 0


def states(report: Report) -> dict[str, str]:
    return {i["name"]: i.get("code") or i["state"] for i in report.items}


@pytest.mark.parametrize("kind", KINDS)
def test_a_chat_is_attributed_by_its_captions(site: Site, importing: Callable[..., Report], kind: str) -> None:
    e = Export(KINDS[kind])
    e.lines.append(Line(START, "Ketua", "Silakan kirim foto"))
    clear = e.photo(START + timedelta(minutes=1), "Budi", tiny(1), "TPS 5 Mariana hal 2")
    assigned = e.photo(START + timedelta(minutes=2), "+62 812-3456-7890", tiny(2))
    nothing = e.photo(START + timedelta(minutes=3), "Siti", tiny(3), "selesai pak")
    two = e.photo(START + timedelta(minutes=4), "Siti", tiny(4), "TPS 5 dan 6 Mariana")
    broken = e.photo(START + timedelta(minutes=5), "Siti", tiny(5)[:-400], "TPS 7 Mariana")
    lost = e.photo(START + timedelta(minutes=6), "Siti", None, "TPS 8 Mariana")
    again = e.photo(START + timedelta(minutes=7), "Tono", tiny(1), "tps 05 mariana")
    elsewhere = e.photo(START + timedelta(minutes=8), "Tono", tiny(1), "TPS 6 mariana")
    e.lines.append(Line(START + timedelta(minutes=9), "Siti", omitted=True))
    data = e.zip({"PTT-001.opus": b"x", "stray.jpg": tiny(6)})
    report = importing(data, areas_by_sender={"6281234567890": (VILLAGE + "009",)})
    got = states(report)
    assert {n: got[n] for n in (clear, assigned, nothing, two, broken, lost, again, elsewhere, "stray.jpg")} == {
        clear: "taken",
        assigned: "taken",
        nothing: "which_tps",
        two: "several_tps",
        broken: "broken_image",
        lost: "media_missing",
        again: "known",
        elsewhere: "disputed",
        "stray.jpg": "which_tps",
    }
    assert report.counts == {"taken": 2, "known": 1, "disputed": 1, "unclear": 3, "refused": 1, "missing": 2} and report.skipped == 1
    items = {i["name"]: i for i in report.items}
    assert (items[clear]["tps"], items[clear]["page"], items[clear]["why"]) == (VILLAGE + "005", 2, "caption")
    assert (items[assigned]["tps"], items[assigned]["why"]) == (VILLAGE + "009", "assignment")
    assert items[two]["candidates"] == ["TPS 005, MARIANA, BANYUASIN I", "TPS 006, MARIANA, BANYUASIN I"]
    assert photos(site) == 2
    with site.held.db.reading() as session:
        origin = session.get_one(PhotoOrigin, session.scalars(select(Photo.id)).first())
        assert (origin.sent_by, origin.why) == ("Budi", "caption") and origin.caption.split() == ["TPS", "5", "Mariana", "hal", "2"]
        (held,) = session.scalars(select(PhotoHold))
        assert held.code == "sent_for_two" and "TPS 006" in held.detail
    assert importing(data, areas_by_sender={"6281234567890": (VILLAGE + "009",)}) == report
    exported_later = importing(e.zip(), areas_by_sender={"6281234567890": (VILLAGE + "009",)})
    assert exported_later.counts["known"] == 3 and photos(site) == 2


def test_a_folder_speaks_by_its_names(site: Site, importing: Callable[..., Report], tmp_path: Path) -> None:
    root = tmp_path / "Kecamatan Banyuasin I"
    for path, seed in (
        ("Mariana/TPS 1/hal2.jpg", 1),
        ("Mariana/TPS 2/IMG_0001.JPG", 2),
        ("1607011016003/hal 3.jpeg", 3),
        ("lain/foto.jpg", 4),
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(tiny(seed))
    (root / "catatan.txt").write_text("bukan obrolan")
    (root / ".thumbnails").mkdir()
    (root / ".thumbnails/1.jpg").write_bytes(tiny(9))
    (root / "tautan.jpg").symlink_to("/etc/passwd")
    report = importing(root)
    assert {i["name"]: i.get("tps", i.get("code")) for i in report.items} == {
        "1607011016003/hal 3.jpeg": VILLAGE + "003",
        "Mariana/TPS 1/hal2.jpg": VILLAGE + "001",
        "Mariana/TPS 2/IMG_0001.JPG": VILLAGE + "002",
        "lain/foto.jpg": "which_tps",
    }
    assert report.skipped == 1 and photos(site) == 3
    with site.held.db.reading() as session:
        (left,) = session.scalars(select(UnplacedPhoto))  # kept, for its own print or a person to place
        assert (left.name, left.tps_id, left.election_id) == ("foto.jpg", None, "ppwp-2024")
    (root / "Mariana/TPS 4").mkdir()
    (root / "Mariana/TPS 4/tambahan.jpg").write_bytes(tiny(5))
    assert importing(root).counts["taken"] == 4 and photos(site) == 4


def test_pages_of_a_pdf(site: Site, importing: Callable[..., Report], tmp_path: Path) -> None:
    from reportlab.pdfgen.canvas import Canvas

    file = tmp_path / "TPS 3 Mariana.pdf"
    canvas = Canvas(str(file), pagesize=(300, 420))
    for page in (1, 2):
        canvas.drawString(40, 40 + 100 * page, f"Halaman {page}")
        canvas.showPage()
    canvas.save()
    report = importing(file)
    assert [(i["name"], i["state"], i["tps"]) for i in report.items] == [(f"{file.name}#page{p}", "taken", VILLAGE + "003") for p in (1, 2)]
    assert importing(file).counts == report.counts and photos(site) == 2
    file.write_bytes(file.read_bytes()[:100])
    assert states(importing(file)) == {file.name: "pdf_broken"}


def test_one_tps_for_all(site: Site, importing: Callable[..., Report]) -> None:
    report = importing(zipped({"a.jpg": tiny(1), "b.jpg": tiny(2)}), tps_code=TPS, election_id="ppwp-2024")
    assert report.counts["taken"] == 2 and {i["why"] for i in report.items} == {"given"}


def test_outside_the_importers_area(site: Site, importing: Callable[..., Report]) -> None:
    with site.held.db.writing() as session:
        user = create_user(session, "sempit", PASSWORD, Role.OPERATOR, areas=(VILLAGE,))
    report = run_import(
        site.held,
        user.id,
        open_source(_file(site, zipped({"TPS 1 Perajen.jpg": tiny(1), "TPS 1.jpg": tiny(2)})), MIB),
        Options("ppwp-2024"),
    )
    assert states(report) == {"TPS 1 Perajen.jpg": "outside_area", "TPS 1.jpg": "taken"}


def test_several_elections_on_one_day(site: Site, importing: Callable[..., Report]) -> None:
    """A word in the caption tells which; without one the form will, once it is read."""
    data = zipped(
        {
            "TPS 1 Mariana presiden.jpg": tiny(1),
            "TPS 1 Mariana dpd.jpg": tiny(2),
            "TPS 1 Mariana.jpg": tiny(3),
            "TPS 2 Mariana.jpg": tiny(3),
        }
    )
    report = importing(data, election_id=None)
    assert {i["name"]: (i["state"], i.get("election")) for i in report.items} == {
        "TPS 1 Mariana presiden.jpg": ("taken", "ppwp-2024"),
        "TPS 1 Mariana dpd.jpg": ("taken", "dpd-2024"),
        "TPS 1 Mariana.jpg": ("taken", None),
        "TPS 2 Mariana.jpg": ("disputed", None),
    }
    assert importing(data, election_id=None) == report and photos(site) == 2


def _file(site: Site, data: bytes, name: str = "in.zip") -> Path:
    path = site.folder / name
    path.write_bytes(data)
    return path


def test_a_photo_for_two_tps_waits_for_a_person(site: Site, importing: Callable[..., Report]) -> None:
    data = tiny(1)
    receipt = site.world.upload(data=data, tps=TPS)
    site.world.read(receipt, votes(10, 20, 30))
    assert importing(zipped({"TPS 2 Mariana.jpg": data})).counts["disputed"] == 1
    from review.queue import queue
    from review.status import PhotoState, photo_status

    with site.held.db.reading() as session:
        assert photo_status(session, receipt.photo_id).state is PhotoState.IN_REVIEW
        (item,) = queue(session).items
        assert [r.code for r in item.reasons] == ["sent_for_two"] and "TPS 002" in item.reasons[0].message
    assert OTHER_TPS.endswith("002")


# the zip itself


def encrypted() -> bytes:
    data = bytearray(zipped({"a.jpg": tiny(1)}))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for i in range(60):
            z.writestr(f"TPS {i} Mariana.jpg", bytes(1_999_000))
    return out.getvalue()


def lying() -> bytes:
    """Says 10 bytes, holds 5 MB."""
    data = bytearray(zipped({"TPS 1 Mariana.jpg": bytes(5 * MIB)}))
    at = data.index(b"PK\1\2")
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    return bytes(data)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: b"PK\3\4 not really", "zip_broken"),
        (lambda: zipped({"a.jpg": tiny(1)})[:-40], "zip_broken"),
    ],
)
def test_what_is_no_zip_is_said(importing: Callable[..., Report], make: Callable[[], bytes], code: str) -> None:
    with pytest.raises(ImportFault, match=code):
        importing(make())


@pytest.mark.parametrize(
    ("make", "codes"),
    [
        (encrypted, {"zip_encrypted"}),
        (bomb, {"not_an_image", "zip_bomb"}),
        (lying, {"zip_broken", "not_an_image"}),
        (lambda: zipped({"TPS 1 Mariana.zip": zipped({"a.jpg": tiny(1)})}), {"zip_in_zip"}),
        (lambda: zipped({"TPS 1 Mariana.jpg": bytes(3 * MIB)}), {"too_large"}),
        (lambda: zipped({"TPS 1 Mariana.jpg": b""}), {"empty_file"}),
    ],
)
def test_bad_contents_of_a_zip_are_said_one_by_one(
    site: Site, importing: Callable[..., Report], make: Callable[[], bytes], codes: set[str]
) -> None:
    assert set(states(importing(make())).values()) <= codes
    assert photos(site) == 0


def test_names_in_a_zip_lead_nowhere(site: Site, importing: Callable[..., Report], tmp_path: Path) -> None:
    before = set(tmp_path.rglob("*"))
    report = importing(
        zipped({"../../TPS 1 Mariana.jpg": tiny(1), "/etc/TPS 2 Mariana.jpg": tiny(2), "C:\\TPS 3 Mariana\\a\x00b.jpg": tiny(3)})
    )
    assert report.counts["taken"] == 3
    new = {p for p in tmp_path.rglob("*") if p.is_file()} - before
    assert all(p.is_relative_to(tmp_path / "photos") or p.name in ("chat.zip",) or ".sqlite3" in p.name for p in new)
    with site.held.db.reading() as session:
        assert set(session.scalars(select(Photo.name))) <= {"TPS 1 Mariana.jpg", "TPS 2 Mariana.jpg", "TPS 3 Mariana", "ab.jpg", "a"}


# the command


def c1(*args: str, folder: Path, world: World, **kwargs: Any) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "C1_DATA": str(folder), "OMP_NUM_THREADS": "1", "COLUMNS": "200", **world.env}
    return subprocess.run([sys.executable, "-m", "api.cli", "import", *args], env=env, capture_output=True, text=True, **kwargs)


@pytest.fixture
def home(make_world: Callable[[Path], World], tmp_path: Path) -> Iterator[World]:
    made = make_world(tmp_path)
    yield made
    made.close()


def big_chat() -> tuple[bytes, dict[str, str]]:
    """300 photos and what must become of each."""
    e = Export(KINDS["android-id"])
    expected: dict[str, str] = {}
    for i in range(300):
        at = START + timedelta(seconds=20 * i)
        match i % 10:
            case 7:
                expected[e.photo(at, "Siti", tiny(i), "TPS 3 dan TPS 4 Mariana")] = "several_tps"
            case 8:
                expected[e.photo(at, "Siti", None, "TPS 3 Mariana")] = "media_missing"
            case 9:
                expected[e.photo(at, "Siti", tiny(i)[:-300], "TPS 3 Mariana")] = "broken_image"
            case _:
                expected[e.photo(at, "Budi", tiny(i), f"TPS {i % 28 + 1} Mariana hal {i % 3 + 1}")] = "taken"
    return e.zip(), expected


def rows(world: World) -> list[tuple[Any, ...]]:
    """Everything an import leaves, without times and numbers."""
    with world.db.reading() as s:
        items = s.execute(select(ImportItem.name, ImportItem.state, ImportItem.sha256).order_by(ImportItem.name)).all()
        kept = s.execute(
            select(Photo.sha256, Photo.tps_id, Photo.stated_page, PhotoOrigin.caption)
            .join(PhotoOrigin, PhotoOrigin.photo_id == Photo.id)
            .order_by(Photo.sha256)
        ).all()
        assert s.scalar(select(func.count()).select_from(Photo)) == len(kept)
    return [*map(tuple, items), *map(tuple, kept)]


def test_killed_in_the_middle_it_ends_the_same(make_world: Callable[[Path], World], tmp_path: Path) -> None:
    data, expected = big_chat()
    file = tmp_path / "chat.zip"
    file.write_bytes(data)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    calm, killed = make_world(tmp_path / "a"), make_world(tmp_path / "b")
    words = ("--by", "operator", "--election", "ppwp-2024", "--json", "--report", str(tmp_path / "r.csv"))
    done = c1(str(file), *words, folder=tmp_path / "a", world=calm)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert {i["name"]: i.get("code") or i["state"] for i in report["items"]} == expected
    with (tmp_path / "r.csv").open(encoding="utf-8-sig", newline="") as f:
        assert len(list(csv.DictReader(f))) == 300

    def items() -> int:
        with killed.db.reading() as s:
            return s.scalar(select(func.count()).select_from(ImportItem)) or 0

    env = {**os.environ, "C1_DATA": str(tmp_path / "b"), "OMP_NUM_THREADS": "1", **killed.env}
    for least in (40, 150):
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "import", str(file), "--by", "operator", "--election", "ppwp-2024"],
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(lambda n=least: items() >= n, 120, 0.01)  # type: ignore[misc]
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert items() < 300
    done = c1(str(file), "--by", "operator", "--election", "ppwp-2024", "--json", folder=tmp_path / "b", world=killed)
    assert done.returncode == 0, done.stderr
    again = json.loads(done.stdout)
    assert again["counts"] == report["counts"]
    assert rows(killed) == rows(calm)
    calm.close()
    killed.close()


def test_the_command_says_what_is_wrong(home: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"C1_DATA": str(tmp_path), **home.env}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "a.jpg").write_bytes(tiny(1))
    for args, words in (
        (["none.zip", "--by", "operator"], "tidak ada"),
        (["a.jpg", "--by", "nobody"], "no such user"),
        (["a.jpg", "--by", "operator", "--report", "x.pdf"], ".json"),
    ):
        done = CliRunner().invoke(app, ["import", str(tmp_path / args[0]), *args[1:]])
        assert done.exit_code == 2 and words in " ".join(done.output.split()), done.output
    done = CliRunner().invoke(app, ["import", str(tmp_path / "a.jpg"), "--by", "operator", "--tps", "1607999999999"])
    assert isinstance(done.exception, UnknownTps)
    shown = c1(str(tmp_path / "a.jpg"), "--by", "operator", folder=tmp_path, world=home)
    assert shown.returncode == 0 and "Foto ini dari TPS mana?" in shown.stdout
