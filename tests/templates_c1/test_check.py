"""``c1 template check`` names every fault of a template, each in one line, in both languages."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import app
from templates_c1 import registry
from templates_c1.check import check_file, check_form, check_raw, check_together
from templates_c1.published import Published, use
from templates_c1.registry import HOME
from templates_c1.schema import Template

Raw = dict[str, Any]


def _number(name: str, x: float, y: float, boxes: int = 2) -> Raw:
    return {
        "name": name,
        "label": {"id": name.upper(), "en": name.upper()},
        "boxes": [{"x": x + 10 * i, "y": y, "w": 8, "h": 8} for i in range(boxes)],
    }


GOOD: Raw = {
    "form": "c-uji",
    "version": 1,
    "title": {"id": "Formulir uji", "en": "Test form"},
    "elections": ["ppwp"],
    "pages": [
        {
            "number": n,
            "title": {"id": f"Halaman {n}", "en": f"Page {n}"},
            "size": {"width": 210, "height": 297, "unit": "mm", "mm_per_unit": 1},
            "recognition": {"tag": {"family": "36h10", "id": 300 + n, "corners": [[5, 5], [15, 5], [15, 15], [5, 15]]}},
            "numbers": [_number(f"a{n}", 20, 20), _number(f"b{n}", 20, 40), _number(f"c{n}", 20, 60)],
            "rules": [{"kind": "sum", "id": f"c{n}_sum", "total": f"c{n}", "parts": [f"a{n}", f"b{n}"]}],
        }
        for n in (1, 2)
    ],
}


def _first(t: Raw) -> Raw:
    number: Raw = t["pages"][0]["numbers"][0]
    return number


def _overlap(t: Raw) -> None:
    _first(t)["boxes"][1]["x"] = 27


def _overlap_of_two_numbers(t: Raw) -> None:
    t["pages"][0]["numbers"][1]["boxes"][0] |= {"x": 22, "y": 22}


def _box_off(t: Raw) -> None:
    _first(t)["boxes"][0]["x"] = -1


def _unknown_name(t: Raw) -> None:
    t["pages"][0]["rules"][0]["parts"] = ["a1", "zz"]


def _unknown_bound(t: Raw) -> None:
    t["pages"][0]["rules"].append({"kind": "at_most", "id": "cap", "number": "a1", "bound": "nowhere"})


def _unknown_across(t: Raw) -> None:
    t["rules"] = [{"kind": "sum", "id": "x", "total": "a1", "parts": ["elsewhere"]}]


def _no_label(t: Raw) -> None:
    del _first(t)["label"]


def _empty_label(t: Raw) -> None:
    _first(t)["label"]["id"] = "  "


def _no_english(t: Raw) -> None:
    _first(t)["label"]["en"] = ""


def _same_tag(t: Raw) -> None:
    t["pages"][1]["recognition"]["tag"]["id"] = 301


def _tag_of_another_form(t: Raw) -> None:
    t["pages"][1]["recognition"]["tag"]["id"] = 102


def _same_name(t: Raw) -> None:
    t["pages"][0]["numbers"][1]["name"] = "a1"
    t["pages"][0]["rules"] = []


def _same_name_on_two_pages(t: Raw) -> None:
    t["pages"][1]["numbers"][0]["name"] = "a1"
    t["pages"][1]["rules"] = []


def _same_page(t: Raw) -> None:
    t["pages"][1]["number"] = 1


def _columns(count: int, marks: int, y: float = 100) -> list[Raw]:
    return [{"centres": [[24 + 10 * c, y + 5 * i] for i in range(marks)], "radius": 2} for c in range(count)]


def _one_column(t: Raw) -> None:
    _first(t)["bubbles"] = _columns(1, 10)


def _nine_bubbles(t: Raw) -> None:
    _first(t)["bubbles"] = _columns(2, 9)


def _bubbles_off(t: Raw) -> None:
    _first(t)["bubbles"] = _columns(2, 10, 260)


def _among_its_parts(t: Raw) -> None:
    t["pages"][0]["rules"][0]["parts"] = ["a1", "c1"]


def _counted_twice(t: Raw) -> None:
    t["pages"][0]["rules"][0]["parts"] = ["a1", "a1"]


def _typo(t: Raw) -> None:
    t["pages"][0]["numbrs"] = []


FAULTS: list[tuple[Callable[[Raw], None], list[str]]] = [
    (_overlap, ["halaman 1: kotak a1[1] dan a1[2] bertindihan / page 1: boxes a1[1] and a1[2] overlap"]),
    (_overlap_of_two_numbers, ["halaman 1: kotak a1[1] dan b1[1] bertindihan / page 1: boxes a1[1] and b1[1] overlap"]),
    (_box_off, ["halaman 1: kotak 1 dari 'a1' di luar halaman / page 1: box 1 of 'a1' lies outside the page"]),
    (
        _unknown_name,
        ["halaman 1: aturan 'c1_sum' menyebut angka yang tidak ada: 'zz' / page 1: rule 'c1_sum' names an unknown number 'zz'"],
    ),
    (
        _unknown_bound,
        ["halaman 1: aturan 'cap' menyebut angka yang tidak ada: 'nowhere' / page 1: rule 'cap' names an unknown number 'nowhere'"],
    ),
    (
        _unknown_across,
        [
            "antarhalaman: aturan 'x' menyebut angka yang tidak ada: 'elsewhere' / across pages: rule 'x' names an unknown number 'elsewhere'"  # noqa: E501
        ],
    ),
    (_no_label, ["halaman 1: 'a1' tidak berlabel / page 1: 'a1' has no label"]),
    (_empty_label, ["halaman 1: 'a1' tidak berlabel / page 1: 'a1' has no label"]),
    (_no_english, ["halaman 1: 'a1' tidak berlabel Inggris / page 1: 'a1' has no English label"]),
    (_same_tag, ["AprilTag '301' pada dua halaman / AprilTag '301' on two pages"]),
    (
        _tag_of_another_form,
        ["AprilTag 102 sudah milik c-hasil-ppwp-2024 halaman 2 / AprilTag 102 already belongs to c-hasil-ppwp-2024 page 2"],
    ),
    (_same_name, ["nama angka 'a1' dua kali / number name 'a1' twice"]),
    (_same_name_on_two_pages, ["nama angka 'a1' dua kali / number name 'a1' twice"]),
    (_same_page, ["nomor halaman '1' dua kali / page number '1' twice"]),
    (_one_column, ["halaman 1: 'a1' punya 1 kolom bulatan untuk 2 kotak / page 1: 'a1' has 1 columns of bubbles for 2 boxes"]),
    (
        _nine_bubbles,
        [
            f"halaman 1: kolom bulatan {c} dari 'a1' berisi 9, bukan 10 / page 1: column {c} of bubbles of 'a1' holds 9, not 10"
            for c in (1, 2)
        ],
    ),
    (
        _bubbles_off,
        [
            f"halaman 1: 2 bulatan dari 'a1' (kolom {c}) di luar halaman / page 1: 2 bubbles of 'a1' (column {c}) lie outside the page"
            for c in (1, 2)
        ],
    ),
    (
        _among_its_parts,
        [
            "halaman 1: jumlah 'c1' pada aturan 'c1_sum' termasuk bagiannya sendiri / page 1: the total 'c1' of rule 'c1_sum' is among its own parts"  # noqa: E501
        ],
    ),
    (_counted_twice, ["halaman 1: aturan 'c1_sum' menghitung 'a1' 2 kali / page 1: rule 'c1_sum' counts 'a1' 2 times"]),
    (
        _typo,
        ["bentuk salah: pages.0.numbrs: Extra inputs are not permitted / wrong form: pages.0.numbrs: Extra inputs are not permitted"],
    ),
]


def test_a_good_template_has_no_faults() -> None:
    assert check_raw(GOOD) == []


@pytest.mark.parametrize(("damage", "lines"), FAULTS, ids=[f.__name__.strip("_") for f, _ in FAULTS])
def test_each_fault_is_one_line_and_no_other_is_said(damage: Callable[[Raw], None], lines: list[str]) -> None:
    raw = copy.deepcopy(GOOD)
    damage(raw)
    assert [str(f) for f in check_raw(raw)] == lines


def test_all_faults_are_said_at_once() -> None:
    raw = copy.deepcopy(GOOD)
    for damage in (_box_off, _empty_label, _unknown_name, _same_tag, _typo):
        damage(raw)
    said = "\n".join(str(f) for f in check_raw(raw))
    assert len(check_raw(raw)) == 5
    for words in ("di luar halaman", "tidak berlabel", "'zz'", "pada dua halaman", "numbrs"):
        assert words in said


@pytest.mark.parametrize("junk", [None, 3, [], {}, {"pages": 3}, {"pages": [3, {"numbers": [None, {"boxes": [{"x": "a"}]}]}]}])
def test_junk_is_said_to_be_junk(junk: object) -> None:
    faults = check_raw(junk)
    assert faults and all("\n" not in str(f) for f in faults)


def test_boxes_that_share_a_line_do_not_overlap() -> None:
    raw = copy.deepcopy(GOOD)
    _first(raw)["boxes"][1]["x"] = 28
    assert check_raw(raw) == []


def test_file_not_there_not_json_and_missing_features(tmp_path: Path) -> None:
    assert "tidak dapat dibaca" in str(check_file(tmp_path)[0])
    file = tmp_path / "template.json"
    file.write_text("{", encoding="utf-8")
    assert "bukan JSON" in str(check_file(tmp_path)[0])
    raw = copy.deepcopy(GOOD)
    raw["pages"][0]["recognition"]["features"] = "f.npz"
    file.write_text(json.dumps(raw), encoding="utf-8")
    assert [str(f) for f in check_file(file)] == ["halaman 1: berkas ciri 'f.npz' tidak ada / page 1: file of features 'f.npz' is missing"]


def test_every_shipped_template_is_clean() -> None:
    files = sorted(HOME.glob("*/template.json"))
    assert len(files) >= 3
    assert {f.parent.name: check_file(f) for f in files} == {f.parent.name: [] for f in files}


def test_the_command_ends_with_1_and_says_each_fault_once(tmp_path: Path) -> None:
    raw = copy.deepcopy(GOOD)
    _box_off(raw)
    _among_its_parts(raw)
    bad = tmp_path / "template.json"
    bad.write_text(json.dumps(raw), encoding="utf-8")
    done = CliRunner().invoke(app, ["template", "check", "c-hasil-kwk-2020", str(bad)])
    assert done.exit_code == 1
    assert done.stdout == "c-hasil-kwk-2020 v1: OK, halaman / pages 2\n"
    lines = done.stderr.splitlines()
    assert len(lines) == 2 and all(line.startswith(f"{bad}: halaman 1: ") for line in lines)
    done = CliRunner().invoke(app, ["template", "check", "c-hasil-kwk-2020", "c1-ppwp-2019", "c-hasil-ppwp-2024"])
    assert (done.exit_code, done.stderr) == (0, "")


@pytest.mark.parametrize("form", [*registry.shipped(), "desk-ppwp-2024", "desk-dpr-1601-2024"])
def test_known_forms_pass_by_their_id(form: str) -> None:
    assert check_form(form) == []


def _with_tag(form: str, page: int, tag: int) -> dict[str, Any]:
    raw = registry.template(form).model_dump(mode="json", exclude_defaults=True) | {"form": "c-lain"}
    raw["pages"] = [p for p in raw["pages"] if p["number"] == page]
    raw["pages"][0]["recognition"]["tag"]["id"] = tag
    raw["rules"] = []
    return raw


def test_a_tag_of_a_desk_form_is_taken() -> None:
    tag = registry.page("desk-dpr-1601-2024", 5).recognition.tag
    assert tag is not None
    faults = check_raw(_with_tag("c-hasil-ppwp-2024", 1, tag.id))
    assert [f.en for f in faults] == [f"AprilTag {tag.id} already belongs to desk-dpr-1601-2024 page 5"]


def test_a_tag_of_a_published_form_is_taken() -> None:
    raw = _with_tag("c-hasil-ppwp-2024", 1, 561) | {"form": "c-terbit"}

    class Shelf:
        def token(self) -> int:
            return 1

        def load(self) -> list[Published]:
            return [Published(Template.model_validate(raw), False)]

    use(Shelf())
    try:
        assert [f.en for f in check_raw(_with_tag("c-hasil-ppwp-2024", 1, 561))] == ["AprilTag 561 already belongs to c-terbit page 1"]
        assert check_raw(raw) == []
    finally:
        use(None)


def test_two_templates_checked_together_may_not_share_a_tag() -> None:
    one, two = _with_tag("c-hasil-ppwp-2024", 1, 562) | {"form": "c-satu"}, _with_tag("c-hasil-ppwp-2024", 2, 562) | {"form": "c-dua"}
    assert check_raw(one) == check_raw(two) == []
    assert [(name, f.en) for name, f in check_together([("a", one), ("b", two)])] == [("b", "AprilTag 562 also on c-satu page 1")]
    assert check_together([("a", one), ("b", one)]) == []  # the same form twice is no conflict


def test_the_command_checks_folders_and_ids_together(tmp_path: Path) -> None:
    folders = []
    for name, page in (("c-satu", 1), ("c-dua", 2)):
        folders.append(tmp_path / name)
        folders[-1].mkdir()
        raw = _with_tag("c-hasil-ppwp-2024", page, 563) | {"form": name}
        (folders[-1] / "template.json").write_text(json.dumps(raw), encoding="utf-8")
    done = CliRunner().invoke(app, ["template", "check", str(folders[0]), "desk-ppwp-2024"])
    assert (done.exit_code, done.stderr) == (0, "")
    assert "desk-ppwp-2024 v1: OK" in done.stdout
    done = CliRunner().invoke(app, ["template", "check", *map(str, folders)])
    assert done.exit_code == 1
    assert "AprilTag 563 also on c-satu page 1" in done.stderr
    assert CliRunner().invoke(app, ["template", "check", "c-tidak-ada"]).exit_code == 1
