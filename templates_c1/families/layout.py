"""Where things stand on a page of the desk form: A4 upright, millimetres. On A3 the same page is printed larger.

The proportions are those of the 2024 form, on which readers and aligner were measured: tag and saddle markers, a box of about 2-3 %
of the page's height, borders of 5.5 % of the box, bubbles 2.6 radii apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from templates_c1.schema import Bubbles, Label, Marker, Number, PrintItem, PrintLine, PrintText, Recognition, Rect, Size, Tag

WIDTH, HEIGHT = 210.0, 297.0
SIZE = Size(width=WIDTH, height=HEIGHT, unit="mm", mm_per_unit=1)
LEFT, RIGHT = 17.0, 193.0
TOP, BOTTOM = 52.0, 258.0
"""Of the table."""
TAG_AT, TAG_SIDE = (171.0, 21.0), 18.0
QR_AT, QR_SIDE = (21.0, 20.0), 22.0
"""The station's QR code with the white around it (drawn by templates_c1.desk_form, read by ocr.form_code)."""
STATION_AT = (47.0, 33.5)
"""Base line of the first of three lines that name the station."""
BORDER = 0.055
GAP = 0.175
"""Between two boxes of a number, in boxes."""
BUBBLE_STEP = 4.0
ROOM_FOR_BUBBLES = 14.0
"""Rows at least this high get bubbles: three lines of ten, one line a box."""
NAME_CAP = 2.1

_MARKERS = tuple(Marker(kind="saddle", at=(x, y), size=3.2) for x in (12.0, WIDTH - 12) for y in (12.0, HEIGHT - 12))


def line(x0: float, y0: float, x1: float, y1: float, width: float = 0.25) -> PrintLine:
    return PrintLine(kind="line", a=(x0, y0), b=(x1, y1), width=width)


def text(words: str, x: float, y: float, cap: float, *, bold: bool = False, room: float | None = None, gray: int = 0) -> PrintText:
    """``room``: what does not fit is printed smaller. A letter is taken to be 0.87 of a capital's height wide."""
    if room is not None and words:
        cap = min(cap, room / (0.87 * len(words)))
    return PrintText(kind="text", text=words, at=(x, y), size=round(cap, 3), bold=bold, gray=gray)


def recognition(tag: int) -> Recognition:
    (x, y), s = TAG_AT, TAG_SIDE
    return Recognition(
        tag=Tag(family="36h10", id=tag, corners=((x, y), (x + s, y), (x + s, y + s), (x, y + s))),
        markers=_MARKERS,
        code=Rect(x=QR_AT[0], y=QR_AT[1], w=QR_SIDE, h=QR_SIDE),
    )


def header(title: str, subtitle: str, foot: str) -> list[PrintItem]:
    """What is printed on every page above and below its table."""
    return [
        text(title, 47, 21.5, 2.7, bold=True, room=120),
        text(subtitle, 47, 27, 2.3, room=120),
        text("Tulis satu angka per kotak. Kotak kosong di depan disilang (X). Nol: XXX.", LEFT, 48.5, 1.9, room=145),
        line(LEFT, TOP, RIGHT, TOP, 0.4),
        line(LEFT, BOTTOM, RIGHT, BOTTOM, 0.4),
        line(LEFT, TOP, LEFT, BOTTOM, 0.4),
        line(RIGHT, TOP, RIGHT, BOTTOM, 0.4),
        text("Ketua KPPS: nama dan tanda tangan", LEFT, 263.5, 1.8),
        text(foot, 24, 286, 1.6, gray=60, room=150),
    ]


FREE_TEXT = {"kpps_1": Rect(x=LEFT, y=264.5, w=70.0, h=16.0)}


def boxes(right: float, middle: float, side: float, count: int = 3) -> tuple[Rect, ...]:
    """``count`` boxes that end at ``right``, centred on the line ``middle``."""
    step = side * (1 + GAP)
    return tuple(
        Rect(x=round(right - side - step * (count - 1 - i), 3), y=round(middle - side / 2, 3), w=side, h=side) for i in range(count)
    )


