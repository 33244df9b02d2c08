"""Numbers written in words (SERATUS DUA PULUH TUJUH) as one more witness of the same numbers.

A small network (``ocr/training/words``) spells a strip of ink letter by letter, knowing no words; the vocabulary of ``tally.words`` then
says how likely each of the numbers 0..999 is to look like that: the CTC forward probability of all its wordings (Graves et al.,
"Connectionist temporal classification", ICML 2006). Every number is as likely as any other beforehand: what the boxes say plays no part.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.readers.onnx import single_thread_session
from ocr.readers.word_strips import strips
from ocr.types import AlignedSheet, Floats, Gray
from tally.words import LARGEST, LETTERS, UNITS, ZEROS, phrases

F32 = NDArray[np.float32]

MODEL = Path(__file__).parent.parent / "models" / "words.onnx"

LEAST = 1e-4
"""Values less likely than this are not listed."""
_SURE = 0.999
"""Frames that are blank with this probability count once, however many follow each other."""
_SLIP = math.exp(-4.0)
"""How much rarer an unusual wording is."""
_LAST = tuple(w for w in (*UNITS, *ZEROS) if w)
"""The words with which a phrase may end that are no part of its trie: units and zeros."""


class Speller:
    """The log likelihood of each number 0..999, given the letters' probabilities frame by frame.

    All wordings but their last word form one trie, over which the CTC forward pass runs; the last words have a backward pass of
    their own. A wording is their sum over the frame where the one ends and the other begins, so that the trie need not hold ten
    endings for each beginning (2,500 nodes instead of 13,000).
    """

    def __init__(self) -> None:
        node: dict[str, int] = {"": 0}
        rows = []
        for value in range(LARGEST + 1):
            for k, text in enumerate(phrases(value)):
                words = text.split()
                last = words.pop() if words[-1] in _LAST else ""
                head = "".join(words)
                for i in range(1, len(head) + 1):
                    node.setdefault(head[:i], len(node))
                rows.append((node[head], 1 + _LAST.index(last) if last else 0, value, 1.0 if k == 0 or value == 0 else _SLIP))
        heads, last_words, values, weights = zip(*rows, strict=True)
        self._parent = np.array([node[q[:-1]] for q in node])
        self._letter = np.array([_index(q[-1]) if q else 0 for q in node])
        self._enter = (self._letter != self._letter[self._parent]).astype(np.float32)
        self._enter[0] = 0
        self._ends, self._head = np.unique(np.array(heads), return_inverse=True)
        self._last, self._value, self._weight = np.array(last_words), np.array(values), np.array(weights)
        longest = max(map(len, _LAST))
        self._chain = np.zeros((len(_LAST), longest), np.int64)
        self._step = np.zeros((len(_LAST), longest))
        self._final = np.zeros((len(_LAST), longest + 1))
        for k, word in enumerate(_LAST):
            self._chain[k, : len(word)] = [_index(c) for c in word]
            self._step[k, : len(word) - 1] = [a != b for a, b in pairwise(word)]
            self._final[k, len(word) - 1] = 1
        self._differs = self._letter[self._ends][:, None] != self._chain[:, 0][None]

    def __call__(self, said: F32) -> Floats:
        """(frames, 1 + letters) log probabilities -> (1000,) log likelihoods (-inf: not enough frames)."""
        return self.all([said])[0]

    def all(self, said: Sequence[F32]) -> list[Floats]:
        """As a call, for several strips at once, in half the time."""
        spoken = [_shortened(np.exp(one)) for one in said]
        if not spoken:
            return []
        return [self._likelihoods(*f, r) for f, r in zip(self._forward(spoken), self._backward(spoken), strict=True)]

    def _likelihoods(self, letters: F32, blanks: F32, scale: Floats, rest: Floats) -> Floats:
        with np.errstate(divide="ignore"):
            whole = np.log((letters[-1] + blanks[-1]).astype(np.float64)) + scale[-1]
            joint = scale[:-1, None] + rest
            top = joint.max()
            weight = np.exp(joint - top)
            after_blank = blanks[:-1].T.astype(np.float64) @ weight
            after_letter = letters[:-1].T.astype(np.float64) @ weight
            split = np.log(after_blank + self._differs * after_letter) + top
            each = np.c_[whole, split][self._head, self._last]
            best = each.max()
            if not np.isfinite(best):
                return np.full(LARGEST + 1, -np.inf)
            total = np.bincount(self._value, np.exp(each - best) * self._weight, LARGEST + 1)
            return np.asarray(np.log(total) + best, np.float64)

    def _forward(self, spoken: Sequence[F32]) -> list[tuple[F32, F32, Floats]]:
        """Of the wordings' beginnings, after each frame: probability of being in their last letter, in the blank after it; log scale.

        All strips go forward together: a step costs as much as its calls. A strip that is over says nothing but blanks.
        """
        count, frames = len(spoken), max(map(len, spoken))
        p = np.zeros((frames, count, spoken[0].shape[1]), np.float32)
        p[:, :, 0] = 1
        for k, one in enumerate(spoken):
            p[: len(one), k] = one
        a = np.zeros((count, len(self._parent)), np.float32)
        b, new, of_parent, now = a.copy(), a.copy(), a.copy(), a.copy()
        b[:, 0] = 1
        letters = np.zeros((frames + 1, count, len(self._ends)), np.float32)
        blanks, scale = letters.copy(), np.zeros((frames + 1, count))
        blanks[0] = b[:, self._ends]
        for t in range(frames):
            np.take(b, self._parent, axis=1, out=new, mode="clip")
            np.take(a, self._parent, axis=1, out=of_parent, mode="clip")
            of_parent *= self._enter
            new += of_parent
            new += a
            np.take(p[t], self._letter, axis=1, out=now, mode="clip")
            new *= now
            new[:, 0] = 0
            b += a
            b *= p[t, :, :1]
            most = np.maximum(np.maximum(new.max(axis=1), b.max(axis=1)), np.float32(1e-30))[:, None]
            np.divide(new, most, out=a)
            b /= most
            scale[t + 1] = scale[t] + np.log(most[:, 0].astype(np.float64))
            np.take(a, self._ends, axis=1, out=letters[t + 1], mode="clip")
            np.take(b, self._ends, axis=1, out=blanks[t + 1], mode="clip")
        over = [len(one) + 1 for one in spoken]
        return [(letters[:n, k], blanks[:n, k], scale[:n, k]) for k, n in enumerate(over)]

    def _backward(self, spoken: Sequence[F32]) -> list[Floats]:
        """(frames, last words) log probability that the word's first letter stands at the frame and the word ends with the strip.

        All strips go backward together from their ends; one that is over before the others only goes on into nothing.
        """
        count, frames = len(spoken), max(map(len, spoken))
        p = np.zeros((frames, count, spoken[0].shape[1]))
        p[:, :, 0] = 1
        for k, one in enumerate(spoken):
            p[: len(one), k] = one[::-1]
        out = np.full((frames, count, len(_LAST)), -np.inf)
        letter = np.repeat(self._final[None], count, axis=0)
        blank, scale = letter.copy(), np.zeros((count, len(_LAST)))
        n = self._chain.shape[1]
        said = p[:, :, self._chain]
        for t in range(frames):
            letter[..., :n] *= said[t]
            blank *= p[t, :, :1, None]
            out[t] = np.log(np.maximum(letter[..., 0], 1e-300)) + scale
            before = letter + blank
            before[..., :n] += self._step * letter[..., 1:]
            blank[..., :n] += letter[..., 1:]
            most = np.maximum(np.maximum(before.max(-1), blank.max(-1)), 1e-300)
            letter, blank = before / most[..., None], blank / most[..., None]
            scale += np.log(most)
        return [out[: len(one), k][::-1] for k, one in enumerate(spoken)]


def _shortened(p: F32) -> F32:
    """Without the frames that are surely blank after another such."""
    sure = p[:, 0] > _SURE
    return np.asarray(p[~(sure & np.r_[False, sure[:-1]])], np.float32)


def _index(letter: str) -> int:
    return 1 + LETTERS.index(letter)


class WordsReader:
    """Reads the number words of a sheet with the network at ``path`` and the calibration beside it (``.json``), on one thread.

    Raises:
        FileNotFoundError: the model or its side-car is missing.
        ValueError: the side-car's letters are not this program's.
    """

    name = "words"

    def __init__(self, path: Path = MODEL) -> None:
        sidecar: dict[str, Any] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        if sidecar["letters"] != LETTERS:
            raise ValueError(f"{path.name} was trained for the letters {sidecar['letters']!r}, this program uses {LETTERS!r}")
        if not path.is_file():
            raise FileNotFoundError(path)
        self.temperature, self.doubt = float(sidecar["temperature"]), (float(sidecar["doubt"][0]), float(sidecar["doubt"][1]))
        self.forms = frozenset(str(f) for f in sidecar["forms"])
        self._session = single_thread_session(path)
        self._speller = Speller()

    def spelled(self, strip: Gray) -> NDArray[np.float32]:
        """(32, w) strip -> (w / 4, 1 + letters) log probabilities, frame by frame."""
        wide = np.pad(strip, ((0, 0), (0, -strip.shape[1] % 4)))[None, None].astype(np.float32)
        return np.asarray(self._session.run(["said"], {"strip": wide})[0][0], np.float32)

    def values(self, *strips: Gray) -> list[dict[int, float]]:
        """Of each strip the probability of each number that it may say, the likeliest first. What is missing to 1 is doubt: it might be
        anything."""
        return [judged(said, self.temperature, self.doubt) for said in self._speller.all([self.spelled(s) for s in strips])]

    def read(self, sheet: AlignedSheet) -> dict[str, dict[int, float]]:
        """For each number whose words' area holds ink: value -> probability (see ``values``). Nothing on forms it was not measured on."""
        if sheet.template.form not in self.forms:
            return {}
        found = strips(sheet)
        return dict(zip(found, self.values(*found.values()), strict=True))


