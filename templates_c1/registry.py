"""Finds and checks the templates: those that ship in this folder, those that were published while the product runs
(``templates_c1.published``), and those that are laid out from an election's data (desk forms)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from templates_c1 import published
from templates_c1.families.declarations import desk_page_of_tag, desk_template
from templates_c1.published import Features
from templates_c1.schema import Number, Page, Template

FEATURES = "features.npz"
"""File beside a shipped template.json with the features of its print."""

HOME = Path(__file__).parent


class TemplateError(Exception):
    """A template that cannot be used; the text says which file and why."""


def load(path: Path) -> Template:
    """Read and check one template.json.

    Raises:
        TemplateError: the file is missing, is no JSON, or breaks the schema. One line per fault.
    """
    template, faults = _read(path)
    if template is None:
        raise TemplateError(f"{path}:\n  " + "\n  ".join(faults))
    return template


def check(path: Path) -> list[str]:
    """Faults of one template file (or of the template.json in a folder), one readable line each; empty if it is good.

    Also refuses a shipped form whose folder has another name, so that what passes here loads later.
    """
    file = path / "template.json" if path.is_dir() else path
    template, faults = _read(file)
    if template is not None:
        if file.name == "template.json" and file.resolve().parent.parent == HOME.resolve() and file.resolve().parent.name != template.form:
            faults.append(f"form id '{template.form}' in folder '{file.resolve().parent.name}'")
        faults += [
            f"page {p.number}: file of features '{p.recognition.features}' is missing"
            for p in template.pages
            if p.recognition.features and not (file.parent / p.recognition.features).is_file()
        ]
    return faults


def _read(file: Path) -> tuple[Template | None, list[str]]:
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
    except OSError as e:
        return None, [f"cannot be read: {e.strerror}"]
    except (UnicodeDecodeError, json.JSONDecodeError) as e:
        return None, [f"is no JSON: {e}"]
    try:
        return Template.model_validate(raw), []
    except ValidationError as e:
        return None, [_fault(err["loc"], err["msg"]) for err in e.errors()]


def _fault(where: tuple[int | str, ...], message: str) -> str:
    return f"{'.'.join(str(p) for p in where) or 'template'}: {message.removeprefix('Value error, ')}"


@lru_cache(maxsize=1)
def shipped() -> dict[str, Template]:
    """Every shipped template file by form id. Raises TemplateError if one is bad or sits in a folder of another name."""
    found: dict[str, Template] = {}
    for file in sorted(HOME.glob("*/template.json")):
        t = load(file)
        if t.form != file.parent.name:
            raise TemplateError(f"{file}: form id '{t.form}' in folder '{file.parent.name}'")
        found[t.form] = t
    return found


def all_templates() -> dict[str, Template]:
    """Every shipped template and the newest version of every published one, by form id (desk forms are none: they are laid out when
    asked for by id or tag). Raises TemplateError if a shipped one is bad."""
    return {**shipped(), **{form: p.template for form, p in published.newest().items()}}


def template(form: str, version: int | None = None) -> Template:
    """A shipped, published or desk form. ``version``: of a published form, that one instead of the newest; others are known in one version.

    Raises KeyError for a form id, or a version of a published form, that is not known.
    """
    if form in shipped():
        return shipped()[form]
    if (found := published.find(form, version)) is not None:
        return found.template
    return desk_template(form)


def versions(form: str) -> list[Template]:
    """Every version of a form that is known, the newest first. Raises KeyError for an unknown form."""
    return published.versions(form) or [template(form)]


def page_as_read(form: str, number: int, versions: Mapping[str, str]) -> Page:
    """The page as it was when a sheet was read: ``versions`` are the interpretation's. The newest where that is not known any more.

    Raises KeyError for an unknown form or page.
    """
    said = versions.get("template", "")
    try:
        return page(form, number, int(said)) if said.isdecimal() else page(form, number)
    except KeyError:
        return page(form, number)


def numbers_ever(form: str, number: int) -> list[tuple[Number, bool]]:
    """The numbers of a page in its newest version (True), then those that only earlier versions had.

    Raises KeyError for an unknown page.
    """
    newest, *earlier = versions(form)
    out = {n.name: (n, True) for n in newest.page(number).numbers}
    for older in earlier:
        for p in older.pages:
            if p.number == number:
                out |= {n.name: (n, False) for n in p.numbers if n.name not in out}
    return list(out.values())


def is_proven(known: Template) -> bool:
    """May sheets of this form be accepted without a person? Always true but for forms on probation, shipped or published."""
    if known.form in shipped():
        return not shipped()[known.form].probation
    try:
        found = published.find(known.form, known.version)
    except KeyError:
        return False  # a version that is known here no more
    return found is None or found.proven


def page_of_tag(tag: int) -> tuple[Template, Page] | None:
    """Form and page that carry this AprilTag (36h10)."""
    for t in all_templates().values():
        for p in t.pages:
            if p.recognition.tag is not None and p.recognition.tag.id == tag:
                return t, p
    return desk_page_of_tag(tag)


def page(form: str, number: int, version: int | None = None) -> Page:
    """Raises KeyError for an unknown form, version or page."""
    return template(form, version).page(number)


def folder(form: str) -> Path:
    """Where a shipped form's files (features) lie."""
    return HOME / form


def features(known: Template, page: Page) -> Features | None:
    """The features of a form's print, None if there are none."""
    if known.form not in shipped():
        try:
            found = published.find(known.form, known.version)
        except KeyError:
            return None
        return None if found is None else found.features
    file = folder(known.form) / (page.recognition.features or FEATURES)
    return Features(str(file)) if file.is_file() else None
