"""An election as data (``templates_c1/desk/*.json``) and the templates of its desk forms.

One declaration serves all parties and electoral districts. Each *area* (the whole regency, a province, a dapil) becomes one form:

    desk-ppwp-2024              desk-dpd-16-2024            desk-gubernur-16-2024       desk-bupati-1607-2024
    desk-dpr-1601-2024          desk-dprd-prov-160010-2024  desk-dprd-kab-160701-2024   (with the code of the dapil)

Pages: 1 voters and ballots. Pairs: 2 votes. DPD: 2 votes, 3 summary. Legislative: 1 + P the page of party P, 30 the summary.
The AprilTag of page N is the area's ``tags`` + N - 1: no two forms share one, and none is one of the official forms (101-103).
"""

from __future__ import annotations

import datetime
import json
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from templates_c1.families.pages import Caps, Head, dpd, legislative, pairs, sum_rule, summary, voters
from templates_c1.schema import Label, Page, SumRule, Template

HOME = Path(__file__).parent.parent / "desk"
SUMMARY = 30
"""Page of valid and invalid votes of a legislative form."""
TAGS = 2320
"""So many tags has the family 36h10."""

Kind = Literal["ppwp", "dpd", "dpr", "dprd_prov", "dprd_kab", "gubernur", "bupati"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Area(_Frozen):
    """Where one set of contestants stands for election."""

    code: Annotated[str, Field(pattern=r"^\d*$")]
    """Part of the form id: province, regency or dapil; empty for the whole country."""
    name: str
    covers: Annotated[tuple[str, ...], Field(min_length=1)]
    """Region codes (KPU): TPS whose code begins so vote here."""
    tags: Annotated[int, Field(ge=1000)]
    """AprilTag of page 1."""
    contestants: tuple[str, ...] = ()
    """Pairs or DPD candidates in the order of their numbers. Empty names print as their number alone."""
    lists: dict[int, tuple[str, ...]] = {}
    """Legislative: party number -> its candidates in the order of their numbers."""


class Declaration(_Frozen):
    election: Kind
    year: Annotated[int, Field(ge=2024, le=2099)]
    version: Annotated[int, Field(ge=1)] = 1
    title: Label
    date: datetime.date | None = None
    """Election day. A declaration with one is an election that ships (db.elections.ready_made)."""
    most: int
    """More votes than this at one station are an error, ..."""
    usual: int
    """... more than this a warning."""
    parties: dict[int, str] = {}
    areas: Annotated[tuple[Area, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _complete(self) -> Declaration:
        by_list = self.election in ("dpr", "dprd_prov", "dprd_kab")
        for area in self.areas:
            if bool(area.lists) != by_list or bool(area.contestants) == by_list:
                raise ValueError(f"area '{area.code}': {'lists' if by_list else 'contestants'} expected")
            if unknown := sorted(set(area.lists) - set(self.parties)):
                raise ValueError(f"area '{area.code}': no name for party {unknown[0]}")
            if any(not 1 <= p < SUMMARY - 1 for p in area.lists):
                raise ValueError(f"area '{area.code}': party numbers go from 1 to {SUMMARY - 2}")
            if area.tags + SUMMARY > TAGS:
                raise ValueError(f"area '{area.code}': the tag family ends at {TAGS - 1}")
        return self

    def area_of(self, region: str) -> Area | None:
        """The area in which a region (code of a TPS, desa or kecamatan) votes."""
        return next((a for a in self.areas if region.startswith(a.covers)), None)

    def form_of(self, area: Area) -> str:
        parts = ["desk", self.election.replace("_", "-"), area.code, str(self.year)]
        return "-".join(p for p in parts if p)


def template_of(declaration: Declaration, area: Area) -> Template:
    """The desk form of one area.

    Raises:
        ValueError: more contestants than a page holds.
    """
    form = declaration.form_of(area)
    caps = Caps(declaration.most, declaration.usual)
    title = Label(
        id=f"{declaration.title.id}, {area.name}" if area.code else declaration.title.id,
        en=f"{declaration.title.en}, {area.name}" if area.code else declaration.title.en,
    )

    def head(number: int) -> Head:
        return Head(form, title.id, number, area.tags + number - 1)

    pages: list[Page] = [voters(head(1), caps)]
    across: list[SumRule] = []
    if area.lists:
        for party, people in sorted(area.lists.items()):
            pages.append(legislative(head(1 + party), party, declaration.parties[party], people, caps))
        pages.append(summary(head(SUMMARY), caps))
        across.append(sum_rule("sah_partai", "suara_sah", *(f"suara_partai_dan_calon_{p}" for p in sorted(area.lists))))
    elif declaration.election == "dpd":
        pages += [dpd(head(2), area.contestants, caps), summary(head(3), caps)]
        across.append(sum_rule("sah_calon", "suara_sah", "suara_calon_jumlah"))
    else:
        pages.append(pairs(head(2), area.contestants, caps))
    across += [
        sum_rule("pengguna_suara", "suara_total", "pengguna_total_jml"),
        sum_rule("surat_suara_suara", "suara_total", "ss_digunakan"),
    ]
    return Template(
        form=form,
        version=declaration.version,
        title=Label(id=f"Formulir meja {title.id}", en=f"Desk form, {title.en}"),
        elections=(declaration.election,),
        pages=tuple(pages),
        rules=tuple(across),
    )


@lru_cache(maxsize=1)
def declarations() -> tuple[Declaration, ...]:
    """Every declaration that ships. Raises pydantic.ValidationError for a bad one."""
    return tuple(Declaration.model_validate(json.loads(f.read_text(encoding="utf-8"))) for f in sorted(HOME.glob("*.json")))


@lru_cache(maxsize=1)
def _areas() -> dict[str, tuple[Declaration, Area]]:
    """Form id -> what it is made from. Raises ValueError if two areas share a form id or a tag."""
    found: dict[str, tuple[Declaration, Area]] = {}
    taken: dict[int, str] = {}
    for d in declarations():
        for area in d.areas:
            form = d.form_of(area)
            if form in found:
                raise ValueError(f"two desk forms '{form}'")
            found[form] = (d, area)
            for tag in range(area.tags, area.tags + (SUMMARY if area.lists else 3)):
                if (other := taken.setdefault(tag, form)) != form:
                    raise ValueError(f"AprilTag {tag} for pages of '{other}' and '{form}'")
    return found


def desk_forms() -> tuple[str, ...]:
    """Ids of all desk forms."""
    return tuple(_areas())


@cache
def desk_template(form: str) -> Template:
    """One desk form, laid out when first asked for. Raises KeyError for an unknown id."""
    return template_of(*_areas()[form])


def desk_page_of_tag(tag: int) -> tuple[Template, Page] | None:
    """Form and page that carry this AprilTag; only the form in question is laid out."""
    for form, (_, area) in _areas().items():
        if area.tags <= tag < area.tags + SUMMARY:
            for page in desk_template(form).pages:
                if page.recognition.tag is not None and page.recognition.tag.id == tag:
                    return desk_template(form), page
    return None
