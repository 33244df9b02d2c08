"""The second factor: time-based codes (RFC 6238, pyotp) of an authenticator app, its secret sealed at rest, its QR code."""

from __future__ import annotations

import base64
import time

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from reportlab.graphics.barcode.qr import QrCodeWidget

from api.sessions import SessionSigner

ISSUER = "C1 Banyuasin"
STEP = 30
DRIFT = 1
"""A phone's clock may be so many steps wrong."""


class Seal:
    """Keeps authenticator secrets unreadable to whoever has only the database: sealed with a key that comes from C1_SECRET."""

    def __init__(self, signer: SessionSigner) -> None:
        self._box = Fernet(base64.urlsafe_b64encode(signer.key("second factor")))

    def close(self, secret: str) -> str:
        return self._box.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """None if it was sealed with another key (C1_SECRET was changed): then nobody's code can be right."""
        try:
            return self._box.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None


def fresh_secret() -> str:
    """160 random bits, base32."""
    return pyotp.random_base32()


def step_of(secret: str, code: str, now: float | None = None) -> int | None:
    """The time step that a code belongs to; None if to none of the present ones. A step counts once only (db.accounts.take_step)."""
    digits = "".join(c for c in code if c.isdecimal() and c.isascii())
    if len(digits) != 6:
        return None
    totp, at = pyotp.TOTP(secret, interval=STEP), int((time.time() if now is None else now) // STEP)
    return next((at + d for d in range(-DRIFT, DRIFT + 1) if pyotp.utils.strings_equal(totp.at((at + d) * STEP), digits)), None)


def address(secret: str, username: str) -> str:
    """otpauth:// address that an authenticator takes."""
    return pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=username, issuer_name=ISSUER)


def qr_svg(text: str, label: str) -> str:
    """An SVG of the QR code, with its quiet zone, one path: needs no style and no script, so the strict CSP lets it stand."""
    widget = QrCodeWidget(text, barLevel="M")
    widget.qr.make()
    n, quiet = widget.qr.getModuleCount(), 4
    dark = "".join(f"M{c + quiet} {r + quiet}h1v1h-1z" for r in range(n) for c in range(n) if widget.qr.isDark(r, c))
    side = n + 2 * quiet
    safe = label.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return (
        f'<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img" aria-label="{safe}" '
        f'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{dark}"/></svg>'
    )
