"""A small TCP proxy that can be told to misbehave: to refuse, to be slow, to break off in the middle, or to say nothing at all."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import Literal

Mood = Literal["pass", "refuse", "slow", "cut", "silent"]


class Proxy:
    """Listens on a free port of this machine and passes everything on to ``port``.

    Attributes:
        mood: refuse: closes at once. slow: waits ``delay`` seconds before every answer. cut: closes in the middle of what is sent.
            silent: takes everything and never answers.
        delay: seconds. seen: connections so far.
    """

    def __init__(self, port: int, mood: Mood = "pass", delay: float = 0.5) -> None:
        self.mood: Mood = mood
        self.delay = delay
        self.seen = 0
        self._target = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def set(self, mood: Mood) -> None:
        """Also for connections that are open: they end."""
        self.mood = mood
        for s in list(self._open):
            with suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        self._server.close()
        self.set("refuse")

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self.seen += 1
            threading.Thread(target=self._one, args=(client,), daemon=True).start()

    def _one(self, client: socket.socket) -> None:
        mood = self.mood
        if mood == "refuse":
            client.close()
            return
        try:
            with client, socket.create_connection(("127.0.0.1", self._target), 10) as server:
                self._open |= {client, server}
                there = threading.Thread(target=self._copy, args=(client, server, mood, 20_000 if mood == "cut" else None), daemon=True)
                there.start()
                self._copy(server, client, mood, None)
                self._open -= {client, server}
        except OSError:
            return

    def _copy(self, source: socket.socket, target: socket.socket, mood: Mood, limit: int | None) -> None:
        passed = 0
        with suppress(OSError):
            while data := source.recv(65536):
                passed += len(data)
                if mood == "silent":
                    continue
                if mood == "slow":
                    time.sleep(self.delay)
                if limit is not None and passed > limit:
                    target.sendall(data[: len(data) // 2])
                    break
                target.sendall(data)
        for s in (source, target):
            with suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
