"""Every sentence of the screens: key -> (Indonesian, English)."""

from __future__ import annotations

from api.texts import counting, desk, elections, phone, shell, templates

TEXTS: dict[str, tuple[str, str]] = {**shell.TEXTS, **desk.TEXTS, **counting.TEXTS, **elections.TEXTS, **phone.TEXTS, **templates.TEXTS}
