"""``c1 serve``: the web server in this process, the reader in a process of its own that is started again when it dies."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from types import FrameType

import typer
import uvicorn

from api.app import create_app
from api.build import db_settings, open_services
from api.reading import STOP_SECONDS
from api.settings import Settings
from api.state import Services
from db.migrate import is_current

log = logging.getLogger("c1.serve")

LONGEST_WAIT = 30.0


class Reader:
    """Keeps one ``c1 worker`` process alive until stopped."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._watch, name="reader-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _watch(self) -> None:
        wait = 0.5
        while not self._stop.is_set():
            command = [sys.executable, "-m", "api.cli", "worker", "--parent", str(os.getpid())]
            self._process = subprocess.Popen(command, env={**os.environ, "C1_DATA": str(self._settings.data)})
            try:
                status = self._process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                wait = 0.5  # it ran for a while: not a crash at start
                status = self._process.wait()
            if self._stop.is_set():
                return
            log.warning("the reader ended with status %d; starting it again in %.1f s", status, wait)
            self._stop.wait(wait)
            wait = min(LONGEST_WAIT, wait * 2)

    def stop(self) -> None:
        """Let it finish the photo in hand, for a while; a photo that is cut off is read after the next start."""
        self._stop.set()
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS + 5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def run(
    settings: Settings,
    host: str,
    port: int,
    started: Callable[[Services], None] | None = None,
    *,
    log_level: str = "info",
    read: bool = True,
) -> None:
    """Serve until SIGINT or SIGTERM.

    read: False where ``c1 worker`` runs by itself, here or on other machines.
    started: called in a thread of its own once the server answers.

    Raises:
        typer.BadParameter: there is no database yet, or an old one.
        FileNotFoundError: the front-end libraries are not installed.
    """
    url = db_settings(settings).database_url
    missing = url.startswith("sqlite") and not (settings.data / "c1.sqlite3").exists() and "C1_DATABASE_URL" not in os.environ
    if missing or not is_current(url):
        raise typer.BadParameter(f"belum ada basis data di {settings.data}; jalankan 'c1 init' / no current database; run 'c1 init'")
    held = open_services(settings)
    app = create_app(held)
    config = uvicorn.Config(
        app, host=host, port=port, log_level=log_level, access_log=False, server_header=False, timeout_graceful_shutdown=10
    )
    server = uvicorn.Server(config)
    reader = Reader(settings)
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, _leave)  # uvicorn raises the signal again when it is done: then the reader is stopped below
    if read:
        reader.start()
    if started is not None:
        threading.Thread(target=_when_up, args=(server, held, started), daemon=True, name="started").start()
    try:
        server.run()
    finally:
        reader.stop()
        held.db.dispose()


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


def _when_up(server: uvicorn.Server, held: Services, started: Callable[[Services], None]) -> None:
    pause = threading.Event()
    while not server.started:
        if server.should_exit:
            return
        pause.wait(0.05)
    started(held)
