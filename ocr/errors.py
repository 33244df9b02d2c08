"""What can go wrong with a photo.

OcrError
+-- PhotoError            the file cannot be taken as a photo (reason code says why)
+-- AlignError            no form and page could be made out
+-- ReaderError           a reader (Tesseract, network) failed; never the photo's fault
"""

from __future__ import annotations

from tally.interpretation import ReasonCode


class OcrError(Exception):
    """Base of all errors of this package."""


class PhotoError(OcrError):
    def __init__(self, code: ReasonCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class AlignError(OcrError):
    def __init__(self, code: ReasonCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class ReaderError(OcrError):
    pass
