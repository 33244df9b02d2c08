"""Printed labels, read by the machine's own Tesseract: only the places that name a number are read, all in one process."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ocr.types import Gray

_CAPITAL = 34
"""Height in px to which a line of print is brought."""
_SHORT = 3
"""Letters up to which a place is read as one line."""
_USUAL = re.compile("jumlah|suara|laki|perempuan|pemilih|pengguna|calon|partai|tanggal|bulan|tahun", re.IGNORECASE)
_SURE = 50
"""Tesseract's confidence, percent, in the letters of a label from which it is believed, unless it holds one of the usual words."""
_SECONDS = 120


def language() -> str | None:
    """``ind`` if installed, else ``eng``, else None; also None without Tesseract."""
    if shutil.which("tesseract") is None:
        return None
    done = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, timeout=30, check=False)
    known = set(done.stdout.split())
    return next((lang for lang in ("ind", "eng") if lang in known), None)


def read(crops: Sequence[Gray], lang: str) -> list[str]:
    """What is printed in each crop, one line each, '' where nothing is read. '' for all if Tesseract fails."""
    ready = [_prepared(c) for c in crops]
    short = [letters <= _SHORT for _, letters in ready]
    out = [""] * len(crops)
    for few, mode in ((False, "6"), (True, "7")):  # a block of print; one line, which finds a lone "1." or "B." too
        mine = [i for i, s in enumerate(short) if s == few]
        for i, text in zip(mine, _tesseract([ready[i][0] for i in mine], lang, mode), strict=True):
            out[i] = text
    return out


def _tesseract(pictures: Sequence[Gray], lang: str, mode: str) -> list[str]:
    if not pictures:
        return []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for i, picture in enumerate(pictures):
            ok, data = cv2.imencode(".png", picture)
            if ok:
                (home / f"{i}.png").write_bytes(data.tobytes())
        (home / "list.txt").write_text("".join(f"{home / f'{i}.png'}\n" for i in range(len(pictures))), encoding="utf-8")
        command = ["tesseract", str(home / "list.txt"), str(home / "out"), "-l", lang, "--psm", mode, "--oem", "1", "--dpi", "300"]
        command += ["-c", "tessedit_create_tsv=1"]
        env = {**os.environ, "OMP_THREAD_LIMIT": "1"}
        try:
            subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True, env=env)
            table = (home / "out.tsv").read_text(encoding="utf-8", errors="replace")
        except (subprocess.SubprocessError, OSError):
            return [""] * len(pictures)
    return [_tidy(text) for text in _sure(table, len(pictures))]


def _sure(table: str, count: int) -> list[str]:
    """The text of each picture in Tesseract's table of words; '' where it is mostly guessed."""
    found: list[list[tuple[float, str]]] = [[] for _ in range(count)]
    for line in table.splitlines():
        cells = line.split("\t")
        if len(cells) == 12 and cells[0] == "5" and 1 <= int(cells[1]) <= count and cells[11].strip():
            found[int(cells[1]) - 1].append((float(cells[10]), cells[11]))
    out = []
    for words in found:
        letters = sum(len(w) for _, w in words)
        sure = sum(c * len(w) for c, w in words) / letters if letters else 0.0
        text = " ".join(w for _, w in words)
        out.append(text if sure >= _SURE or _USUAL.search(text) else "")
    return out


def legible(gray: Gray, lang: str) -> int:
    """How many words of four letters or more are read on the page: few, if it is upside down."""
    k = min(1.0, 1600 / max(gray.shape))
    text = _tesseract([np.asarray(cv2.resize(gray, None, fx=k, fy=k, interpolation=cv2.INTER_AREA), np.uint8)], lang, "11")[0]
    return sum(1 for word in re.findall(r"[A-Za-z]{4,}", text) if re.search(r"[aeiou].*[aeiou]", word.lower()))


def _prepared(crop: Gray) -> tuple[Gray, int]:
    """Black on white with a white rim, its lines of print about as high as Tesseract likes them; and how many letters it may hold."""
    height, letters = _print_in(crop)
    k = float(np.clip(_CAPITAL / max(6.0, height), 0.5, 5.0))
    big = cv2.resize(crop, None, fx=k, fy=k, interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.copyMakeBorder(big, 24, 24, 24, 24, cv2.BORDER_CONSTANT, value=(255,)), np.uint8), letters


def _print_in(crop: Gray) -> tuple[float, int]:
    """Height in px of most of what may be letters, and their number."""
    ink = np.asarray((crop < 0.7 * np.percentile(crop, 90)) * np.uint8(255), np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink)
    heights = [int(h) for h in stats[1:, cv2.CC_STAT_HEIGHT] if h >= 5]
    return (float(np.percentile(heights, 70)), len(heights)) if heights else (float(_CAPITAL), 0)


def _tidy(text: str) -> str:
    text = re.sub(r"[|_~\[\]{}=<>“”\"'`’‘]+", " ", text)
    text = re.sub(r"\.{3,}|…", " ", text)
    return re.sub(r"\s+", " ", text).strip(" -:;,*")
