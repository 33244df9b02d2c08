"""Draws every template's blank page, edge to edge: ``draw_blanks.py FOLDER`` (for ``ocr.training.features --drawn``)."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2

from samples.blank import draw
from templates_c1.registry import all_templates

HEIGHT = 1400


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for form, template in all_templates().items():
        for page in template.pages:
            ok, data = cv2.imencode(".png", draw(page, HEIGHT / page.size.height))
            if not ok:
                raise SystemExit(f"{form} page {page.number}: cannot be encoded")
            (folder / f"{form}_p{page.number}.png").write_bytes(data.tobytes())


if __name__ == "__main__":
    main()
