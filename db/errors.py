"""The one shape of every refusal the services make, and the few that belong to storage.

ServiceError
+-- StoreError          the photo store cannot do it
+-- (review.errors)     the rules of a sheet's life
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class ServiceError(Exception):
    """A refusal that a person can read.

    Attributes:
        code: stable machine word, e.g. "unknown_tps".
        status: the HTTP status that fits.
        message, message_en: one plain sentence, Indonesian and English.
        details: extra facts for the caller, JSON-ready.
    """

    code: ClassVar[str] = "service_error"
    status: ClassVar[int] = 500
    text: ClassVar[str] = "Terjadi kesalahan pada layanan."
    text_en: ClassVar[str] = "The service failed."

    def __init__(
        self, details: Mapping[str, Any] | None = None, *, code: str = "", status: int = 0, message: str = "", message_en: str = ""
    ) -> None:
        self.error_code = code or self.code
        self.http_status = status or self.status
        self.message = message or self.text
        self.message_en = message_en or self.text_en
        self.details: dict[str, Any] = dict(details or {})
        super().__init__(f"{self.error_code}: {self.message_en}")

    def to_dict(self) -> dict[str, Any]:
        """The error shape of every interface."""
        return {"error": {"code": self.error_code, "message": self.message, "message_en": self.message_en, "details": self.details}}
