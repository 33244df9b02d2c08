"""Trains the reader of number words and keeps what it says of strips it was not trained on.

    python -m ocr.training.words.train STRIPS.npz --fonts DIR --out DIR [--pretrain | --fold K] [--start WEIGHTS]

``STRIPS.npz`` comes from ``ocr.training.words.strips``. First, once, on phrases set in handwriting fonts (--pretrain); from there on real
strips of the other folds, damaged, and on phrases put together from their words, which a first pass cut apart by forced alignment.
"""

from __future__ import annotations

import argparse
import copy
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ocr.training.words.ink import Strip, damaged, drawn, fonts, joined, some_phrase, spelled
from ocr.training.words.network import WordsNet
from tally.words import phrases

log = logging.getLogger(__name__)

BATCH = 32
PEAK = 2e-3
LIKELY, CUT = -1.2, -0.5
"""Log probability a letter from which a strip is believed to say its number, and to be cut into words."""
Sample = tuple[Strip, list[int]]
Draw = Callable[[np.random.Generator], Sample]


def padded(strips: list[Strip], multiple: int = 32) -> Tensor:
    """(n, 1, 32, w) float, narrow ones padded with paper on the right."""
    width = -(-max(s.shape[1] for s in strips) // multiple) * multiple
    out = np.zeros((len(strips), 1, strips[0].shape[0], width), np.float32)
    for row, s in zip(out, strips, strict=True):
        row[0, :, : s.shape[1]] = s
    return torch.from_numpy(out)


def batches(draw: Draw, count: int, rng: np.random.Generator) -> Iterator[list[Sample]]:
    """``count`` batches of strips of like width."""
    made = 0
    while made < count:
        some = sorted((draw(rng) for _ in range(8 * BATCH)), key=lambda s: s[0].shape[1])
        groups = [some[i : i + BATCH] for i in range(0, len(some), BATCH)]
        for k in rng.permutation(len(groups)):
            yield groups[k]
            made += 1
            if made == count:
                return


def fit(net: WordsNet, draw: Draw, steps: int, peak: float, seed: int) -> WordsNet:
    """Trains ``net`` in place, one cycle; returns a running mean of its weights."""
    rng = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(net.parameters(), lr=peak, weight_decay=0.01)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, peak, total_steps=steps, pct_start=0.2)
    mean = copy.deepcopy(net)
    started, total = time.process_time(), 0.0
    for step, batch in enumerate(batches(draw, steps, rng)):
        net.train()
        x = padded([s for s, _ in batch]).to(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            logits = net(x)
        said = logits.float().log_softmax(-1).transpose(0, 1)
        targets = torch.tensor([c for _, t in batch for c in t])
        frames = torch.full((len(batch),), said.shape[0])
        lengths = torch.tensor([len(t) for _, t in batch])
        loss = torch.nn.functional.ctc_loss(said, targets, frames, lengths, zero_infinity=True)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        plan.step()
        keep = min(0.99, step / (step + 10))
        with torch.no_grad():
            for mine, theirs in zip(mean.state_dict().values(), net.state_dict().values(), strict=True):
                if mine.dtype.is_floating_point:
                    mine.mul_(keep).add_(theirs, alpha=1 - keep)
        total += float(loss.detach())
        if step % 100 == 99:
            log.info("step %d loss %.3f  %.0f s", step + 1, total / 100, time.process_time() - started)
            total = 0.0
    mean.eval()
    return mean


def spoken(net: WordsNet, strips: list[Strip]) -> list[NDArray[np.float32]]:
    """(frames, CLASSES) log probabilities of every strip."""
    net.eval()
    out = []
    with torch.no_grad():
        for s in strips:
            logits = net(padded([s], 4))[0]
            out.append(np.asarray(logits.log_softmax(-1).numpy(), np.float32))
    return out


def aligned(said: NDArray[np.float32], letters: list[int]) -> tuple[float, list[tuple[int, int]]]:
    """Best CTC path of ``letters``: its log probability and the first and last frame of each letter (Viterbi)."""
    states = [0] + [s for c in letters for s in (c, 0)]
    n, frames = len(states), len(said)
    score = np.full(n, -np.inf)
    score[0], score[1] = said[0, 0], said[0, states[1]]
    back = np.zeros((frames, n), np.int8)
    skip = np.array([i > 1 and states[i] != 0 and states[i] != states[i - 2] for i in range(n)])
    for t in range(1, frames):
        options = np.stack([score, np.r_[-np.inf, score[:-1]], np.where(skip, np.r_[-np.inf, -np.inf, score[:-2]], -np.inf)])
        back[t] = options.argmax(0)
        score = options.max(0) + said[t, states]
    at = n - 1 if score[n - 1] > score[n - 2] else n - 2
    best = float(score[at])
    spans = [(frames, -1)] * len(letters)
    for t in range(frames - 1, -1, -1):
        if states[at]:
            k = at // 2
            spans[k] = (min(spans[k][0], t), max(spans[k][1], t))
        at -= int(back[t, at])
    return best, spans


def words_of(net: WordsNet, strips: list[Strip], values: list[int]) -> tuple[list[str | None], dict[str, list[Strip]]]:
    """The wording of each strip that the network finds likeliest (None if none is likely), and the words cut out of the strips."""
    texts: list[str | None] = []
    bank: dict[str, list[Strip]] = {}
    for s, said, value in zip(strips, spoken(net, strips), values, strict=True):
        tried = [(*aligned(said, spelled(p)), p) for p in phrases(value) if len(p) < len(said)]
        score, spans, text = max(tried, key=lambda b: b[0], default=(-np.inf, [], ""))
        sure = score / max(1, len(text))
        texts.append(text if sure > LIKELY else None)
        if sure > CUT:
            for word, piece in cut_apart(s, text.split(), spans):
                bank.setdefault(word, []).append(piece)
    return texts, bank


def cut_apart(strip: Strip, words: list[str], spans: list[tuple[int, int]]) -> list[tuple[str, Strip]]:
    """The strip's words, cut where there is least ink between the last letter of one and the first of the next."""
    at, edges = 0, [0]
    for w in words[:-1]:
        at += len(w)
        a = 4 * spans[at - 1][1] + 4
        inside = strip[:, a : max(4 * spans[at][0], a + 1)].astype(np.int64).sum(0)
        edges.append(a + int(np.flatnonzero(inside == inside.min()).mean()) if len(inside) else a)
    edges.append(strip.shape[1])
    pieces = [(w, strip[:, a:b]) for w, a, b in zip(words, edges[:-1], edges[1:], strict=True)]
    return [(w, p) for w, p in pieces if p.shape[1] >= 12]


@dataclass(slots=True)
class Sources:
    """Where samples come from: phrases set in fonts, real strips, phrases put together from the words of real strips."""

    typed: list[Sample]
    strips: list[Strip]
    texts: list[str | None]
    """What each strip says; None: not to be learnt from."""
    words: dict[str, list[Strip]] = field(default_factory=dict)

    def typed_one(self, rng: np.random.Generator) -> Sample:
        strip, letters = self.typed[int(rng.integers(len(self.typed)))]
        return damaged(strip, rng), letters

    def composed_one(self, rng: np.random.Generator) -> Sample:
        while True:
            text = some_phrase(rng)
            if all(w in self.words for w in text.split()):
                words = [self.words[w][int(rng.integers(len(self.words[w])))] for w in text.split()]
                return damaged(joined(words, rng), rng), spelled(text)

    def any_one(self, rng: np.random.Generator) -> Sample:
        """A quarter from fonts; once there are words, another third put together from them; the rest real."""
        u = rng.random()
        if u < 0.25:
            return self.typed_one(rng)
        if self.words and u < 0.6:
            return self.composed_one(rng)
        while True:
            i = int(rng.integers(len(self.strips)))
            text = self.texts[i]
            if text is not None:
                return damaged(self.strips[i], rng), spelled(text)


class _Speaks(torch.nn.Module):  # type: ignore[misc]
    """A strip's letters as log probabilities, the way the reader wants them."""

    def __init__(self, net: WordsNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, strip: Tensor) -> Tensor:
        out: Tensor = self.net(strip).log_softmax(-1)
        return out


def export(net: WordsNet, path: Path) -> None:
    """ONNX with one input ``strip`` (n, 1, 32, w), w a multiple of 4, and one output ``said`` (n, w / 4, CLASSES)."""
    torch.onnx.export(
        _Speaks(net).eval(),
        (torch.zeros(1, 1, 32, 256),),
        str(path),
        input_names=["strip"],
        output_names=["said"],
        dynamic_axes={"strip": {0: "n", 3: "w"}, "said": {0: "n", 1: "frames"}},
        opset_version=17,
        dynamo=False,
    )


def main() -> None:
    """Command line."""
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("strips", type=Path)
    ap.add_argument("--fonts", type=Path, required=True, help="folder with @fontsource packages of handwriting fonts")
    ap.add_argument("--out", type=Path, required=True)
    ap.add_argument("--pretrain", action="store_true")
    ap.add_argument("--fold", type=int, default=-1, help="leave this third out; -1: train on all and write words.onnx")
    ap.add_argument("--steps", type=int, nargs=2, default=(300, 1200), help="before and after the words are cut apart")
    ap.add_argument("--start", type=Path, help="weights to begin from; default: those of --pretrain")
    ap.add_argument("--seed", type=int, default=1)
    a = ap.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.manual_seed(a.seed)
    a.out.mkdir(parents=True, exist_ok=True)
    faces, rng = fonts(a.fonts), np.random.default_rng(a.seed)
    typed = [(drawn(t, faces[int(rng.integers(len(faces)))], rng), spelled(t)) for t in (some_phrase(rng) for _ in range(8000))]
    net = WordsNet().to(memory_format=torch.channels_last)
    if a.pretrain:
        torch.save(fit(net, Sources(typed, [], []).typed_one, a.steps[1], PEAK, a.seed).state_dict(), a.out / "pretrained.pt")
        return
    net.load_state_dict(torch.load(a.start or a.out / "pretrained.pt"))
    with np.load(a.strips, allow_pickle=False) as z:
        ends, folds, value = np.cumsum(z["widths"]), z["fold"] % 3, z["value"]
        strips = [np.ascontiguousarray(z["ink"][:, e - w : e]) for e, w in zip(ends, z["widths"], strict=True)]
    take = np.flatnonzero((folds != a.fold) & (value >= 0))
    values = [int(value[i]) for i in take]
    # a zero may be said in three ways: which, the first pass will tell
    sources = Sources(typed, [strips[i] for i in take], [phrases(v)[0] if v else None for v in values])
    net = fit(net, sources.any_one, a.steps[0], PEAK / 2, a.seed + a.fold)
    sources.texts, sources.words = words_of(net, sources.strips, values)
    log.info("%d of %d strips say their number", sum(t is not None for t in sources.texts), len(values))
    net = fit(net, sources.any_one, a.steps[1], PEAK, a.seed + 10 + a.fold)
    torch.save(net.state_dict(), a.out / f"fold{a.fold}.pt")
    if a.fold < 0:
        export(net, a.out / "words.onnx")
        return
    held = np.flatnonzero(folds == a.fold)
    said = spoken(net, [strips[i] for i in held])
    np.savez_compressed(a.out / f"said{a.fold}.npz", row=held, frames=np.array([len(x) for x in said]), said=np.concatenate(said))


if __name__ == "__main__":
    main()
