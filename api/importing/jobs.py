"""Imports that came over the page: a file in the data folder, worked through beside the server, also after it was killed.

    imports/pieces/...          uploads that are still coming in (db.pieces)
    imports/run-12.json         a job: whose it is and what holds for it; goes when the import is done
    imports/run-12/CHAT.zip     its file, under the name that the sender gave it, since names say where photos belong

Only one process works on a job: it holds a lock on the job's file, which goes with the process.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from fastapi import FastAPI

from api.handlers import body_of
from api.importing import senders as who
from api.importing.run import Options, begin, run_import
from api.importing.sources import ImportFault, open_source
from api.state import Services
from api.texts.intake import TEXTS
from db import audit, clock
from db.errors import ServiceError
from db.pieces import Pieces, Piecewise
from db.store import StoreError, storage_full
from db.tables import ImportItem, ImportRun
from db.types import ItemState
from db.users import UserView
from review.intake import clean_name

log = logging.getLogger("c1.imports")

MOST_OPEN = 5
"""Imports that one user may be sending at a time."""
SPARE = 512 * 1024 * 1024
"""Bytes that stay free on the disk for the photos of everybody else."""
PAUSE = 2.0
"""Seconds between looks for jobs that nobody has announced: another process's, or those of before."""
REST = 30.0
"""Seconds until a job is tried again that could not go on: the disk is full, say."""
MOST_TRIES = 3


@dataclass(frozen=True, slots=True)
class Job:
    """One import under way. ``total``: its pictures, None until it was looked through; ``trouble``: why it rests, a code of errors."""

    run_id: int
    user_id: int
    name: str
    election_id: str | None = None
    tps_code: str | None = None
    areas_by_sender: dict[str, list[str]] | None = None
    total: int | None = None
    tries: int = 0
    trouble: str = ""


class Stopped(Exception):
    """The server ends; the job goes on after the next start."""


