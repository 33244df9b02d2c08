"""A form that nobody knows: a desk form's page without its tag and markers, on paper and filled by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

import samples
from samples.blank import draw
from tally.glyphs import value_of
from templates_c1 import registry
from templates_c1.published import Published, trying
from templates_c1.schema import Recognition, Template

PAPER = "c-kertas"


def paper() -> Template:
    """One page of five numbers, known by its print alone. What it is called here, no drafted template needs to know."""
    source = registry.template("desk-bupati-1607-2024")
    page = source.page(2).model_copy(update={"number": 1, "recognition": Recognition()})
    return source.model_copy(update={"form": PAPER, "pages": (page,), "rules": ()})


def blank_pdf(path: Path, per_mm: float = 8.0) -> Path:
    page = paper().pages[0]
    Image.fromarray(draw(page, per_mm)).save(path, resolution=25.4 * per_mm)
    return path


def photo(seed: int, difficulty: float = 0.2) -> tuple[bytes, dict[str, int]]:
    """A filled page before a camera, and what stands on it."""
    with trying(Published(paper(), True)):
        data, truth = samples.make(PAPER, 1, seed, difficulty=difficulty)
    values = {n: value_of(b) for n, b in truth["numbers"].items()}
    assert None not in values.values()
    return data, {n: v for n, v in values.items() if v is not None}


def named(body: dict[str, Any]) -> dict[str, Any]:
    """A drafted body with the names, labels and rules that the paper has: boxes are matched by their place."""
    page = paper().pages[0]
    for number in body["pages"][0]["numbers"]:
        box = number["boxes"][0]
        true = min(page.numbers, key=lambda n: abs(n.boxes[0].x - box["x"]) + abs(n.boxes[0].y - box["y"]))
        number["name"], number["label"] = true.name, true.label.model_dump()
    body["pages"][0]["rules"] = [r.model_dump(mode="json") for r in page.rules]
    return body
