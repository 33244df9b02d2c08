"""Score the reading on photos whose true values are known, and write the table of docs/accuracy.md.

    python -m scripts.accuracy FOLDER... [--no-write] [--misread] [--only NAME] [--cnn NPZ --tesseract NPZ [--words JSON]]

Every ``truth.json`` at or below the folders is scored. Its form (photos lie beside it):

    {"photos": {"FILE": {"form": "c1-ppwp-2019", "page": 2, "numbers": {"suara_sah": "X27"}, "doubtful": ["suara_sah"]}}}

The figures, per folder and over all:

    recognised  photos whose form and page came back right with every number present
    numbers     share of clean numbers (not doubtful, readable by a person) read exactly right, by value
    doubtful    the same over the numbers a careful reader hesitates over
    accepted    share of sheets that pass without a person
    silent      accepted sheets with a wrong number, or with one that a person cannot read: this must be 0

With the held-out scores that the two trainings leave behind, the same figures are also given by cross-validation: every photo aligned and
located as always, its boxes read by readers that were not trained on its station or writer, fused and decided as shipped.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from ocr import policy as policies
from ocr.fuse import pool
from ocr.pipeline import interpret
from ocr.readers.cnn import best_glyph
from ocr.training.judged import upper_bound
from scripts import markers
from tally.glyphs import EMPTY, JUNK, value_of
from tally.interpretation import DecisionKind, Interpretation, Unreadable

PAGE = markers.DOCS / "accuracy.md"

out = Console(soft_wrap=True, highlight=False, markup=False)


@dataclass(slots=True)
class Score:
    """Counts over some photos; added up with ``+=``."""

    photos: int = 0
    recognised: int = 0
    clean: int = 0
    clean_right: int = 0
    doubtful: int = 0
    doubtful_right: int = 0
    accepted: int = 0
    unreadable: int = 0
    silent: int = 0
    seconds: list[float] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    misread: list[str] = field(default_factory=list)

    def __iadd__(self, other: Score) -> Score:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self


def score(truth: Mapping[str, Any], got: Interpretation) -> Score:
    """One photo's counts. ``truth`` is its entry in a truth.json."""
    s = Score(photos=1)
    o = got.outcome
    numbers: Mapping[str, Any] = {} if isinstance(o, Unreadable) else {n.name: n for n in o.numbers}
    s.unreadable = int(isinstance(o, Unreadable))
    if not isinstance(o, Unreadable):
        s.recognised = int(o.form == truth["form"] and o.page == truth["page"] and numbers.keys() >= truth["numbers"].keys())
    right_sheet = True
    for name, boxes in truth["numbers"].items():
        want = value_of(boxes.strip())
        have = numbers[name].value if name in numbers else None
        right = want is not None and have == want
        right_sheet &= right
        if want is None or name in truth.get("doubtful", ()):
            # a number that nobody can read counts against accepting the sheet, but cannot be read "right"
            s.doubtful += int(want is not None)
            s.doubtful_right += int(right)
        else:
            s.clean += 1
            s.clean_right += int(right)
        if not right and want is not None:
            read = f"{numbers[name].boxes} ({numbers[name].confidence:.4f})" if name in numbers else "nothing"
            s.misread.append(f"{got.photo}: {name} is {boxes}, read as {read}")
    s.accepted = int(o.kind is DecisionKind.ACCEPT)
    s.silent = int(o.kind is DecisionKind.ACCEPT and not right_sheet)
    s.reasons.update({r.code.value for r in o.reasons})
    s.seconds.append(got.seconds["total"])
    return s


def truth_files(folders: Sequence[Path]) -> Iterator[Path]:
    """Every truth.json given, or at or below a folder given, in a fixed order."""
    for folder in folders:
        if folder.is_file():
            yield folder
        else:
            yield from sorted(folder.rglob("truth.json"))


def share(part: int, whole: int) -> str:
    """ "93.4 % (643/688)"; an empty whole is a dash."""
    return f"{100 * part / whole:.1f} % ({part}/{whole})" if whole else "-"


def table(scores: Mapping[str, Score], *, timed: bool = True) -> str:
    """The figures as a Markdown table, one row a set, the sum last; without the seconds if not ``timed``."""
    total = Score()
    for s in scores.values():
        total += s
    lines = [
        "| set | photos | recognised | clean numbers right | doubtful numbers right | accepted | silent errors |"
        + (" seconds, median |" if timed else ""),
        "|---|---|---|---|---|---|---|" + ("---|" if timed else ""),
    ]
    for name, s in [*scores.items(), ("**all**", total)]:
        lines.append(
            f"| {name} | {s.photos} | {share(s.recognised, s.photos)} | {share(s.clean_right, s.clean)} "
            f"| {share(s.doubtful_right, s.doubtful)} | {share(s.accepted, s.photos)} | {s.silent} |"
            + (f" {statistics.median(s.seconds):.2f} |" if timed else "")
        )
    lines += [
        "",
        f"{total.silent} silent errors in {total.accepted} accepted sheets: with 95 % confidence the true share among accepted sheets "
        f"of this kind is below {100 * upper_bound(total.silent, total.accepted):.1f} %.",
        "",
        "Why sheets were not accepted (a sheet may have several reasons): "
        + (", ".join(f"`{code}` {n}" for code, n in total.reasons.most_common()) or "none")
        + ".",
    ]
    return "\n".join(lines)