def bubbles(left: float, middle: float, count: int = 3) -> tuple[Bubbles, ...]:
    """One line of ten for each box, top line = first box."""
    return tuple(
        Bubbles(
            centres=tuple((round(left + d * BUBBLE_STEP, 3), round(middle + (i - (count - 1) / 2) * BUBBLE_STEP, 3)) for d in range(10)),
            radius=BUBBLE_STEP / 2.6,
        )
        for i in range(count)
    )


class Row:
    """One line of a table of votes: who, and how many votes."""

    __slots__ = ("label", "mark", "name", "named", "strong")

    def __init__(self, name: str, mark: str, named: str, label: Label, *, strong: bool = False) -> None:
        self.name, self.mark, self.named, self.label, self.strong = name, mark, named, label, strong


def vote_rows(rows: Sequence[Row]) -> tuple[list[Number], list[PrintItem]]:
    """A table of votes over the whole page: number and name left, bubbles where there is room, boxes right.

    Raises:
        ValueError: more rows than a page can hold.
    """
    pitch = min(22.0, (BOTTOM - TOP) / len(rows))
    if pitch < 8.5:
        raise ValueError(f"{len(rows)} rows do not fit on one page")
    side = min(11.0, round(pitch * 0.78, 2))
    marked = pitch >= ROOM_FOR_BUBBLES
    edge = RIGHT - 3.0
    first = edge - side * (3 + 2 * GAP)
    left_of_bubbles = first - 8.5 - 9 * BUBBLE_STEP
    numbers: list[Number] = []
    printed: list[PrintItem] = [line(LEFT + 11, TOP, LEFT + 11, TOP + pitch * len(rows))]
    for i, row in enumerate(rows):
        top = TOP + i * pitch
        middle = top + pitch / 2
        numbers.append(
            Number(
                name=row.name,
                label=row.label,
                boxes=boxes(edge, middle, side),
                bubbles=bubbles(left_of_bubbles, middle) if marked else (),
                border=round(side * BORDER, 3),
                guide=True,
            )
        )
        if i:
            printed.append(line(LEFT, top, RIGHT, top, 0.5 if row.strong else 0.25))
        room = (left_of_bubbles - 6 if marked else first - 4) - (LEFT + 13)
        printed.append(text(row.mark, LEFT + 2.5, middle + 1.3, 2.7, bold=True, room=8))
        printed.append(text(row.named, LEFT + 13, middle + 1.0, NAME_CAP, bold=row.strong, room=room))
        if marked:
            printed += [
                text(unit, left_of_bubbles - 4.6, middle + (k - 1) * BUBBLE_STEP + 0.7, 1.3, gray=90) for k, unit in enumerate("RPS")
            ]
    end = TOP + pitch * len(rows)
    if end < BOTTOM - 1:
        printed.append(line(LEFT, end, RIGHT, end, 0.4))
    return numbers, printed


def columns(
    groups: Iterable[tuple[Sequence[tuple[str, Label]], str]], top: float, pitch: float, side: float
) -> tuple[list[Number], list[PrintItem]]:
    """Rows of one to three numbers side by side, the last one at the right edge; ((name, label), ...) and the row's words."""
    numbers: list[Number] = []
    printed: list[PrintItem] = []
    step = side * (3 + 2 * GAP) + 4.5
    for i, (row, words) in enumerate(groups):
        middle = top + (i + 0.5) * pitch
        for k, (name, label) in enumerate(row):
            edge = RIGHT - 3.0 - step * (len(row) - 1 - k)
            numbers.append(Number(name=name, label=label, boxes=boxes(edge, middle, side), border=round(side * BORDER, 3), guide=True))
        room = RIGHT - 3.0 - step * len(row) - (LEFT + 2.5)
        printed.append(text(words, LEFT + 2.5, middle + 0.9, 1.9, room=room))
        printed.append(line(LEFT, top + (i + 1) * pitch, RIGHT, top + (i + 1) * pitch))
    return numbers, printed
