"""Which form and page a photo shows and where the page lies in it."""

from ocr.align.find import align

__all__ = ["align"]
