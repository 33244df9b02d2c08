"""The papers of a rehearsed night: every page of some stations, photographed by the generator and kept in a folder with what is written
on them. Drawing takes longer than reading, so it is done before the night begins, on all cores, and goes on where it was stopped."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import samples
from db.elections import ElectionFile
from samples import tps as stations_of
from samples.tps import Sheet
from templates_c1.registry import template


@dataclass(frozen=True, slots=True)
class Paper:
    """One photo: its file, and the page that it shows. ``election``: id in the database."""

    file: Path
    election: str
    sheet: Sheet


def papers(elections: Sequence[ElectionFile], stations: int, folder: Path, seed: int = 0, *, errors: float = 0.02) -> list[Paper]:
    """Every page that ``stations`` TPS owe in the elections, in the order in which a station counts them; nothing is drawn yet.

    Args:
        errors: share of the pages whose sums are wrong on the paper.

    Raises:
        ValueError: fewer TPS than asked for, or an election of a kind that the generator does not know.
    """
    codes = stations_of.stations(elections[0].kind, stations, seed)
    found: list[Paper] = []
    for code in codes:
        for election in elections:
            for owed in election.pages or [p for a in election.areas if code.startswith(tuple(a.covers)) for p in a.pages]:
                if election.kind not in template(owed.form).elections:
                    continue
                for sheet in stations_of.whole_tps(election.kind, code, seed, form=owed.form, pages=owed.pages, errors=errors):
                    name = f"{code}-{election.id}-{sheet.form}-p{sheet.page}-s{seed}.jpg"
                    found.append(Paper(folder / name, election.id, sheet))
    return found


def draw(all_papers: Sequence[Paper], difficulty: str | float, seed: int, done: Callable[[], None], workers: int | None = None) -> None:
    """Photograph what is not in the folder yet; ``done`` is called for each. A truth stands beside each photo (``.json``)."""
    missing = [p for p in all_papers if not _truth(p.file).is_file()]
    for _ in range(len(all_papers) - len(missing)):
        done()
    if not missing:
        return
    missing[0].file.parent.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("spawn")  # OpenCV's threads do not survive a fork
    with ProcessPoolExecutor(workers or os.cpu_count() or 1, mp_context=context) as pool:
        for _ in pool.map(_draw, [(p, difficulty, seed) for p in missing], chunksize=1):
            done()


def _draw(job: tuple[Paper, str | float, int]) -> None:
    paper, difficulty, seed = job
    data, truth = samples.photograph(paper.sheet, difficulty, seed)
    _replace(paper.file, data)
    _replace(_truth(paper.file), json.dumps(truth).encode())


def _truth(file: Path) -> Path:
    return file.with_suffix(".json")


def _replace(file: Path, data: bytes) -> None:
    part = file.with_suffix(file.suffix + ".part")
    part.write_bytes(data)
    part.replace(file)


def truth_of(paper: Paper) -> dict[str, Any]:
    """What ``samples.photograph`` says is on the photo."""
    found: dict[str, Any] = json.loads(_truth(paper.file).read_text(encoding="utf-8"))
    return found
