"""Finds and checks the templates that ship in this folder, and those that are laid out from an election's data (desk forms)."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from templates_c1.families.declarations import desk_page_of_tag, desk_template
from templates_c1.schema import Page, Template

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
def all_templates() -> dict[str, Template]:
    """Every shipped template file by form id (desk forms are none: they are laid out when asked for by id or tag).

    Raises TemplateError if one is bad or sits in a folder of another name."""
    found: dict[str, Template] = {}
    for file in sorted(HOME.glob("*/template.json")):
        t = load(file)
        if t.form != file.parent.name:
            raise TemplateError(f"{file}: form id '{t.form}' in folder '{file.parent.name}'")
        found[t.form] = t
    return found


def template(form: str) -> Template:
    """A shipped or a desk form. Raises KeyError for a form id that is not known."""
    return all_templates()[form] if form in all_templates() else desk_template(form)


def page_of_tag(tag: int) -> tuple[Template, Page] | None:
    """Form and page that carry this AprilTag (36h10)."""
    for t in all_templates().values():
        for p in t.pages:
            if p.recognition.tag is not None and p.recognition.tag.id == tag:
                return t, p
    return desk_page_of_tag(tag)


def page(form: str, number: int) -> Page:
    """Raises KeyError for an unknown form or page."""
    return template(form).page(number)


def folder(form: str) -> Path:
    """Where the form's files (features) lie."""
    return HOME / form
