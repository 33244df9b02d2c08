"""Finds and checks the templates that ship in this folder."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from templates_c1.schema import Page, Template

HOME = Path(__file__).parent


class TemplateError(Exception):
    """A template that cannot be used; the text says which file and why."""


def load(path: Path) -> Template:
    """Read and check one template.json.

    Raises:
        TemplateError: the file is missing, is no JSON, or breaks the schema. One line per fault.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as e:
        raise TemplateError(f"{path}: {e}") from e
    try:
        return Template.model_validate(raw)
    except ValidationError as e:
        lines = [f"{'.'.join(str(p) for p in err['loc']) or 'template'}: {err['msg'].removeprefix('Value error, ')}" for err in e.errors()]
        raise TemplateError(f"{path}:\n  " + "\n  ".join(lines)) from e


@lru_cache(maxsize=1)
def all_templates() -> dict[str, Template]:
    """Every shipped template by form id. Raises TemplateError if one is bad or sits in a folder of another name."""
    found: dict[str, Template] = {}
    for file in sorted(HOME.glob("*/template.json")):
        t = load(file)
        if t.form != file.parent.name:
            raise TemplateError(f"{file}: form id '{t.form}' in folder '{file.parent.name}'")
        found[t.form] = t
    return found


def template(form: str) -> Template:
    """Raises KeyError for a form id that is not known."""
    return all_templates()[form]


def page(form: str, number: int) -> Page:
    """Raises KeyError for an unknown form or page."""
    return template(form).page(number)


def folder(form: str) -> Path:
    """Where the form's files (features) lie."""
    return HOME / form
