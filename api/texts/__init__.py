"""Every sentence of the screens: key -> (Indonesian, English)."""

from __future__ import annotations

from api.texts import (
    account,
    anomalies,
    compare,
    counting,
    desk,
    elections,
    intake,
    operators,
    overview,
    phone,
    shell,
    status,
    templates,
    whatsapp,
)

MODULES = (
    account,
    anomalies,
    shell,
    desk,
    counting,
    overview,
    elections,
    intake,
    operators,
    phone,
    status,
    templates,
    whatsapp,
    compare,
)
"""A key stands in one of them only."""

TEXTS: dict[str, tuple[str, str]] = {key: text for module in MODULES for key, text in module.TEXTS.items()}
