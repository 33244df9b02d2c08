"""How long a reviewer waits between saving one sheet and seeing the next, at the server's side: ``python -m scripts.bench_desk``.

Ten thousand sheets wait, photos are drawn forms of twelve megapixels, and the application is asked in this process (no network): save,
be given the next sheet, fetch its two pictures. As on the desk, the next sheet is kept ready while the one before it is looked at;
--cold does without that, so that every picture is made while the reviewer waits.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from starlette.testclient import TestClient

from api.app import create_app
from api.build import open_services
from api.rendering import make_ready
from api.sessions import COOKIE, begin
from api.settings import Settings
from db import clock
from db.config import Settings as Places
from db.migrate import upgrade
from db.seed import DEMO_USERS, seed_demo
from db.tables import Interpretation, Photo, QueueEntry, Region, User
from db.types import Disposition, Level, QueueKind, Stage
from ocr.pipeline import interpret
from samples import make
from tally import codec

FORM, PAGE = "c-hasil-ppwp-2024", 1
"""The page with the most numbers of the presidential form."""
LIMIT = 0.150


def fill(held: Any, sheets: int, shown: int, seed: int) -> None:
    """Let ``sheets`` wait; the first ``shown`` of them have their own photo in the store."""
    data, _ = make(FORM, PAGE, seed)
    body = codec.to_json(interpret(data, "bench.jpg"))
    if body["form"] is None:
        raise SystemExit(f"the drawn form of seed {seed} was not recognised; try another --seed")
    body["decision"], body["reasons"] = (
        "review",
        [{"code": "low_confidence", "numbers": [body["numbers"][0]["name"]], "message": "bench", "message_en": "bench"}],
    )
    now = clock.now()
    with held.db.writing() as session:
        seed_demo(session, dict.fromkeys(DEMO_USERS, "hanya untuk uji"))
        operator = session.scalars(select(User.id).where(User.username == "operator")).one()
        stations = session.scalars(select(Region.id).where(Region.level == Level.TPS).order_by(Region.id)).all()
        place = {"election_id": "ppwp-2024"}
        page = {"form": FORM, "page": PAGE}
        photos, words, waiting = [], [], []
        for n in range(1, sheets + 1):
            sha = held.store.put(data + n.to_bytes(4, "big")).sha256 if n <= shown else f"{n:064x}"
            at, tps = now - timedelta(seconds=sheets - n), stations[n % len(stations)]
            file = {"sha256": sha, "size": len(data), "name": "bench.jpg", "media_type": "image/jpeg"}
            photos.append({"id": n, **file, "uploader_id": operator, "received_at": at, "tps_id": tps, **place})
            said = {"versions": {}, "decision": "review", "disposition": Disposition.REVIEW, "body": body}
            words.append({"id": n, "photo_id": n, "versions_key": f"{n:064x}", "at": at, **said, **page})
            why = {"kind": QueueKind.CHECK, "reasons": body["reasons"], "codes": ",low_confidence,", "barred": "", "stage": Stage.FIRST}
            held_by = {"placed": False, "lease_ahead": False, "round": 1, "rank": round(1000 * at.timestamp())}
            row = {"photo_id": n, "interpretation_id": n, "tps_id": tps, "uploader_id": operator, "since": at}
            waiting.append({**row, **why, **held_by, **place, **page})
        session.execute(insert(Photo), photos)
        session.execute(insert(Interpretation), words)
        session.execute(insert(QueueEntry), waiting)


def client_of(held: Any, user: str) -> TestClient:
    client = TestClient(create_app(held), follow_redirects=False)
    with held.db.reading() as session:
        who = session.scalars(select(User.id).where(User.username == user)).one()
    log_in = begin(held.db, held.signer, who)
    client.cookies.set(COOKIE, held.signer.dump(log_in))
    client.headers.update({"X-CSRF-Token": held.signer.csrf(log_in), "X-Desk": "bench-window"})
    return client


def settled(sheet: dict[str, Any]) -> dict[str, Any]:
    """The sheet's numbers as read, said to stand so on the paper: the bench does not look."""
    values = {n["name"]: n["value"] or 0 for n in sheet["numbers"]}
    return {"action": "settle", "stamp": sheet["stamp"], "values": values, "paper_error": True}


def measure(client: TestClient, held: Any, rounds: int, cold: bool) -> dict[str, list[float]]:
    """Seconds of each round: wall and processor time, until the sheet's data and until its pictures are there."""
    took: dict[str, list[float]] = {k: [] for k in ("data", "data cpu", "all", "all cpu")}
    sheet = client.post("/api/sheets/next").raise_for_status().json()["sheet"]
    for _ in range(rounds):
        if not cold:
            following = client.post("/api/sheets/ahead").json()["sheet"]
            make_ready(held, following["id"]).result()  # the reviewer looks at the sheet before it meanwhile
        wall, cpu = time.perf_counter(), time.process_time()
        answer = client.post(f"/api/sheets/{sheet['id']}/decision", json=settled(sheet))
        if answer.status_code == 409 and answer.json()["error"]["code"] == "confirm_required":
            again = settled(sheet) | {"confirm": answer.json()["error"]["details"]["token"]}
            wall, cpu = time.perf_counter(), time.process_time()
            answer = client.post(f"/api/sheets/{sheet['id']}/decision", json=again)
        sheet = answer.raise_for_status().json()["next_sheet"]
        took["data"].append(time.perf_counter() - wall)
        took["data cpu"].append(time.process_time() - cpu)
        for address in sheet["pictures"]:
            client.get(address).raise_for_status()
        took["all"].append(time.perf_counter() - wall)
        took["all cpu"].append(time.process_time() - cpu)
    return took


def percentile(values: list[float], share: float) -> float:
    """The value that ``share`` of all do not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main(args: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sheets", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cold", action="store_true", help="keep nothing ready")
    parser.add_argument("--check", action="store_true", help=f"fail when the 95th percentile is above {LIMIT * 1000:.0f} ms")
    said = parser.parse_args(args)
    os.environ.pop("C1_DATABASE_URL", None)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder))
        upgrade(Places.in_folder(Path(folder)).database_url)
        held = open_services(settings)
        fill(held, said.sheets, said.rounds + 2, said.seed)
        took = measure(client_of(held, "reviewer"), held, said.rounds, said.cold)
        held.db.dispose()
    out = sys.stdout.write
    out(f"{said.sheets} sheets wait, {said.rounds} settled one after the other, {'nothing' if said.cold else 'the next'} kept ready\n")
    out(f"{'ms':<34}{'median':>8}{'p95':>8}{'worst':>8}\n")
    names = {"data": "saved, next sheet's data", "all": "... and its pictures", "data cpu": "processor: data", "all cpu": "processor: all"}
    for key in ("data", "all", "data cpu", "all cpu"):
        numbers = (percentile(took[key], 0.5), percentile(took[key], 0.95), max(took[key]))
        out(f"{names[key]:<34}" + "".join(f"{1000 * n:>8.1f}" for n in numbers) + "\n")
    return 1 if said.check and percentile(took["all"], 0.95) > LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
