"""Meta's Graph API, as much of it as we need: send a message, fetch a picture. A small client on httpx (docs/decisions)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from api.whatsapp.config import WhatsApp

log = logging.getLogger("c1.whatsapp")

TRUSTED = (".facebook.com", ".fbsbx.com", ".fbcdn.net", ".whatsapp.net")
"""Hosts from which Meta serves media; the token is sent nowhere else."""
TEMPORARY = {1, 2, 4, 80007, 130429, 131000, 131016, 131048, 131056, 131057, 133004}
"""Error codes of the Cloud API that pass by themselves: limits, outages."""


class GraphError(Exception):
    """``passing``: trying again later may help."""

    def __init__(self, what: str, passing: bool) -> None:
        super().__init__(what)
        self.passing = passing


class TooLarge(GraphError):
    """The media is larger than we take."""


class Graph:
    """Safe to share between threads."""

    def __init__(self, config: WhatsApp, http: httpx.Client | None = None) -> None:
        self._config = config
        self._http = http or httpx.Client(timeout=httpx.Timeout(30.0, connect=10.0), limits=httpx.Limits(max_connections=20))
        self._auth = {"Authorization": f"Bearer {config.token}"}

    def send(self, to: str, body: Mapping[str, Any]) -> str:
        """Send one message; returns its id. Raises GraphError."""
        whole = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": to, **body}
        answer = self._json("POST", f"{self._config.url}/{self._config.phone_id}/messages", json=whole)
        sent = answer.get("messages")
        return str(sent[0].get("id", "")) if isinstance(sent, list) and sent and isinstance(sent[0], dict) else ""

    def media(self, media_id: str, most: int, sha256: str = "") -> bytes:
        """The bytes of a picture or document.

        Args:
            most: largest size that is taken.
            sha256: what the webhook said of the content, hex or base64; "" if nothing.

        Raises:
            TooLarge; GraphError: it could not be had, or is not what was announced.
        """
        about = self._json("GET", f"{self._config.url}/{media_id}", params={"phone_number_id": self._config.phone_id})
        if int(about.get("file_size") or 0) > most:
            raise TooLarge("media too large", passing=False)
        url = str(about.get("url") or "")
        if not self._trusted(url):
            raise GraphError("media address of a strange host", passing=False)
        try:
            with self._http.stream("GET", url, headers=self._auth) as response:
                _check(response.status_code, None)
                if response.status_code != 200:  # a redirect leads who knows where, and is never followed
                    raise GraphError(f"media: HTTP {response.status_code}", passing=False)
                data = bytearray()
                for chunk in response.iter_bytes():
                    data += chunk
                    if len(data) > most:
                        raise TooLarge("media too large", passing=False)
        except httpx.HTTPError as e:
            raise GraphError(f"media: {type(e).__name__}", passing=True) from e
        if (digest := _hex(sha256)) and hashlib.sha256(data).hexdigest() != digest:
            raise GraphError("media differs from its announced SHA-256", passing=True)
        return bytes(data)

    def _trusted(self, url: str) -> bool:
        try:
            at, ours = urlsplit(url), urlsplit(self._config.url)
            _ = at.port
        except ValueError:
            return False
        if (at.scheme, at.netloc) == (ours.scheme, ours.netloc):
            return True
        # names only, of Meta's, at the usual port: no address of a machine inside, no other service
        plain = at.username is None and at.password is None and at.port in (None, 443)
        return at.scheme == "https" and plain and (at.hostname or "").endswith(TRUSTED)

    def _json(self, method: str, url: str, **kwargs: Any) -> dict[str, Any]:
        try:
            response = self._http.request(method, url, headers=self._auth, **kwargs)
        except httpx.HTTPError as e:
            raise GraphError(f"{method}: {type(e).__name__}", passing=True) from e
        try:
            answer = response.json()
        except ValueError:
            answer = None
        _check(response.status_code, answer)
        if not isinstance(answer, dict):
            raise GraphError("an answer that is no JSON object", passing=True)
        return answer


def _check(status: int, answer: Any) -> None:
    if status < 400:
        return
    error = answer.get("error") if isinstance(answer, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    raise GraphError(f"HTTP {status}, code {code}", passing=status == 429 or status >= 500 or code in TEMPORARY)


def _hex(sha256: str) -> str:
    """The digest in hex, whichever way it was written; "" if it is none."""
    if len(sha256) == 64:
        return sha256.lower()
    try:
        raw = base64.b64decode(sha256, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return raw.hex() if len(raw) == 32 else ""