def crossvalidated(folder: Path, cnn: Path, tesseract: Path, words: Path | None) -> dict[str, Score]:
    """The figures by cross-validation for the sets below ``folder``, from held-out scores (``ocr.training.heldout``)."""
    from ocr.training import heldout

    policy = policies.default()
    readers = {"cnn": heldout.load_heldout(cnn)[0], "tesseract": heldout.load_heldout(tesseract)[0]}
    scores: dict[str, Score] = {}
    for case in heldout.sheet_cases(folder, readers, heldout.load_words(words)):
        title = f"{case.source}, page {case.page.number}"
        outcome = case.decision(case.numbers(policy), policy) if case.sheet else Unreadable(())
        truth = {"form": case.form, "page": case.page.number, "numbers": case.written, "doubtful": case.doubtful}
        got = Interpretation(case.photo, "", outcome, seconds={"total": 0.0})
        total = scores.setdefault(title, Score())
        total += score(truth, got)
    return dict(sorted(scores.items()))


def box_table(cnn: Path, tesseract: Path) -> str:
    """Held-out boxes read right by value, by source: the network as ``c1 boxes`` uses it, and both readers pooled."""
    from ocr.training import heldout

    policy = policies.default()
    first, truth = heldout.load_heldout(cnn)
    second, _ = heldout.load_heldout(tesseract)
    counts: dict[str, list[int]] = {}
    for key, glyph in truth.items():
        if glyph == JUNK:
            continue
        row = counts.setdefault(key[0], [0, 0, 0, 0])
        row[0] += 1
        row[1] += means(best_glyph(first[key], policy.junk), glyph)
        if key in second:
            row[2] += 1
            row[3] += means(best_glyph(pool({"cnn": first[key], "tesseract": second[key]}, policy.weights), policy.junk), glyph)
    lines = ["| boxes of | network alone | both readers |", "|---|---|---|"]
    lines += [f"| {name} | {share(r[1], r[0])} | {share(r[3], r[2])} |" for name, r in sorted(counts.items())]
    return "\n".join(lines)


def means(read: str, written: str) -> bool:
    """Equal, or both say "no digit here"."""
    return read == written or (read in EMPTY and written in EMPTY)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status 0; 1 if a sheet was accepted with a wrong number; 2 for bad usage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="score only sets whose folder has this name")
    parser.add_argument("--misread", action="store_true", help="list every number read wrong")
    parser.add_argument("--cnn", type=Path, help="held-out scores of the network (make train-cnn)")
    parser.add_argument("--tesseract", type=Path, help="held-out scores of Tesseract (make train-tesseract)")
    parser.add_argument("--words", type=Path, help="held-out word of the reader of number words (make train-words)")
    parser.add_argument("--no-write", action="store_true", help="leave docs/accuracy.md alone")
    args = parser.parse_args(argv)
    files = [f for f in truth_files(args.folders) if not args.only or f.parent.name in args.only]
    if not files:
        parser.error("no truth.json found")
    scores: dict[str, Score] = {}
    for file in files:
        photos = json.loads(file.read_text(encoding="utf-8"))["photos"]
        total = scores.setdefault(file.parent.name, Score())
        for i, (name, truth) in enumerate(photos.items(), 1):
            if sys.stderr.isatty():
                sys.stderr.write(f"\r\033[K{file.parent.name}: {i} of {len(photos)}")
            path = file.parent / name
            total += score(truth, interpret(path.read_bytes(), path.name))
        if sys.stderr.isatty():
            sys.stderr.write("\r\033[K")
        if args.misread:
            for line in total.misread:
                out.print(line)
    text = table(scores)
    out.print(text)
    if not args.no_write:
        markers.write(PAGE, "accuracy", text)
    if args.cnn and args.tesseract:
        held = crossvalidated(args.folders[0], args.cnn, args.tesseract, args.words)
        text = table(held, timed=False) + "\n\n" + box_table(args.cnn, args.tesseract)
        out.print(text)
        if not args.no_write:
            markers.write(PAGE, "crossvalidation", text)
        scores |= held
    return int(any(s.silent for s in scores.values()))


if __name__ == "__main__":
    raise SystemExit(main())
