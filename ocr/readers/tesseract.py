"""Tesseract's reading of all boxes of a sheet, in one process, with the project's own model.

The model (``ocr/models/c1.traineddata``) knows single boxes only: digits, the cross, and letters standing for dash, blank and
junk, so that an empty box has something to be read as (without, Tesseract returns 7 or 77). It says one symbol a box with a
confidence that is a percentage of nothing in particular; ``Calibration`` turns it into probabilities measured on held-out boxes.
"""

from __future__ import annotations

import json
import os
import shlex
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytesseract

from ocr.errors import ReaderError
from ocr.readers.clean import Gray, clean_all
from ocr.types import BoxReading, Floats, LocatedBox
from tally.glyphs import GLYPHS

NAME = "tesseract"
SYMBOLS = "0123456789XDBJ"
"""What the model writes for each of GLYPHS: D dash, B blank, J junk (letters, for Tesseract drops lone punctuation)."""

_MODELS = Path(__file__).parent.parent / "models"
_OPTIONS = "--psm 13 --oem 1 --dpi 300 -c tessedit_create_tsv=1 -c tessedit_do_invert=0"
"""psm 13 (raw line) is the only mode that reads single boxes. The tsv *option* instead of the tsv config file: our own tessdata
folder has no configs. Without do_invert=0 doubtful boxes are read again as negatives."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """From Tesseract's word on a box to probabilities, fitted on boxes the model has never seen.

    Attributes:
        confidence: increasing confidences (percent) of the knots.
        probability: how often readings of that confidence were right; linear between the knots, constant outside.
        confusion: (14, 14), row = glyph read, where the rest of the probability goes; rows sum to 1, diagonal 0.
    """

    confidence: Floats
    probability: Floats
    confusion: Floats

    def scores(self, glyph: str, confidence: float) -> Floats:
        """(14,) over GLYPHS, sum 1."""
        k = GLYPHS.index(glyph)
        p = float(np.interp(confidence, self.confidence, self.probability))
        out: Floats = (1.0 - p) * self.confusion[k]
        out[k] = p
        return out


def load_calibration(path: Path) -> Calibration:
    """Raises:
    ReaderError: missing or malformed file.
    """
    try:
        data = json.loads(path.read_text())
        found = Calibration(*(np.array(data[k], np.float64) for k in ("confidence", "probability", "confusion")))
        if found.confidence.shape != found.probability.shape or found.confusion.shape != (len(GLYPHS), len(GLYPHS)):
            raise ValueError("shapes do not fit")
        found = replace(found, confusion=found.confusion / found.confusion.sum(axis=1, keepdims=True))  # the file is rounded
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise ReaderError(f"Tesseract's calibration {path.name} cannot be used: {e}") from e
    return found


class TesseractReader:
    """Reads boxes with ``model``; the calibration lies beside it as NAME.calibration.json."""

    name = NAME

    def __init__(self, model: Path = _MODELS / "c1.traineddata", timeout: float = 30.0) -> None:
        self._model = model
        self._timeout = timeout
        self._calibration = load_calibration(model.with_suffix(".calibration.json"))

    def read(self, boxes: Sequence[LocatedBox]) -> list[BoxReading]:
        """One reading per box, same order; all-zero scores where Tesseract said nothing or more than one symbol.

        Raises:
            ReaderError: Tesseract is missing, failed, or took too long.
        """
        said = self.symbols([b.crop for b in boxes])
        scores = [self._calibration.scores(*s) if s else np.zeros(len(GLYPHS)) for s in said]
        return [BoxReading(NAME, b.number, b.index, s) for b, s in zip(boxes, scores, strict=True)]

    def symbols(self, crops: Sequence[Gray]) -> list[tuple[str, float] | None]:
        """Uncalibrated: glyph and Tesseract's own confidence (percent) of each (64, 64) located crop.

        Raises:
            ReaderError: as for ``read``.
        """
        if not len(crops):
            return []
        return parse(run(clean_all(np.stack(crops)), self._model, self._timeout), len(crops))


def run(pictures: Iterable[Gray], model: Path, timeout: float) -> str:
    """All ``pictures`` through one Tesseract process, a page each; returns its TSV.

    Raises:
        ReaderError: as for ``TesseractReader.read``.
    """
    if not model.is_file():
        raise ReaderError(f"Tesseract's model {model.name} is missing")
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")  # more threads only get in each other's way on pictures this small
    config = f"--tessdata-dir {shlex.quote(str(model.parent))} {_OPTIONS}"
    try:
        with tempfile.TemporaryDirectory(prefix="c1-boxes-", dir=_fast_folder()) as folder:
            path = f"{folder}/boxes.tif"
            # pages of one file: half the time of a list of files, and no missing file can abort the rest
            if not cv2.imwritemulti(path, list(pictures), [cv2.IMWRITE_TIFF_COMPRESSION, cv2.IMWRITE_TIFF_COMPRESSION_NONE]):
                raise OSError("the pictures cannot be written")
            return str(pytesseract.run_and_get_output(path, extension="tsv", lang=model.stem, config=config, timeout=timeout))
    except pytesseract.TesseractNotFoundError as e:
        raise ReaderError("Tesseract is not installed") from e
    except pytesseract.TesseractError as e:
        raise ReaderError(f"Tesseract failed with status {e.status}: {str(e.message)[:300]}") from e
    except RuntimeError as e:  # how pytesseract tells a timeout
        raise ReaderError(f"Tesseract took longer than {timeout:g} s") from e
    except (OSError, UnicodeError) as e:
        raise ReaderError(f"Tesseract's pictures or answer cannot be exchanged: {e}") from e


def _fast_folder() -> str | None:
    """Memory instead of disk where the system has such a folder; None = the system's ordinary one."""
    shared = Path("/dev/shm")  # noqa: S108 - TemporaryDirectory makes a private folder in it
    return str(shared) if shared.is_dir() and os.access(shared, os.W_OK) else None


def parse(tsv: str, count: int) -> list[tuple[str, float] | None]:
    """Tesseract's TSV -> glyph and confidence for pages 1..count; None where a page is missing or holds not exactly one known symbol."""
    words: dict[int, list[tuple[str, float]]] = {}
    for line in tsv.splitlines():
        cells = line.split("\t")
        if len(cells) < 12 or cells[0] != "5" or not cells[11].strip():
            continue
        try:
            words.setdefault(int(cells[1]), []).append((cells[11].strip(), float(cells[10])))
        except ValueError:
            continue
    found: list[tuple[str, float] | None] = []
    for page in range(1, count + 1):
        on_page = words.get(page, [])
        text = on_page[0][0] if len(on_page) == 1 else ""
        found.append((GLYPHS[SYMBOLS.index(text)], on_page[0][1]) if len(text) == 1 and text in SYMBOLS else None)
    return found


def as_json(calibration: Calibration, fitted: Mapping[str, object]) -> str:
    """What ``load_calibration`` reads; ``fitted`` tells on what it was fitted."""
    return json.dumps(
        {
            "fitted": dict(fitted),
            "confidence": calibration.confidence.round(2).tolist(),
            "probability": calibration.probability.round(5).tolist(),
            "confusion": calibration.confusion.round(4).tolist(),
        },
        indent=None,
    )
