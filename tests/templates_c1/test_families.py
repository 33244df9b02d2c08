"""Pages laid out from an election's data obey the schema and carry the rules their numbers must keep."""

from __future__ import annotations

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from samples import values
from templates_c1 import registry
from templates_c1.families import declarations as desk
from templates_c1.families.declarations import Declaration, declarations, desk_forms, desk_template
from templates_c1.families.layout import Row, vote_rows
from templates_c1.schema import Label, Page, Rect, Template

FORMS = desk_forms()


def test_every_election_has_its_forms() -> None:
    assert sorted(FORMS) == [
        "desk-bupati-1607-2024",
        "desk-dpd-16-2024",
        "desk-dpr-1601-2024",
        "desk-dprd-kab-160701-2024",
        "desk-dprd-kab-160702-2024",
        "desk-dprd-kab-160703-2024",
        "desk-dprd-kab-160704-2024",
        "desk-dprd-kab-160705-2024",
        "desk-dprd-kab-160706-2024",
        "desk-dprd-prov-160010-2024",
        "desk-gubernur-16-2024",
        "desk-ppwp-2024",
    ]
    assert {d.election for d in declarations()} == {"ppwp", "dpd", "dpr", "dprd_prov", "dprd_kab", "gubernur", "bupati"}


@pytest.mark.parametrize("form", FORMS)
def test_form_is_a_template_of_its_own(form: str) -> None:
    t = registry.template(form)
    assert Template.model_validate_json(t.model_dump_json()) == t  # what is laid out would pass as a file too
    assert t.form == form
    for p in t.pages:
        assert all(n.label.id and n.label.en for n in p.numbers)
        _boxes_apart(p)


def _boxes_apart(page: Page) -> None:
    """Boxes, bubbles, tag and markers keep off each other."""
    areas = [b for n in page.numbers for b in n.boxes]
    for column in (c for n in page.numbers for c in n.bubbles):
        r = column.radius
        areas += [Rect(x=x - r, y=y - r, w=2 * r, h=2 * r) for x, y in column.centres]
    tag = page.recognition.tag
    assert tag is not None and len(page.recognition.markers) == 4
    (x0, y0), _, (x1, y1), _ = tag.corners
    areas.append(Rect(x=x0, y=y0, w=x1 - x0, h=y1 - y0))
    areas += [Rect(x=m.at[0] - m.size, y=m.at[1] - m.size, w=2 * m.size, h=2 * m.size) for m in page.recognition.markers]
    a = np.array([(r.x, r.y, r.x + r.w, r.y + r.h) for r in areas])
    over = np.minimum(a[:, None, 2:], a[None, :, 2:]) - np.maximum(a[:, None, :2], a[None, :, :2])
    both = (over > 0.2).all(axis=2)
    assert both.sum() == len(areas)  # each with itself only
    assert a[:, :2].min() >= 5 and a[:, 2].max() <= 205 and a[:, 3].max() <= 292  # printers leave an edge white


def test_tags_are_unique_and_lead_to_their_page() -> None:
    seen = [p.recognition.tag.id for t in registry.all_templates().values() for p in t.pages if p.recognition.tag]
    for form in FORMS:
        for p in desk_template(form).pages:
            assert p.recognition.tag is not None
            seen.append(p.recognition.tag.id)
            assert registry.page_of_tag(p.recognition.tag.id) == (desk_template(form), p)
    assert len(seen) == len(set(seen)) == 160 + 3
    assert registry.page_of_tag(102) == (registry.template("c-hasil-ppwp-2024"), registry.page("c-hasil-ppwp-2024", 2))
    for nobodys in (0, 500, 999, 1003, 2319):
        assert registry.page_of_tag(nobodys) is None


@pytest.mark.parametrize("form", FORMS)
def test_rules_hold_for_a_station_and_one_can_be_broken(form: str) -> None:
    t = desk_template(form)
    rng = np.random.default_rng(3)
    true = values.station(t, rng)
    assert all(values.broken(t, p.number, true) == [] for p in t.pages)
    assert all(values.holds(r, true) for r in t.rules)
    for p in t.pages:
        wrong = values.with_broken_sum(t, p.number, true, rng)
        assert sum(true[n] != wrong[n] for n in true) == 1
        assert len(values.broken(t, p.number, wrong)) == 1


def test_legislative_page_follows_the_candidate_list() -> None:
    t = registry.template("desk-dprd-kab-160701-2024")
    assert [p.number for p in t.pages] == [1, *(1 + n for n in (*range(1, 13), 14, 15, 16, 17, 24)), 30]
    page = t.page(8)  # party 7, which has one candidate there
    assert [n.name for n in page.numbers] == ["suara_partai_7", "suara_calon_7_1", "suara_partai_dan_calon_7"]
    assert page.rules[0].names == ("suara_partai_dan_calon_7", "suara_partai_7", "suara_calon_7_1")
    assert all(len(n.bubbles) == 3 and n.guide for n in page.numbers)
    assert len(t.page(3).numbers) == 9  # party 2: 7 candidates
    assert t.rules[0].names == ("suara_sah", *(f"suara_partai_dan_calon_{p}" for p in (*range(1, 13), 14, 15, 16, 17, 24)))


