"""How this installation reaches WhatsApp."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

GRAPH = "https://graph.facebook.com/v24.0"


@dataclass(frozen=True, slots=True)
class WhatsApp:
    """Attributes:
    token: access token of the app's system user.
    phone_id: the business number's id, from which we send.
    app_secret: signs every webhook.
    verify_token: any word, typed in at Meta's page too; proves that the webhook is ours.
    url: the Graph API with its version; another one for tests.
    """

    token: str = field(repr=False)
    phone_id: str
    app_secret: str = field(repr=False)
    verify_token: str = field(repr=False)
    url: str = GRAPH

    @classmethod
    def from_env(cls) -> WhatsApp | None:
        """None if nothing is set. Raises ValueError naming what is missing of the four."""
        given = {
            "C1_WHATSAPP_TOKEN": os.environ.get("C1_WHATSAPP_TOKEN", ""),
            "C1_WHATSAPP_PHONE_ID": os.environ.get("C1_WHATSAPP_PHONE_ID", ""),
            "C1_WHATSAPP_APP_SECRET": os.environ.get("C1_WHATSAPP_APP_SECRET", ""),
            "C1_WHATSAPP_VERIFY_TOKEN": os.environ.get("C1_WHATSAPP_VERIFY_TOKEN", ""),
        }
        if not any(given.values()):
            return None
        if missing := [name for name, value in given.items() if not value]:
            raise ValueError(f"WhatsApp needs also {', '.join(missing)}")
        token, phone_id, app_secret, verify_token = given.values()
        return cls(token, phone_id, app_secret, verify_token, os.environ.get("C1_WHATSAPP_URL", "").rstrip("/") or GRAPH)
