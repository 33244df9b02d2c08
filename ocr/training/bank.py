"""Training pictures: real boxes damaged anew, and boxes composed of one writer's ink on another form's paper.

A *bank* is a large array of the network's inputs with labels, made once for every fold from that fold's boxes alone, so that any set of
folds can be trained on together without a held-out box, its paper or its ink ever being seen.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.readers.clean import NEAR_SIZE, near_views, places
from ocr.training import augment, hands, ink, shapes
from ocr.training.ink import Image
from tally.glyphs import BLANK, CROSS, DASH, DIGITS, GLYPHS, JUNK

LETTERS = "ABEFGHKMNPQRTUVWYaefhkmnprtuwy&@#%"
"""Letters that look like no digit and no X."""
_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_PLAIN,
)

DATES = "dates2019"
"""Source of the boxes of the date that a page asks for (``date_boxes.json``): they are no numbers of the tally, but the writer's hand."""

KINDS = {
    "real": 0.38,
    "transplant": 0.10,
    "foreign": 0.15,
    "drawn": 0.07,
    "blank": 0.05,
    "dash": 0.03,
    "cross": 0.04,
    "cross_over_zero": 0.015,
    "junk": 0.165,
}
"""What share of a bank is what. ``foreign``: digits of other writers on the paper of real boxes; ``drawn``: of ``ocr.training.shapes``."""


RARE = {
    "real": 0.28,
    "transplant": 0.12,
    "foreign": 0.22,
    "drawn": 0.22,
    "blank": 0.01,
    "dash": 0.01,
    "cross": 0.03,
    "cross_over_zero": 0.01,
    "junk": 0.10,
}
"""The same with more of other hands and rare shapes: what the network that sees the writing from near is trained on beside the rest."""

HANDS = {
    "real": 0.22,
    "transplant": 0.12,
    "foreign": 0.17,
    "drawn": 0.04,
    "hand": 0.32,
    "blank": 0.01,
    "dash": 0.01,
    "cross": 0.02,
    "cross_over_zero": 0.01,
    "junk": 0.08,
}
"""The same with a third of digits from ``ocr.training.hands``, which now and then are the ink of overwritten boxes too."""

HAND_INK = 0.2
"""How often, in such a bank, a digit that something else is made of is one of ``ocr.training.hands``."""

FLOURISH = {"7": 0.5, "0": 0.12}
"""How often a foreign digit gets what American hands (MNIST) leave away and hands here write: the bar of a 7, the flag on a 0."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The real boxes a bank may use.

    Attributes:
        crops: (n, 64, 64) uint8.
        labels: (n,) indices into GLYPHS.
        weights: (n,) how often each is drawn.
        foreign: (m, 28, 28) digits of other writers, white on black.
        foreign_labels: (m,)
    """

    crops: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    weights: NDArray[np.float64]
    foreign: NDArray[np.uint8]
    foreign_labels: NDArray[np.uint8]


