"""Every sentence of the screens: key -> (Indonesian, English)."""

from __future__ import annotations

from api.texts import (
    account,
    anomalies,
    compare,
    counting,
    desk,
    elections,
    exports,
    intake,
    operators,
    overview,
    phone,
    seats,
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
    exports,
    intake,
    operators,
    phone,
    seats,
    status,
    templates,
    whatsapp,
    compare,
)
"""A key stands in one of them only."""

TEXTS: dict[str, tuple[str, str]] = {key: text for module in MODULES for key, text in module.TEXTS.items()}