class Jobs:
    """The jobs of a data folder."""

    def __init__(self, held: Services) -> None:
        self._held = held
        self.folder = held.settings.data / "imports"
        self.pieces = Pieces(self.folder / "pieces", MOST_OPEN)

    def room_for(self, size: int) -> None:
        """Raises StoreError if the disk cannot take a file of this size and what will come out of it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self.folder).free < 2 * size + SPARE:
            raise storage_full()

    def add(self, user: UserView, upload: Piecewise, name: str, options: Options) -> int:
        """Make a job of a file that has arrived. Returns its run; of a file that is being imported at this moment, that run."""
        arrived = self.pieces.file(upload)
        with arrived.open("rb") as f:
            key = hashlib.file_digest(f, "sha256").hexdigest()
        name = clean_name(name)
        run_id, _ = begin(self._held, user, key, name)
        if not self._file(run_id).exists():
            place = self.folder / f"run-{run_id}"
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            arrived.replace(place / name)
            areas = {k: list(v) for k, v in options.areas_by_sender.items()}
            self._write(Job(run_id, user.id, name, options.election_id, options.tps_code, areas))
        self.pieces.drop(upload.user_id, upload.key)
        return run_id

    def of_run(self, run_id: int) -> Job | None:
        """The job of a run, while it is not done."""
        return self._read(self._file(run_id))

    def waiting(self) -> list[Job]:
        """All jobs, the oldest first."""
        found = (self._read(f) for f in self.folder.glob("run-*.json"))
        return sorted((j for j in found if j is not None), key=lambda j: j.run_id)

    def done(self, job: Job) -> None:
        """Forget a job and its file."""
        shutil.rmtree(self.folder / f"run-{job.run_id}", ignore_errors=True)
        self._file(job.run_id).unlink(missing_ok=True)

    def work(self, job: Job, stopped: Callable[[], bool] = lambda: False) -> bool:
        """Do what is left of one job. Returns False if another process does it, or it has to rest. ``stopped``: is the end asked for?"""
        with self._mine(job.run_id) as mine:
            current = self._read(self._file(job.run_id)) if mine else None
            if current is None:
                return False
            try:
                self._import(current, stopped)
            except Stopped:
                return False
            except StoreError as e:
                self._write(replace(current, trouble=e.error_code))
                return False
            except ImportFault as e:
                self._give_up(current, e.code, *TEXTS[f"import.{e.code}"])
            except ServiceError as e:
                error = body_of(e)[1]["error"]
                self._give_up(current, error["code"], error["message"], error["message_en"])
            except Exception as e:
                log.exception("import %d", job.run_id)
                if current.tries + 1 < MOST_TRIES:
                    self._write(replace(current, tries=current.tries + 1, trouble="internal"))
                    return False
                error = body_of(e)[1]["error"]
                self._give_up(current, error["code"], error["message"], error["message_en"])
            self.done(current)
            return True

    def _import(self, job: Job, stopped: Callable[[], bool]) -> None:
        def step(done: int, of: int, name: str) -> None:
            if stopped():
                raise Stopped

        path = self.folder / f"run-{job.run_id}" / job.name
        source = open_source(path, self._held.settings.max_photo_bytes)
        source.shown = job.name
        self._write(replace(job, total=len(source.pieces), trouble=""))
        told = {k: tuple(v) for k, v in (job.areas_by_sender or {}).items()}
        options = Options(job.election_id, job.tps_code, {**who.registered(self._held.db), **told})
        run_import(self._held, job.user_id, source, options, step)

    def _give_up(self, job: Job, code: str, message: str, message_en: str) -> None:
        """The file as a whole cannot be imported: that is the report."""
        with self._held.db.writing() as session:
            row = session.get(ImportItem, (job.run_id, job.name[:300])) or ImportItem(run_id=job.run_id, name=job.name[:300])
            row.at, row.state = clock.now(), ItemState.REFUSED
            row.detail = {"code": code, "message": message, "message_en": message_en}
            session.add(row)
            run = session.get_one(ImportRun, job.run_id)
            run.finished_at = clock.now()
            audit.append(session, "import_refused", f"import:{job.run_id}", job.user_id, {"code": code})

    # files

    def _file(self, run_id: int) -> Path:
        return self.folder / f"run-{run_id}.json"

    def _write(self, job: Job) -> None:
        part = self._file(job.run_id).with_suffix(".part")
        part.write_text(json.dumps(asdict(job)), encoding="utf-8")
        part.replace(self._file(job.run_id))

    @staticmethod
    def _read(file: Path) -> Job | None:
        try:
            return Job(**json.loads(file.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    @contextmanager
    def _mine(self, run_id: int) -> Iterator[bool]:
        lock = self.folder / f"run-{run_id}.lock"
        with lock.open("w") as f:
            try:
                fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
                return
            yield True
        if not self._file(run_id).exists():
            lock.unlink(missing_ok=True)


class Importer:
    """Works through jobs in one thread beside the server."""

    def __init__(self, held: Services) -> None:
        self.jobs = Jobs(held)
        self._wake = threading.Condition()
        self._stopped = False
        self._rests: dict[int, float] = {}
        self._thread = threading.Thread(target=self._run, daemon=True, name="imports")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let the photo in hand be finished; the rest goes on after the next start."""
        with self._wake:
            self._stopped = True
            self._wake.notify_all()
        self._thread.join(20)

    def wake(self) -> None:
        """There is a new job."""
        with self._wake:
            self._wake.notify_all()

    def _run(self) -> None:
        while not self._stopped:
            now = time.monotonic()
            due = [j for j in self.jobs.waiting() if self._rests.get(j.run_id, 0.0) <= now]
            for job in due:
                if self._stopped:
                    return
                try:
                    done = self.jobs.work(job, lambda: self._stopped)
                except Exception:
                    log.exception("import %d", job.run_id)
                    done = False
                if done:
                    self._rests.pop(job.run_id, None)
                else:
                    self._rests[job.run_id] = time.monotonic() + REST
            with self._wake:
                if not self._stopped:
                    self._wake.wait(PAUSE)


@contextmanager
def imports(app: FastAPI, held: Services) -> Iterator[None]:
    """Work through imports while the application runs."""
    importer = Importer(held)
    app.state.importer = importer
    importer.start()
    try:
        yield
    finally:
        importer.stop()
