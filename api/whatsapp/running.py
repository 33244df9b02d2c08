"""The inbox beside a running server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from api.state import Services
from api.whatsapp.graph import Graph
from api.whatsapp.inbox import Inbox


@contextmanager
def whatsapp_inbox(app: FastAPI, held: Services) -> Iterator[None]:
    """Work through WhatsApp's messages while the application runs; nothing where it is not set up."""
    if held.settings.whatsapp is None:
        yield
        return
    inbox = Inbox(held, Graph(held.settings.whatsapp))
    app.state.inbox = inbox
    inbox.start()
    try:
        yield
    finally:
        inbox.stop()
