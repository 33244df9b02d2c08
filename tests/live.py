"""A real ``c1 serve`` with its reader process, on a folder of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import httpx

T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def until(what: Callable[[], T], seconds: float = 60.0, pause: float = 0.05) -> T:
    """The first true answer of ``what``. Raises AssertionError when it does not come in time."""
    end = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < end, f"waited {seconds} s in vain"
        time.sleep(pause)
    return answer


class Live:
    """Server and reader in one process group, so that one signal can end both at the same moment."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder = folder
        self.env = {**os.environ, "C1_DATA": str(folder), "OMP_NUM_THREADS": "1", **env}
        for place in ("C1_DATABASE_URL", "C1_PHOTOS", "C1_QUEUE"):
            if place not in env:
                self.env.pop(place, None)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = (self.folder / "serve.log").open("ab")
        command = [sys.executable, "-m", "api.cli", "serve", "--port", str(self.port)]
        self._process = subprocess.Popen(command, env=self.env, stdout=log, stderr=log, start_new_session=True)
        until(self._answers, 60)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "serve.log").read_text()
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        """SIGKILL to everything at once: nobody can tidy up."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def kill_reader(self) -> None:
        """SIGKILL to the reader alone."""
        for child in self._children():
            os.kill(child, signal.SIGKILL)

    def _children(self) -> list[int]:
        assert self._process is not None
        task = Path(f"/proc/{self._process.pid}/task")
        return [int(p) for f in task.glob("*/children") for p in f.read_text().split()]

    def stop(self) -> int:
        """SIGTERM to the server, as a service manager does; returns its exit status."""
        assert self._process is not None
        self._process.terminate()
        try:
            return self._process.wait(40)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None
