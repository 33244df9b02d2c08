"""Makes ``templates_c1/<form>/features.npz`` from pictures of the blank page.

    python -m ocr.training.features --data FOLDER [--drawn FOLDER] [--form ID ...] [--out FOLDER]

``--data``: holds ``forms/blank/*.png`` (blank pages rebuilt as medians of registered photos) and ``forms/*.pdf`` (official
blanks, rendered by pdftoppm). ``--drawn``: pictures ``<form>_p<page>.png`` of the drawn blank, exactly the template's page from
edge to edge (``scripts/draw_blanks.py`` makes them). All sources of a page are merged, so that real photos and generated
samples both register. Beside the SIFT features the file holds the quick ones (``ocr.training.quick``).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.align.features import F32, FILE, detect, flatten
from ocr.training import quick
from ocr.types import Floats, Gray
from templates_c1.registry import all_templates, folder
from templates_c1.schema import Page, Rect

HEIGHTS = (620, 900, 1400)
"""Page heights in pixels at which features are taken: from a page far away in the frame to one that fills it."""
PER_SOURCE = 1800
PER_DRAWN = 600
DARK = 170
"""A feature counts as printed if something darker than this (of 255, after flattening) lies within its radius."""

MEDIANS: dict[tuple[str, int], str] = {
    ("c-hasil-kwk-2020", 2): "rk_blank_median.png",
    ("c1-ppwp-2019", 1): "c1ppwp2019_blank_median_p1.png",
    ("c1-ppwp-2019", 2): "c1ppwp2019_blank_median_p2.png",
}
PDFS: dict[str, str] = {"c-hasil-ppwp-2024": "C.HASIL-PPWP-2024.pdf"}


def _squares(gray: Gray) -> Floats:
    """Centres tl, tr, br, bl of the four black registration squares nearest the picture's corners."""
    count, _, stats, centres = cv2.connectedComponentsWithStats((gray < 90).astype(np.uint8))
    side = gray.shape[1] / 48
    found = [
        centres[i]
        for i in range(1, count)
        if abs(stats[i, 2] - side) < side / 4 and abs(stats[i, 3] - side) < side / 4 and stats[i, 4] > 0.85 * stats[i, 2] * stats[i, 3]
    ]
    if len(found) < 4:
        raise SystemExit("the blank's registration squares were not found")
    h, w = gray.shape
    return np.array([min(found, key=lambda c: float(np.hypot(c[0] - x, c[1] - y))) for x, y in ((0, 0), (w, 0), (w, h), (0, h))])


def _to_template(page: Page, gray: Gray) -> Floats:
    """3x3, picture pixels -> template units. By the registration squares if the page has them, else the picture is the page."""
    w, h = page.size.width, page.size.height
    square = [m.at for m in page.recognition.markers if m.kind == "square"]
    if len(square) == 4:
        target = np.array([min(square, key=lambda c: float(np.hypot(c[0] - x, c[1] - y))) for x, y in ((0, 0), (w, 0), (w, h), (0, h))])
        return np.asarray(cv2.getPerspectiveTransform(_squares(gray).astype(np.float32), target.astype(np.float32)), np.float64)
    return edge_to_edge(page, gray)


def edge_to_edge(page: Page, gray: Gray) -> Floats:
    sx, sy = page.size.width / gray.shape[1], page.size.height / gray.shape[0]
    return np.array([[sx, 0, sx / 2], [0, sy, sy / 2], [0, 0, 1]], np.float64)


def written(page: Page) -> list[Rect]:
    """Areas where people write or where pages of one form differ at random: no feature is taken from them."""
    areas: list[Rect] = []
    for n in page.numbers:
        b = n.boxes
        x0, y0, x1, y1 = b[0].x, min(r.y for r in b), b[-1].x + b[-1].w, max(r.y + r.h for r in b)
        pad = 0.12 * b[0].w
        areas.append(Rect(x=x0 - pad, y=y0 - pad, w=x1 - x0 + 2 * pad, h=y1 - y0 + 2 * pad))
        for bubbles in n.bubbles:
            xs, ys = [c[0] for c in bubbles.centres], [c[1] for c in bubbles.centres]
            r = bubbles.radius * 1.3
            areas.append(Rect(x=min(xs) - r, y=min(ys) - r, w=max(xs) - min(xs) + 2 * r, h=max(ys) - min(ys) + 2 * r))
    areas += [*page.words.values(), *page.free_text.values()]
    areas += [Rect(x=g.x_edges[0], y=g.y_edges[0], w=g.x_edges[-1] - g.x_edges[0], h=g.y_edges[-1] - g.y_edges[0]) for g in page.turus]
    return areas


def _allowed(page: Page, points: Floats) -> NDArray[np.bool_]:
    ok = np.ones(len(points), bool)
    for r in written(page):
        ok &= ~((points[:, 0] > r.x) & (points[:, 0] < r.x + r.w) & (points[:, 1] > r.y) & (points[:, 1] < r.y + r.h))
    w, h = page.size.width, page.size.height
    return ok & (points[:, 0] > 0) & (points[:, 1] > 0) & (points[:, 0] < w) & (points[:, 1] < h)


