"""A stand-in of Meta's Graph API on a port of its own: media by id, and the messages that were sent."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

TOKEN = "token-for-tests"
PHONE_ID = "106540352242922"


class StandIn:
    """``media``: id -> bytes. ``failures``: path's beginning -> statuses to answer first. ``sent``: bodies of sent messages, in order."""

    def __init__(self) -> None:
        self.media: dict[str, bytes] = {}
        self.failures: dict[str, list[int]] = defaultdict(list)
        self.sent: list[dict[str, Any]] = []
        self.fetched: list[str] = []
        self.lies: Callable[[str], str] | None = None
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: Any) -> None:
                pass

            def answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def refused(self) -> bool:
                path = urlsplit(self.path).path
                if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    self.answer(401, b'{"error": {"code": 190, "message": "Invalid OAuth access token"}}')
                    return True
                with outer._lock:
                    for start, statuses in outer.failures.items():
                        if path.startswith(start) and statuses:
                            self.answer(statuses.pop(0), b'{"error": {"code": 131000, "message": "Something went wrong"}}')
                            return True
                return False

            def do_GET(self) -> None:
                if self.refused():
                    return
                parts = urlsplit(self.path).path.strip("/").split("/")
                name = parts[-1]
                if name not in outer.media:
                    self.answer(404, b'{"error": {"code": 100, "message": "Unsupported get request"}}')
                elif parts[0] == "files":
                    with outer._lock:
                        outer.fetched.append(name)
                    self.answer(200, outer.media[name], "image/jpeg")
                else:
                    data = outer.media[name]
                    url = outer.lies(name) if outer.lies else f"{outer.base}/files/{name}"
                    about = {
                        "messaging_product": "whatsapp",
                        "url": url,
                        "mime_type": "image/jpeg",
                        "sha256": hashlib.sha256(data).hexdigest(),
                        "file_size": len(data),
                        "id": name,
                    }
                    self.answer(200, json.dumps(about).encode())

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.refused():
                    return
                assert urlsplit(self.path).path == f"/v24.0/{PHONE_ID}/messages"
                with outer._lock:
                    outer.sent.append(body)
                    wamid = f"wamid.OUT{len(outer.sent)}"
                answer = {
                    "messaging_product": "whatsapp",
                    "contacts": [{"input": body["to"], "wa_id": body["to"]}],
                    "messages": [{"id": wamid}],
                }
                self.answer(200, json.dumps(answer).encode())

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.url = f"{self.base}/v24.0"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def texts(self, to: str | None = None) -> list[str]:
        """What was said, in words."""
        return [
            b["text"]["body"] if b["type"] == "text" else b["interactive"]["body"]["text"] for b in self.sent if to is None or b["to"] == to
        ]

    def choices(self, number: int = -1) -> dict[str, str]:
        """Title -> id of a sent question's buttons or rows."""
        action = self.sent[number]["interactive"]["action"]
        if "buttons" in action:
            return {b["reply"]["title"]: b["reply"]["id"] for b in action["buttons"]}
        return {f"{r['title']} / {r.get('description', '')}": r["id"] for s in action["sections"] for r in s["rows"]}