class Composer:
    """Draws training pictures from one pool."""

    def __init__(self, pool: Pool, seed: int, shares: Mapping[str, float] = KINDS) -> None:
        self.pool = pool
        self._shares = shares
        self._hand_ink = HAND_INK if "hand" in shares else 0.0
        self.rng = np.random.default_rng(seed)
        random.seed(seed)
        # real junk stays out of ink and paper
        usable = np.where(pool.labels != GLYPHS.index(JUNK), pool.weights, 0)
        self._any = np.cumsum(pool.weights / pool.weights.sum())
        self._clean = np.cumsum(usable / usable.sum())
        digits = np.where(pool.labels < len(DIGITS), usable, 0)
        self._digits = np.cumsum(digits / digits.sum())
        self._kinds: dict[str, Callable[[], tuple[Image, str]]] = {
            "real": self._real,
            "transplant": self._transplant,
            "foreign": self._foreign,
            "drawn": self._drawn,
            "hand": self._hand,
            "blank": self._blank,
            "dash": self._dash,
            "cross": self._cross,
            "cross_over_zero": self._cross_over_zero,
            "junk": self._junk,
        }

    def draw(self) -> tuple[NDArray[np.uint8], int]:
        """One damaged box ((64, 64) uint8) and its glyph's index."""
        names = [n for n in self._shares if n != "foreign" or len(self.pool.foreign)]
        kind = random.choices(names, [self._shares[n] for n in names])[0]
        picture, glyph = self._kinds[kind]()
        if glyph != JUNK and random.random() < 0.15:
            picture = self._intruders(picture)
        if random.random() < 0.05:
            picture = ink.put(picture, ink.dotted_guide(random.uniform(0.5, 1.0), random.uniform(20, 130)))
        return augment.damage(picture, self.rng), GLYPHS.index(glyph)

    # what is drawn -----------------------------------------------------------------------------------------------------------------

    def _pick(self, cumulative: NDArray[np.float64]) -> int:
        return min(int(np.searchsorted(cumulative, random.random())), len(cumulative) - 1)

    def _paper(self) -> Image:
        paper, _ = ink.separate(self.pool.crops[self._pick(self._clean)], self.rng)
        return paper

    def _ink_of(self, index: int) -> Image:
        return ink.separate(self.pool.crops[index], self.rng)[1]

    def _digit_ink(self) -> tuple[Image, str]:
        """A digit's ink, of a real box, of another writer or drawn."""
        if self._hand_ink and random.random() < self._hand_ink:
            return hands.digit(self.rng, random.uniform(1.2, 4), self._dark())
        if len(self.pool.foreign) and random.random() < 0.35:
            return self._foreign_ink()
        index = self._pick(self._digits)
        return self._ink_of(index), GLYPHS[self.pool.labels[index]]

    def _foreign_ink(self) -> tuple[Image, str]:
        index = random.randrange(len(self.pool.foreign))
        digit = self.pool.foreign[index]
        ys, xs = np.nonzero(digit > 60)
        cut = digit[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
        height = random.uniform(22, 44) if random.random() < 0.7 else random.uniform(14, 24)
        width = min(44.0, cut.shape[1] / cut.shape[0] * height * random.uniform(0.8, 1.25))
        size = max(3, round(width)), max(8, round(height))
        big = cv2.resize(cut, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)
        # MNIST's pen is thick: keep the middle of the stroke
        low = random.uniform(40, 170)
        big = np.clip((big - low) / (255 - low) * random.choice((1.6, 1.6, 4.0)), 0, 1)  # sometimes as crisp as a scan
        canvas = np.zeros((ink.SIZE, ink.SIZE), np.float32)
        room_x, room_y = 52 - size[0], 52 - size[1]
        x = 6 + min(max(0, round(random.gauss(room_x / 2, 1 + room_x / 7))), room_x)
        y = 6 + min(max(0, round(random.gauss(room_y / 2, 1 + room_y / 7))), room_y)
        canvas[y : y + size[1], x : x + size[0]] = big
        if random.random() < 0.35:
            canvas = ink.thin(canvas, random.uniform(1.2, 3))
        if random.random() < 0.6:
            canvas = ink.restyle(canvas, self.rng)
        dark, glyph = self._dark(), GLYPHS[self.pool.foreign_labels[index]]
        layer = np.asarray(canvas * dark, np.float32)
        if random.random() < FLOURISH.get(glyph, 0.0):
            layer = np.maximum(layer, ink.strokes([self._flourish(glyph, x, y, *size)], random.uniform(1.3, 3.2), dark * 0.95))
        return ink.shift(layer, 0, 0, 1.0, random.gauss(0, 4)), glyph

    @staticmethod
    def _flourish(glyph: str, x: int, y: int, wide: int, high: int) -> ink.Points:
        """What hands here add to a digit in the given rectangle: the bar of a 7, the flag on a 0."""
        if glyph == "7":
            level, half = y + high * random.uniform(0.4, 0.66), wide * random.uniform(0.25, 0.55)
            middle, tilt = x + wide * random.uniform(0.4, 0.65), random.gauss(0.08, 0.15) * half
            return [(middle - half, level + tilt), (middle + half, level - tilt)]
        start = (x + wide * random.uniform(0.3, 0.7), y + high * random.uniform(0.0, 0.12))
        return [start, (start[0] + wide * random.uniform(0.1, 0.5), start[1] - high * random.uniform(0.05, 0.25))]

    @staticmethod
    def _dark() -> float:
        return random.uniform(45, 170) if random.random() < 0.75 else random.uniform(150, 240)

    @staticmethod
    def _width() -> float:
        return random.uniform(1.3, 4.2) if random.random() < 0.85 else random.uniform(4.2, 7)

    @staticmethod
    def _pen(layer: Image) -> Image:
        """Now and then a marker instead of a ball pen."""
        chance = random.random()
        if chance > 0.25:
            return layer
        kernel = np.ones((3, 3) if chance < 0.15 else (2, 2), np.uint8)
        return np.asarray(cv2.dilate(layer, kernel), dtype=np.float32)

    # the kinds ---------------------------------------------------------------------------------------------------------------------

    def _real(self) -> tuple[Image, str]:
        index = self._pick(self._any)
        return self.pool.crops[index].astype(np.float32), GLYPHS[self.pool.labels[index]]

    def _transplant(self) -> tuple[Image, str]:
        index = self._pick(self._clean)
        layer = self._pen(self._ink_of(index)) * random.uniform(0.7, 1.5)
        if random.random() < 0.5:
            layer = ink.restyle(layer, self.rng)
        scale = random.uniform(0.8, 1.12) if random.random() < 0.6 else random.uniform(0.5, 0.85)
        room = 1.5 + 9 * max(0.0, 0.9 - scale)  # small writing stands anywhere in the box
        moved = ink.shift(layer, random.gauss(0, room), random.gauss(0, room), scale, random.gauss(0, 4))
        return ink.put(self._paper(), moved), GLYPHS[self.pool.labels[index]]

    def _foreign(self) -> tuple[Image, str]:
        layer, glyph = self._foreign_ink()
        return ink.put(self._paper(), layer), glyph

    def _drawn(self) -> tuple[Image, str]:
        layer, glyph = shapes.digit(self.rng, random.uniform(1.2, 4), self._dark())
        if random.random() < 0.3:
            layer = ink.restyle(layer, self.rng)
        return ink.put(self._paper(), layer), glyph

    def _hand(self) -> tuple[Image, str]:
        layer, glyph = hands.digit(self.rng, random.uniform(1.2, 4), self._dark())
        if random.random() < 0.4:
            layer = ink.restyle(layer, self.rng)
        return ink.put(self._paper(), layer), glyph

    def _blank(self) -> tuple[Image, str]:
        paper = self._paper()
        if random.random() < 0.25:  # the other side of the paper, or what an eraser left
            faint = cv2.GaussianBlur(self._digit_ink()[0], (0, 0), random.uniform(1.0, 2.5)) * random.uniform(0.02, 0.1)
            paper = ink.put(paper, np.asarray(faint, dtype=np.float32))
        if random.random() < 0.3:
            x, y = random.uniform(12, 52), random.uniform(12, 52)
            speck: ink.Points = [(x, y), (x + random.gauss(0, 1), y + random.gauss(0, 1))]
            paper = ink.put(paper, ink.strokes([speck], random.uniform(0.6, 1.6), self._dark()))
        return paper, BLANK

    def _dash(self) -> tuple[Image, str]:
        return ink.put(self._paper(), ink.strokes(ink.dash_lines(), self._width(), self._dark(), 0.9)), DASH

    def _cross_ink(self) -> Image:
        if random.random() < 0.3:
            lines = ink.spanning_cross_lines()
        else:
            lines = ink.cross_lines(random.uniform(0.3, 1.0) if random.random() < 0.7 else random.uniform(1.0, 1.5))
        return ink.strokes(lines, self._width(), self._dark(), 1.2)

    def _cross(self) -> tuple[Image, str]:
        return ink.put(self._paper(), self._cross_ink()), CROSS

    def _cross_over_zero(self) -> tuple[Image, str]:
        layer, glyph = self._digit_ink()
        for _ in range(40):
            if glyph == "0":
                break
            layer, glyph = self._foreign_ink() if len(self.pool.foreign) else self._digit_ink()
        else:
            return self._cross()
        return ink.put(self._paper(), np.maximum(layer * random.uniform(0.7, 1.2), self._cross_ink())), CROSS

    def _junk(self) -> tuple[Image, str]:
        kind = random.choices(
            ("overlay", "scribble", "blot", "struck", "crossed", "hatched", "letters", "pair", "displaced", "print", "fluid"),
            (38, 10, 7, 22, 7, 7, 12, 6, 7, 4, 4),
        )[0]
        paper = self._paper()
        if kind == "overlay":
            for _ in range(8):
                (a, glyph_a), (b, glyph_b) = self._digit_ink(), self._digit_ink()
                b = ink.shift(b, random.gauss(0, 2.5), random.gauss(0, 2.5), random.uniform(0.85, 1.2))
                if random.random() < 0.35:  # gone over with more force, so that it shall count
                    b = self._bold(b)
                if glyph_a != glyph_b and not ink.overlaps_too_well(a, b):
                    level = float(b.max()) / max(1.0, float(a.max()))  # both to be seen
                    layer = np.maximum(a * level * random.uniform(0.55, 1.1), self._pen(b) * random.uniform(0.9, 1.4))
                    return ink.put(paper, layer), JUNK
            kind = "scribble"
        if kind == "scribble":
            return ink.put(paper, ink.strokes(ink.scribble_lines(), self._width(), self._dark(), 1.5)), JUNK
        if kind == "blot":
            layer, _ = self._digit_ink()
            return ink.put(paper, np.maximum(layer, ink.strokes(ink.blot_lines(), random.uniform(2, 5), self._dark(), 0.6))), JUNK
        if kind == "struck":
            return ink.put(paper, self._struck()), JUNK
        if kind == "hatched":
            layer, _ = self._digit_ink()
            return ink.put(paper, np.maximum(layer, ink.strokes(ink.scribble_lines(), self._width(), self._dark(), 1.2))), JUNK
        if kind == "crossed":
            for _ in range(8):
                layer, glyph = self._digit_ink()
                cross = self._cross_ink()
                if glyph not in "01" and not ink.overlaps_too_well(layer, cross, 0.25):
                    break
            else:
                layer, cross = ink.strokes(self._strike(), self._width(), self._dark(), 1.2), self._cross_ink()
            return ink.put(paper, np.maximum(layer, cross)), JUNK
        if kind == "letters":
            text = "".join(random.choice(LETTERS) for _ in range(random.choice((1, 1, 2))))
            x, y = 31.5 + random.gauss(0, 3), 31.5 + random.gauss(0, 3)
            layer = ink.letter(text, random.choice(_FONTS), random.uniform(16, 36), self._width(), self._dark(), x, y)
            return ink.put(paper, ink.shift(layer, 0, 0, 1, random.gauss(0, 9))), JUNK
        if kind == "pair":  # two digits beside or above each other in one box
            (a, _), (b, _) = self._digit_ink(), self._digit_ink()
            across = random.random() < 0.7
            gap, size = random.uniform(9, 13), random.uniform(0.45, 0.65)
            dx, dy = (gap, random.gauss(0, 2)) if across else (random.gauss(0, 2), gap)
            return ink.put(paper, np.maximum(ink.shift(a, -dx, -dy, size), ink.shift(b, dx, dy, size))), JUNK
        if kind == "displaced":
            return self._displaced(), JUNK
        if kind == "print":  # a line of the form's own text: the box is not where it was expected
            return self._print(float(np.median(paper))), JUNK
        layer, _ = self._digit_ink()  # correction fluid: white patches over parts of a digit, then struck
        mask = ink.patches(self.rng, 5, 0.5, 1.2)
        covered = ink.put(paper, layer) * (1 - mask) + min(255.0, float(paper.max()) * 1.05) * mask
        return ink.put(covered, ink.strokes(self._strike(), self._width(), self._dark())), JUNK

    @staticmethod
    def _bold(layer: Image) -> Image:
        """The same strokes with a pen two to four px broader."""
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, random.choice(((3, 3), (4, 4), (5, 5))))
        return np.asarray(cv2.dilate(layer, kernel), dtype=np.float32)

    def _struck(self) -> Image:
        """A digit struck by one to three lines; often the right one stands beside it, above or below, partly outside the box."""
        layer, glyph = self._digit_ink()
        beside = random.random() < 0.4
        side = random.choice((-1, 1))
        if beside:
            layer = ink.shift(layer, -side * random.uniform(2, 7), random.gauss(0, 2), random.uniform(0.7, 0.95))
        lines = self._strike()
        if random.random() < 0.3 and glyph not in "017":  # a 1 or 7 with one bar is a 7, a 0 with a slash a 0
            lines = [lines[0]]
            y = float(np.average(np.arange(ink.SIZE), weights=layer.sum(axis=1) + 1e-6)) + random.gauss(0, 2)
            middle = (lines[0][0][1] + lines[0][1][1]) / 2
            lines = [[(px, py - middle + y) for px, py in lines[0]]]
        drawn = np.maximum(layer, ink.strokes(lines, self._width(), max(self._dark(), float(layer.max()) * 0.7), 1.2))
        if beside:
            right, _ = self._digit_ink()
            right = ink.shift(right, side * random.uniform(13, 21), random.uniform(-14, 14), random.uniform(0.5, 0.85))
            drawn = np.maximum(drawn, right)
        return np.asarray(drawn, dtype=np.float32)

    def _print(self, tone: float) -> Image:
        """Lines of small print on empty paper."""
        page = np.full((ink.SIZE, ink.SIZE), tone, np.float32)
        height, pen = random.uniform(6, 11), random.uniform(0.8, 1.8)
        for y in np.arange(random.uniform(4, 20), 62, random.uniform(14, 40)):
            text = "".join(random.choice("abcdefghijklmnoprstuABDEHIKMNPRSTU ") for _ in range(random.randint(4, 9)))
            page = ink.put(page, ink.letter(text, cv2.FONT_HERSHEY_SIMPLEX, height, pen, self._dark(), 31.5 + random.gauss(0, 8), float(y)))
        return page

    def _strike(self) -> list[ink.Points]:
        """Lines that strike a digit out: two or three parallel ones, or one long slash with a second stroke."""
        slope = random.choice((0.0, random.gauss(0, 0.3), random.uniform(0.6, 1.1), -random.uniform(0.6, 1.1)))
        half = random.uniform(18, 27)
        lines: list[ink.Points] = []
        for offset in random.choice(((-4, 4), (-6, 0, 6), (-3, 3), (-8, 2))):
            y = 31.5 + offset + random.gauss(0, 1.5)
            lines.append([(31.5 - half, y + half * slope), (31.5 + half, y - half * slope)])
        return lines

    def _displaced(self) -> Image:
        """Two neighbouring boxes, cut in the middle between them: what a wrongly located box looks like."""
        first = self.pool.crops[self._pick(self._clean)].astype(np.float32)
        second = self.pool.crops[self._pick(self._clean)].astype(np.float32)
        second = second - float(np.median(second)) + float(np.median(first))
        cut = random.randint(21, 29)
        if random.random() < 0.5:
            return np.concatenate([first[:, 64 - cut - 8 : 56], second[:, 8 : 8 + 64 - cut]], axis=1).astype(np.float32)
        return np.concatenate([first[64 - cut - 8 : 56], second[8 : 8 + 64 - cut]], axis=0).astype(np.float32)

    def _intruders(self, picture: Image) -> Image:
        """A neighbour's border or the end of a neighbour's stroke near an edge of the crop."""
        side = random.randrange(4)
        if random.random() < 0.5:
            at = random.uniform(-1, 4.5)
            line: ink.Points = [(at, -4), (at + random.gauss(0, 1), 68)]
        else:
            at, depth = random.uniform(10, 54), random.uniform(3, 11)
            line = [(-4, at), (depth, at + random.gauss(0, 6))]
        for _ in range(side):
            line = [(63 - y, x) for x, y in line]
        return ink.put(picture, ink.strokes([line], random.uniform(1, 3.2), self._dark(), 0.7))


def make_bank(
    pool: Pool, count: int, seed: int, shares: Mapping[str, float] = KINDS
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """``count`` pictures, each as both kinds of network see it.

    Returns:
        (count, NET_SIZE, NET_SIZE) uint8; (count, NEAR_SIZE, NEAR_SIZE) uint8, the same from near; (count,) uint8 indices into GLYPHS.
    """
    composer = Composer(pool, seed, shares)
    pictures = np.empty((count, augment.NET_SIZE, augment.NET_SIZE), np.uint8)
    near = np.empty((count, NEAR_SIZE, NEAR_SIZE), np.uint8)
    labels = np.empty(count, np.uint8)
    for start in range(0, count, 500):
        stop = min(start + 500, count)
        drawn = [composer.draw() for _ in range(start, stop)]
        crops = np.stack([picture for picture, _ in drawn])
        pictures[start:stop] = [augment.shrink(crop) for crop in crops]
        near[start:stop] = near_views(crops, places(crops))
        labels[start:stop] = [glyph for _, glyph in drawn]
    return pictures, near, labels