def of_picture(page: Page, gray: Gray, to_template: Floats, count: int) -> tuple[F32, F32, NDArray[np.uint8]]:
    """About ``count`` features of one blank: points (n, 2) in template units, angles (n,) in degrees, descriptors (n, 128)."""
    points, angles, descriptors = [], [], []
    for height in HEIGHTS:
        s = min(1.0, height / gray.shape[0])
        small = np.asarray(cv2.resize(gray, None, fx=s, fy=s, interpolation=cv2.INTER_AREA), np.uint8)
        flat = flatten(small)
        pts, turn, desc, size = detect(flat, 6 * PER_SOURCE, contrast=0.015)
        sx, sy = gray.shape[1] / small.shape[1], gray.shape[0] / small.shape[0]
        full = ((pts + 0.5) * np.array([sx, sy]) - 0.5).astype(np.float64)
        units = cv2.perspectiveTransform(full[None], to_template)[0]
        darkest = np.array(
            [
                flat[max(0, int(y - r)) : int(y + r) + 2, max(0, int(x - r)) : int(x + r) + 2].min()
                for (x, y), r in zip(pts, np.maximum(2, size / 2), strict=True)
            ]
        )
        keep = np.flatnonzero(_allowed(page, units) & (darkest < DARK))[: count // len(HEIGHTS)]
        points.append(units[keep])
        angles.append(turn[keep])
        descriptors.append(desc[keep])
    return np.concatenate(points).astype(np.float32), np.concatenate(angles), np.concatenate(descriptors).round().astype(np.uint8)


def page_arrays(page: Page, blanks: Sequence[tuple[Gray, Floats, int]]) -> dict[str, NDArray[np.generic]]:
    """What ``features.npz`` holds of one page, from its blanks: (picture, 3x3 picture pixels -> template units, number of features)."""
    found = [of_picture(page, *blank) for blank in blanks]
    pictures = [(gray, h) for gray, h, _ in blanks]
    pools = [quick.pool(gray, h, partial(_allowed, page)) for gray, h in pictures]
    points, angles, bits = (np.concatenate([pool[k] for pool in pools]) for k in range(3))
    keep = quick.chosen(points, bits, pictures, page.size.width)
    return {
        f"p{page.number}_quick_points": points[keep].astype(np.float32),
        f"p{page.number}_quick_angles": _stored(angles[keep]),
        f"p{page.number}_quick_descriptors": bits[keep],
        f"p{page.number}_points": np.concatenate([pts for pts, _, _ in found]),
        f"p{page.number}_angles": _stored(np.concatenate([turn for _, turn, _ in found])),
        f"p{page.number}_descriptors": np.concatenate([d for _, _, d in found]),
    }


def _stored(angles: NDArray[np.float32]) -> NDArray[np.uint8]:
    """As ``ocr.align.features.degrees`` reads them."""
    return np.asarray(np.round(angles * (256 / 360)).astype(int) % 256, np.uint8)


def _render(pdf: Path, page: int) -> Gray:
    with tempfile.TemporaryDirectory() as tmp:
        subprocess.run(
            ["pdftoppm", "-r", "60", "-gray", "-png", "-f", str(page), "-l", str(page), "-singlefile", str(pdf), f"{tmp}/p"], check=True
        )
        return _read(Path(tmp) / "p.png")


def _read(path: Path) -> Gray:
    gray = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if gray is None:
        raise SystemExit(f"{path}: cannot be read")
    return np.asarray(gray, np.uint8)


def sources(form: str, page: Page, data: Path | None, drawn: Path | None) -> Iterator[tuple[str, Gray, Floats, int]]:
    """(name, picture, 3x3 picture -> template, number of features) of every blank there is."""
    if data is not None and (name := MEDIANS.get((form, page.number))):
        gray = _read(data / "forms" / "blank" / name)
        yield name, gray, _to_template(page, gray), PER_SOURCE
    if data is not None and (pdf := PDFS.get(form)):
        gray = _render(data / "forms" / pdf, page.number)
        yield f"{pdf} page {page.number}", gray, edge_to_edge(page, gray), PER_SOURCE
    if drawn is not None and (file := drawn / f"{form}_p{page.number}.png").exists():
        gray = _read(file)
        yield file.name, gray, edge_to_edge(page, gray), PER_DRAWN


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", type=Path)
    ap.add_argument("--drawn", type=Path)
    ap.add_argument("--form", action="append")
    ap.add_argument("--out", type=Path, help="default: beside each template.json")
    a = ap.parse_args()
    for form, template in all_templates().items():
        if a.form and form not in a.form:
            continue
        arrays: dict[str, NDArray[np.generic]] = {}
        for page in template.pages:
            found = list(sources(form, page, a.data, a.drawn))
            if not found:
                sys.stderr.write(f"{form} page {page.number}: no blank, no features\n")
                continue
            for name, gray, *_ in found:
                sys.stdout.write(f"{form} page {page.number}: {name}, {gray.shape[1]} x {gray.shape[0]}\n")
            arrays |= page_arrays(page, [(gray, h, k) for _, gray, h, k in found])
        if arrays:
            out = (a.out / form if a.out else folder(form)) / FILE
            out.parent.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(out, **arrays)  # type: ignore[arg-type]
            sys.stdout.write(f"{out}: {out.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
