"""What happens to a photo, in order. How each step is done stands in its own module.

decode -> align -> locate -> read (cnn, tesseract, marks, words) -> fuse -> check -> decide
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np

from ocr import photo as photos
from ocr import policy as policies
from ocr.align import align
from ocr.align.by_hand import ShownPage
from ocr.decide import decide
from ocr.errors import AlignError, PhotoError
from ocr.form_code import read_code
from ocr.fuse import fuse, is_settled
from ocr.locate import locate
from ocr.marks import read_marks
from ocr.readers.cnn import default_reader
from ocr.readers.tesseract import TesseractReader
from ocr.readers.words import read_words
from ocr.types import AlignedSheet, BoxReading, LocatedBox, SheetPixels
from tally import texts
from tally.interpretation import Interpretation, Outcome, PrintedPlace, Reason, Unreadable
from templates_c1 import rules

log = logging.getLogger(__name__)


class Clock:
    """Seconds a stage; wall clock time unless another clock is given."""

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self.seconds: dict[str, float] = {}
        self._now = now
        self._start = now()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = self._now()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + self._now() - start

    def finish(self) -> dict[str, float]:
        return {**self.seconds, "total": self._now() - self._start}


@lru_cache(maxsize=1)
def _tesseract() -> TesseractReader:
    return TesseractReader()


@lru_cache(maxsize=1)
def reader_versions() -> dict[str, str]:
    """What reads here: short SHA-256 of every model file and of the policy."""
    models = Path(__file__).parent / "models"
    found = {
        "cnn": (*default_reader().files, models / "cnn.json"),
        "tesseract": (models / "c1.traineddata", models / "c1.calibration.json"),
        "words": (models / "words.onnx", models / "words.json"),
        "policy": (policies.FILE,),
    }
    return {name: hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()[:12] for name, files in found.items()}


def interpret(
    data: bytes, name: str, only_form: str | None = None, *, use_tesseract: bool = True, now: Callable[[], float] = time.perf_counter
) -> Interpretation:
    """Read one photo, whatever it is.

    Args:
        data: the file's bytes.
        name: what to call it in the result.
        only_form: form id the photo must show; another form is ``unreadable`` with reason ``wrong_form``.
        use_tesseract: only ``False`` for timing; without its word hardly a sheet is accepted.
        now: the clock by which ``seconds`` are told; a bench counts processor time.

    Returns:
        Always an Interpretation: a photo that cannot be read has an Unreadable outcome with the reason.

    Raises:
        ReaderError: a reader is not installed or broken, which is never the photo's fault.
    """
    return interpret_with_pixels(data, name, only_form, use_tesseract=use_tesseract, now=now)[0]


def interpret_with_pixels(
    data: bytes,
    name: str,
    only_form: str | None = None,
    *,
    use_tesseract: bool = True,
    now: Callable[[], float] = time.perf_counter,
    shown: ShownPage | None = None,
) -> tuple[Interpretation, SheetPixels | None]:
    """As ``interpret``, with what it saw on the way (None if unreadable), for a debug folder. ``shown``: the page, by hand."""
    clock = Clock(now)
    sha256 = hashlib.sha256(data).hexdigest()
    outcome: Outcome
    pixels: SheetPixels | None = None
    place: PrintedPlace | None = None
    try:
        with clock.stage("decode"):
            photo = photos.decode(data, name, sha256=sha256)
        with clock.stage("align"):
            sheet = align(photo, only_form) if shown is None else shown.aligned(photo)
        with clock.stage("locate"):
            boxes = locate(sheet)
        with clock.stage("code"):
            place = read_code(sheet)
        readings = _read(sheet, boxes, use_tesseract, clock)
        with clock.stage("words"):
            words = read_words(sheet)
        pixels = SheetPixels(sheet, boxes, readings, words)
        with clock.stage("conclude"):
            outcome = conclude(pixels)
    except (PhotoError, AlignError) as e:
        outcome = Unreadable((Reason(e.code, (), texts.message(e.code)),))
        log.info("%s: unreadable: %s (%s)", name, e.code, e.detail)
    versions = reader_versions() if shown is None else {**reader_versions(), "corners": shown.version}
    if pixels is None:
        return Interpretation(name, sha256, outcome, versions, clock.finish()), None
    return (
        Interpretation(
            photo=name,
            sha256=sha256,
            outcome=outcome,
            versions={**versions, "template": str(pixels.sheet.template.version)},
            seconds=clock.finish(),
            boxes=_corners(pixels.boxes, pixels.sheet.photo.scale),
            page_corners=_page_corners(pixels.sheet),
            place=place,
        ),
        pixels,
    )


def interpret_shown(data: bytes, name: str, shown: ShownPage) -> Interpretation:
    """Read a photo on which a person showed form, page and corners. A reading of its own: its versions name what was shown.

    The outcome may be Accepted like any other; whether a shown page may count without a person is not for here to say (review.by_hand).
    Unreadable where the boxes' borders are not where they would have to be.
    """
    return interpret_with_pixels(data, name, shown=shown)[0]


def conclude(pixels: SheetPixels) -> Outcome:
    """Fuse, check, decide: from readings to an outcome, no pixel needed any more."""
    policy = policies.default()
    page = pixels.sheet.page
    numbers = fuse(page, pixels.readings, policy, pixels.words)
    findings = rules.check(page, {n.name: n.value for n in numbers})
    return decide(pixels.sheet, pixels.boxes, numbers, findings, policy)


def _read(sheet: AlignedSheet, boxes: Sequence[LocatedBox], use_tesseract: bool, clock: Clock) -> dict[str, tuple[BoxReading, ...]]:
    # boxes whose border was not found are read too, as suggestions: the policy sends their sheet to review in any case
    readings: dict[str, tuple[BoxReading, ...]] = {}
    with clock.stage("read"):
        readings["cnn"] = tuple(default_reader().read(boxes))
        if marks := read_marks(sheet):
            readings["marks"] = tuple(marks)
    if use_tesseract:
        with clock.stage("tesseract"):
            asked = [b for b, r in zip(boxes, readings["cnn"], strict=True) if not is_settled(r.scores, policies.default())]
            readings["tesseract"] = tuple(_tesseract().read(asked))
    return readings


def _corners(boxes: Sequence[LocatedBox], scale: float) -> dict[str, tuple[tuple[tuple[float, float], ...], ...]]:
    out: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {}
    for b in boxes:
        out[b.number] = (*out.get(b.number, ()), tuple((float(x) / scale, float(y) / scale) for x, y in b.corners))
    return out


def _page_corners(sheet: AlignedSheet) -> tuple[tuple[float, float], ...]:
    w, h = sheet.page.size.width, sheet.page.size.height
    points = sheet.project(np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float64)) / sheet.photo.scale
    return tuple((float(x), float(y)) for x, y in points)
