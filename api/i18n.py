"""The screens' two languages. Indonesian first; English by switch (cookie) or by the browser's wish."""

from __future__ import annotations

from typing import Any

from api.texts import TEXTS

LANGS = ("id", "en")
COOKIE = "c1_lang"


def choose(cookie: str | None, accept: str | None) -> str:
    """The language of a request: the cookie, else the first of Accept-Language that we speak, else Indonesian."""
    if cookie in LANGS:
        return cookie
    for part in (accept or "").split(","):
        tag = part.split(";")[0].strip().lower()[:2]
        if tag in LANGS:
            return tag
        if tag == "in":  # what old Android phones say for Indonesian
            return "id"
    return "id"


class Translator:
    """``t("upload.title")`` in one language. Raises KeyError for an unknown key: a missing text is a bug, not a blank."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._at = LANGS.index(lang)

    def __call__(self, key: str, **values: Any) -> str:
        text = TEXTS[key][self._at]
        return text.format(**values) if values else text

    def number(self, value: int | None) -> str:
        """1234567 -> "1.234.567" (Indonesian) or "1,234,567"."""
        if value is None:
            return "–"
        text = f"{value:,}"
        return text.replace(",", ".") if self.lang == "id" else text

    def percent(self, part: int, whole: int) -> str:
        """Share with one decimal: "12,5 %"; a dash when there is no whole."""
        if whole <= 0:
            return "–"
        share = 100 * part / whole
        text = "< 0.1" if 0 < share < 0.1 else f"{share:.1f}"
        return (text.replace(".", ",") if self.lang == "id" else text) + " %"
