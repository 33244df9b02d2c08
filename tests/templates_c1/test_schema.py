"""Bad templates are refused with a sentence that names the fault."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from templates_c1 import registry
from templates_c1.registry import HOME, TemplateError, check, load

Raw = dict[str, Any]

GOOD: Raw = {
    "form": "c-uji",
    "version": 1,
    "title": {"id": "Formulir uji", "en": "Test form"},
    "elections": ["ppwp"],
    "pages": [
        {
            "number": 1,
            "title": {"id": "Halaman 1", "en": "Page 1"},
            "size": {"width": 210, "height": 297, "unit": "mm", "mm_per_unit": 1},
            "recognition": {"markers": [{"kind": "square", "at": [10, 10], "size": 5}]},
            "numbers": [
                {
                    "name": "a",
                    "label": {"id": "A", "en": "A"},
                    "boxes": [{"x": 20, "y": 20, "w": 8, "h": 8}, {"x": 30, "y": 20, "w": 8, "h": 8}],
                },
                {"name": "b", "label": {"id": "B", "en": "B"}, "boxes": [{"x": 20, "y": 40, "w": 8, "h": 8}]},
            ],
            "rules": [{"kind": "sum", "id": "a_b", "total": "a", "parts": ["b"]}],
        }
    ],
}


def _box_outside(t: Raw) -> None:
    t["pages"][0]["numbers"][1]["boxes"][0]["x"] = 205


def _unknown_name(t: Raw) -> None:
    t["pages"][0]["rules"][0]["parts"] = ["c"]


def _unknown_bound(t: Raw) -> None:
    t["pages"][0]["rules"].append({"kind": "at_most", "id": "cap", "number": "a", "bound": "nowhere"})


def _unknown_reserve(t: Raw) -> None:
    t["pages"][0]["reserves"] = [{"number": "a", "base": "nowhere", "share": 0.02}]


def _twice(t: Raw) -> None:
    t["pages"][0]["numbers"][1]["name"] = "a"


def _rule_twice(t: Raw) -> None:
    t["pages"][0]["rules"] *= 2


def _page_twice(t: Raw) -> None:
    second = copy.deepcopy(t["pages"][0])
    for n in second["numbers"]:
        n["name"] += "2"
    second["rules"] = []
    t["pages"].append(second)


def _number_on_two_pages(t: Raw) -> None:
    second = copy.deepcopy(t["pages"][0])
    second["number"] = 2
    t["pages"].append(second)


def _bubbles(t: Raw) -> None:
    t["pages"][0]["numbers"][0]["bubbles"] = [{"centres": [[20, 50 + i] for i in range(10)], "radius": 1}]


def _bubble_outside(t: Raw) -> None:
    t["pages"][0]["numbers"][1]["bubbles"] = [{"centres": [[20, 290 + i] for i in range(10)], "radius": 1}]


def _marker_outside(t: Raw) -> None:
    t["pages"][0]["recognition"]["markers"][0]["at"] = [10, 300]


def _words_outside(t: Raw) -> None:
    t["pages"][0]["words"] = {"a": {"x": 150, "y": 20, "w": 80, "h": 8}}


def _words_unknown(t: Raw) -> None:
    t["pages"][0]["words"] = {"z": {"x": 50, "y": 20, "w": 80, "h": 8}}


def _counts_twice(t: Raw) -> None:
    t["pages"][0]["rules"][0]["parts"] = ["b", "b"]


def _across_unknown(t: Raw) -> None:
    t["rules"] = [{"kind": "sum", "id": "x", "total": "a", "parts": ["elsewhere"]}]


def _bad_name(t: Raw) -> None:
    t["pages"][0]["numbers"][0]["name"] = "Suara Sah"


def _typo(t: Raw) -> None:
    t["pages"][0]["numbrs"] = []


def _no_boxes(t: Raw) -> None:
    t["pages"][0]["numbers"][0]["boxes"] = []


def _negative(t: Raw) -> None:
    t["pages"][0]["numbers"][0]["boxes"][0]["w"] = -1


FAULTS: list[tuple[Callable[[Raw], None], str]] = [
    (_box_outside, "box 1 of 'b' lies outside the page"),
    (_unknown_name, "rule 'a_b' names an unknown number 'c'"),
    (_unknown_bound, "rule 'cap' names an unknown number 'nowhere'"),
    (_unknown_reserve, "a reserve names an unknown number 'nowhere'"),
    (_twice, "number named twice: a"),
    (_rule_twice, "rule id used twice: a_b"),
    (_page_twice, "page number used twice: 1"),
    (_number_on_two_pages, "number on two pages: a, b"),
    (_bubbles, "number 'a': 1 bubble columns for 2 boxes"),
    (_bubble_outside, "a bubble of 'b' lies outside the page"),
    (_marker_outside, "a marker lies outside the page"),
    (_words_outside, "words area 'a' lies outside the page"),
    (_words_unknown, "words area for an unknown number 'z'"),
    (_counts_twice, "rule 'a_b' counts a number twice"),
    (_across_unknown, "rule 'x' across pages names an unknown number 'elsewhere'"),
    (_bad_name, "pages.0.numbers.0.name"),
    (_typo, "pages.0.numbrs"),
    (_no_boxes, "pages.0.numbers.0.boxes"),
    (_negative, "pages.0.numbers.0.boxes.0.w"),
]


def _file(tmp_path: Path, raw: Raw) -> Path:
    file = tmp_path / "template.json"
    file.write_text(json.dumps(raw), encoding="utf-8")
    return file


def test_good_template_has_no_faults(tmp_path: Path) -> None:
    assert check(_file(tmp_path, GOOD)) == []
    assert check(tmp_path) == []  # the folder will do


@pytest.mark.parametrize(("damage", "words"), FAULTS, ids=[f.__name__.strip("_") for f, _ in FAULTS])
def test_fault_is_named(tmp_path: Path, damage: Callable[[Raw], None], words: str) -> None:
    raw = copy.deepcopy(GOOD)
    damage(raw)
    file = _file(tmp_path, raw)
    faults = check(file)
    assert any(words in f for f in faults), faults
    assert all("\n" not in f and "Traceback" not in f for f in faults)
    with pytest.raises(TemplateError) as e:
        load(file)
    assert words in str(e.value) and str(file) in str(e.value)


def test_not_json_and_missing(tmp_path: Path) -> None:
    broken = tmp_path / "template.json"
    broken.write_text("{", encoding="utf-8")
    assert "is no JSON" in check(broken)[0]
    broken.write_bytes(b"\xff\xfe\x00")
    assert "is no JSON" in check(broken)[0]
    assert "cannot be read" in check(tmp_path / "nowhere.json")[0]


def test_missing_features_file_is_a_fault(tmp_path: Path) -> None:
    raw = copy.deepcopy(GOOD)
    raw["pages"][0]["recognition"]["features"] = "features.npz"
    assert any("features.npz" in f for f in check(_file(tmp_path, raw)))


def test_every_shipped_template_is_good() -> None:
    files = sorted(HOME.glob("*/template.json"))
    assert [f.parent.name for f in files] == sorted(registry.all_templates())
    for file in files:
        assert check(file) == [], file


def test_shipped_forms_have_the_promised_numbers() -> None:
    sizes = {(f, p.number): len(p.numbers) for f, t in registry.all_templates().items() for p in t.pages}
    assert sizes[("c-hasil-ppwp-2024", 1)] == 22
    assert sizes[("c-hasil-ppwp-2024", 2)] == 3
    assert sizes[("c-hasil-ppwp-2024", 3)] == 3
    assert sizes[("c1-ppwp-2019", 1)] == 34
    assert sizes[("c1-ppwp-2019", 2)] == 5
    assert sizes[("c-hasil-kwk-2020", 2)] == 4
    for n in registry.page("c-hasil-ppwp-2024", 2).numbers:
        assert len(n.bubbles) == 3
    assert registry.page("c-hasil-ppwp-2024", 1).recognition.tag is not None


def test_boxes_of_a_page_do_not_overlap() -> None:
    for t in registry.all_templates().values():
        for p in t.pages:
            boxes = [b for n in p.numbers for b in n.boxes]
            for i, a in enumerate(boxes):
                for b in boxes[i + 1 :]:
                    w = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
                    h = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
                    assert w < 0.05 * a.w or h < 0.05 * a.h, (t.form, p.number, a, b)


def test_unknown_form_and_page() -> None:
    with pytest.raises(KeyError):
        registry.template("c-tidak-ada")
    with pytest.raises(KeyError):
        registry.page("c-hasil-kwk-2020", 9)