def judged(likelihoods: Floats, temperature: float, doubt: tuple[float, float]) -> dict[int, float]:
    """Calibrated probabilities of the values from their log likelihoods (1000,).

    The likelihoods' sum is the probability that the network would spell *some* number here: little, where the ink is struck out, too
    faint, or no number. ``doubt`` turns its logarithm a letter, x, into the share that is sure: 1 / (1 + exp(-(doubt[0] + doubt[1] * x))).
    """
    top = float(likelihoods.max())
    if not math.isfinite(top):  # fewer frames than letters
        return {}
    total = top + math.log(float(np.exp(likelihoods - top).sum()))
    powers = np.exp(temperature * (likelihoods - top))
    powers /= powers.sum()
    best = int(powers.argmax())
    letters = len(phrases(best)[0].replace(" ", ""))
    sure = 1 / (1 + math.exp(-(doubt[0] + doubt[1] * total / letters)))
    order = np.argsort(powers)[::-1]
    return {int(v): float(sure * powers[v]) for v in order if sure * powers[v] >= LEAST}


@lru_cache(maxsize=1)
def default_reader() -> WordsReader:
    """The project's own network, loaded once a process."""
    return WordsReader()


def read_words(sheet: AlignedSheet) -> dict[str, dict[int, float]]:
    """What the words on the sheet say: number name -> value -> probability. Numbers without readable words are left out."""
    return default_reader().read(sheet) if sheet.page.words else {}
