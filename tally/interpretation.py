"""The frozen values that pass from stage to stage of a reading, and the closed union that comes out.

    photo -> align -> locate -> read -> fuse -> check -> decide

Pixels are not in here: ``ocr`` has its own types for those. Everything here is plain data and goes to JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class DecisionKind(StrEnum):
    ACCEPT = "accept"
    REVIEW = "review"
    UNREADABLE = "unreadable"


class ReasonCode(StrEnum):
    """Why a sheet needs a person. One code, one sentence on the screen (texts: tally.texts)."""

    # unreadable: nothing could be read
    FILE_NOT_OPENED = "file_not_opened"
    BROKEN_IMAGE = "broken_image"
    EMPTY_FILE = "empty_file"
    NOT_AN_IMAGE = "not_an_image"
    IMAGE_TOO_LARGE = "image_too_large"
    IMAGE_TOO_SMALL = "image_too_small"
    FORM_NOT_RECOGNISED = "form_not_recognised"
    WRONG_FORM = "wrong_form"
    MACHINE_ERROR = "machine_error"
    """A stage broke; never the photo's fault."""
    # review: read, but a person must look
    BOX_NOT_FOUND = "box_not_found"
    LOW_CONFIDENCE = "low_confidence"
    READERS_DISAGREE = "readers_disagree"
    MARKS_DISAGREE = "marks_disagree"
    WORDS_DISAGREE = "words_disagree"
    CORRECTED = "corrected"
    MALFORMED_NUMBER = "malformed_number"
    BLANK_NUMBER = "blank_number"
    SUM_MISMATCH = "sum_mismatch"
    BOUND_BROKEN = "bound_broken"
    POOR_PHOTO = "poor_photo"
    UNCHECKED_NUMBER = "unchecked_number"
    """No rule of the page ties this number to another one, and no second source agrees."""
    UNPROVEN_FORM = "unproven_form"
    """The form was published lately, and its reading is not proved yet by test photos or a supervisor's word."""
    CONFLICT = "conflict"
    """Differs from what is already committed for the sheet (given by ``review``, not by the reading)."""


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class RuleKind(StrEnum):
    SUM = "sum"
    AT_MOST = "at_most"


NOT_ASKED = "."
"""In a reader's word: it was not asked about this box, because another reader is sure enough that it is empty."""


@dataclass(frozen=True, slots=True)
class ReaderSays:
    """One reader's word on one number: a glyph a box ("?" where it abstains), or NOT_ASKED."""

    boxes: str
    confidence: float


@dataclass(frozen=True, slots=True)
class NumberReading:
    """One number of a sheet after fusing all readers.

    Attributes:
        boxes: one glyph a box (tally.glyphs), the most likely content.
        value: what it is worth, None if it has no value. Never changed by arithmetic.
        confidence: calibrated probability that ``value`` is what is written, 0..1, given the readers and the rules of the page.
        readers: reader name -> its word.
        candidates: likely contents with their probability given the rules: first ``boxes`` itself, then the others, likeliest first.
        clean: probability that every box holds one clean glyph: nothing overwritten, struck out or scribbled.
        reader_confidence: the same probability as ``confidence``, by the readers alone, before any rule is looked at.
    """

    name: str
    boxes: str
    value: int | None
    confidence: float
    readers: Mapping[str, ReaderSays] = field(default_factory=dict)
    candidates: tuple[tuple[str, float], ...] = ()
    clean: float = 1.0
    reader_confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule of the template held against the numbers read.

    Attributes:
        rule: the rule in words, e.g. "suara_sah = suara_paslon_1 + suara_paslon_2".
        holds: None when a number it needs has no value.
        expected, actual: for a sum the sum of the parts and the total as written; for a bound the bound and the number.
    """

    rule: str
    rule_id: str
    kind: RuleKind
    numbers: tuple[str, ...]
    severity: Severity
    holds: bool | None
    expected: int | None
    actual: int | None


@dataclass(frozen=True, slots=True)
class Reason:
    code: ReasonCode
    numbers: tuple[str, ...]
    message: str
    """Plain Indonesian; the screens translate by ``code``."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Every number is confident, independent evidence agrees, every rule holds."""

    form: str
    page: int
    numbers: tuple[NumberReading, ...]
    findings: tuple[Finding, ...]

    @property
    def kind(self) -> DecisionKind:
        return DecisionKind.ACCEPT

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class NeedsReview:
    """Read, but at least one reason asks for a person. ``reasons`` is never empty."""

    form: str
    page: int
    numbers: tuple[NumberReading, ...]
    findings: tuple[Finding, ...]
    reasons: tuple[Reason, ...]

    @property
    def kind(self) -> DecisionKind:
        return DecisionKind.REVIEW


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Not even a form and page. ``reasons`` is never empty."""

    reasons: tuple[Reason, ...]

    @property
    def kind(self) -> DecisionKind:
        return DecisionKind.UNREADABLE


Outcome = Accepted | NeedsReview | Unreadable


@dataclass(frozen=True, slots=True)
class PrintedPlace:
    """What a form's own print says about where it belongs: form, page and the TPS's 13-digit code."""

    form: str
    page: int
    tps: str


@dataclass(frozen=True, slots=True)
class Interpretation:
    """Everything the machine concluded about one photo; stored once, never updated.

    Attributes:
        photo: the name it came under.
        sha256: lower-case hex of the file's bytes; "" only if it could not be opened at all.
        versions: what produced it: {"template": "3", "cnn": "sha256:..", "tesseract": "..", "policy": ".."}.
        seconds: stage -> wall seconds, with "total".
        boxes: number name -> for each box its four corners (x, y) in photo pixels after EXIF turning, tl tr br bl;
            empty if unreadable. For crops on the review screen.
        page_corners: the template page's corners in the same pixels, tl tr br bl.
        place: what the form's printed code says, where it carries one that could be read.
    """

    photo: str
    sha256: str
    outcome: Outcome
    versions: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    boxes: Mapping[str, tuple[tuple[tuple[float, float], ...], ...]] = field(default_factory=dict)
    page_corners: tuple[tuple[float, float], ...] = ()
    place: PrintedPlace | None = None