def test_voters_page_has_the_rules_of_the_2024_form() -> None:
    official = registry.page("c-hasil-ppwp-2024", 1)
    page = registry.page("desk-ppwp-2024", 1)
    assert {n.name for n in page.numbers} == {n.name for n in official.numbers}
    assert {r.id: r for r in page.rules} == {r.id: r for r in official.rules}


def test_other_pages_have_their_sums() -> None:
    assert registry.page("desk-dpd-16-2024", 2).rules[0].names == ("suara_calon_jumlah", *(f"suara_calon_{i}" for i in range(1, 22)))
    pairs = registry.page("desk-gubernur-16-2024", 2)
    assert [r.names for r in pairs.rules if r.kind == "sum"] == [
        ("suara_sah", "suara_paslon_1", "suara_paslon_2", "suara_paslon_3"),
        ("suara_total", "suara_sah", "suara_tidak_sah"),
    ]
    assert [(r.id, r.bound) for r in pairs.rules if r.kind == "at_most"] == [("batas_suara_total", 800), ("wajar_suara_total", 600)]
    assert {r.id for r in registry.page("desk-dpr-1601-2024", 30).rules} == {"sah_tidak_sah", "batas_suara_total", "wajar_suara_total"}


def test_a_station_votes_in_its_dapil() -> None:
    kab = next(d for d in declarations() if d.election == "dprd_kab")
    area = kab.area_of("1607101002004")
    assert area is not None and area.code == "160706"
    assert kab.area_of("1608101002004") is None
    assert {k for a in kab.areas for k in a.covers} == {f"1607{i:02}" for i in range(1, 22)}  # every kecamatan once
    assert sum(len(a.covers) for a in kab.areas) == 21


GOOD = {
    "election": "dpr",
    "year": 2029,
    "title": {"id": "Uji", "en": "Test"},
    "most": 400,
    "usual": 300,
    "parties": {"1": "Satu"},
    "areas": [{"code": "99", "name": "Sini", "covers": ["99"], "tags": 1500, "lists": {"1": ["A", "B"]}}],
}


def test_a_new_election_needs_data_only() -> None:
    d = Declaration.model_validate(GOOD)
    t = desk.template_of(d, d.areas[0])
    assert t.form == "desk-dpr-99-2029"
    assert [n.name for n in t.page(2).numbers] == ["suara_partai_1", "suara_calon_1_1", "suara_calon_1_2", "suara_partai_dan_calon_1"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"parties": {"2": "Dua"}}, "no name for party 1"),
        ({"areas": [GOOD["areas"][0] | {"lists": {}}]}, "lists expected"),  # type: ignore[index]
        ({"areas": [GOOD["areas"][0] | {"tags": 2300}]}, "the tag family ends at 2319"),  # type: ignore[index]
        ({"areas": [GOOD["areas"][0] | {"lists": {"29": ["A"]}}], "parties": {"29": "X"}}, "party numbers go from 1 to 28"),  # type: ignore[index]
    ],
)
def test_bad_declaration_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Declaration.model_validate(json.loads(json.dumps(GOOD | change)))


def test_two_forms_cannot_share_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Declaration.model_validate(GOOD)
    near = Declaration.model_validate(GOOD | {"election": "dprd_prov", "areas": [GOOD["areas"][0] | {"tags": 1520}]})  # type: ignore[index]
    monkeypatch.setattr(desk, "declarations", lambda: (one, near))
    desk._areas.cache_clear()
    try:
        with pytest.raises(ValueError, match="AprilTag 1520 for pages of 'desk-dpr-99-2029' and 'desk-dprd-prov-99-2029'"):
            desk._areas()
    finally:
        desk._areas.cache_clear()


def test_too_many_rows_are_refused() -> None:
    rows = [Row(f"n{i}", str(i), "Nama", Label(id="a", en="a")) for i in range(25)]
    with pytest.raises(ValueError, match="25 rows do not fit"):
        vote_rows(rows)


def test_no_desk_form_is_laid_out_unless_asked_for() -> None:
    """Reading an official form pays nothing for the desk forms."""
    code = (
        "from templates_c1 import registry; from templates_c1.families import declarations as d;"
        "registry.all_templates(); assert d.declarations.cache_info().currsize == 0;"
        "registry.page_of_tag(1104); assert d.desk_template.cache_info().currsize == 1"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_detector_knows_no_other_family() -> None:
    """The tags of the declarations are numbers of the family that the aligner reads."""
    assert len(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36h10).bytesList) == desk.TAGS
