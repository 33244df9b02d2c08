"""What is wrong with a template, one line for each fault, for the person who wrote or drew it: ``c1 template check``.

The schema (``templates_c1.schema``) refuses a bad template at its first fault, and when it is loaded; here all faults are looked for at
once, in the raw JSON, so that a half-finished template can be checked too. Every fault is said in Indonesian and English.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from templates_c1 import registry
from templates_c1.families.declarations import desk_page_of_tag
from templates_c1.schema import Template

OVERLAP = 0.05
"""Share of a box's side from which two boxes overlap; neighbours that share a printed line touch."""

Loc = tuple[str | int, ...]
Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """``loc``: where in the JSON, as pydantic names it; ``id`` and ``en``: one line each."""

    loc: Loc
    id: str
    en: str

    def __str__(self) -> str:
        return f"{self.id} / {self.en}"


def check_file(path: Path) -> list[Fault]:
    """Faults of a template file, or of the template.json in a folder; empty if it is good. Raises nothing."""
    file = path / "template.json" if path.is_dir() else path
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
    except OSError as e:
        return [Fault((), f"tidak dapat dibaca: {e.strerror}", f"cannot be read: {e.strerror}")]
    except (UnicodeDecodeError, json.JSONDecodeError) as e:
        return [Fault((), f"bukan JSON: {e}", f"is no JSON: {e}")]
    faults = check_raw(raw) + (_files(raw, file) if isinstance(raw, dict) else [])
    if not faults:
        faults = [Fault((), line, line) for line in registry.check(path)]
    return faults


def check_form(form: str) -> list[Fault]:
    """Faults of a form that is known: shipped, published, or a desk form as it is laid out. Raises KeyError for an unknown id."""
    return check_raw(registry.template(form).model_dump(mode="json", exclude_defaults=True))


def check_together(raws: Sequence[tuple[str, object]]) -> list[tuple[str, Fault]]:
    """Faults that only show between several templates (name, JSON): two of them with the same AprilTag."""
    found: dict[int, tuple[str, str, object]] = {}
    out = []
    for name, raw in raws:
        form = str(_dict(raw).get("form"))
        for loc, tag, page in _tags(_dict(raw)):
            if not isinstance(tag, int):
                continue
            other = found.setdefault(tag, (name, form, page))
            if other[0] != name and other[1] != form:
                id = f"AprilTag {tag} juga pada {other[1]} halaman {other[2]}"
                out.append((name, Fault(loc, id, f"AprilTag {tag} also on {other[1]} page {other[2]}")))
    return out


def check_raw(raw: object) -> list[Fault]:
    """Faults of a template's JSON as it was read, however broken; empty if the schema accepts it and all below holds:

    boxes and bubbles on the page, no two boxes over each other, a label for every number, ten bubbles under each box or none, no name,
    page number, rule or tag twice, rules of known names, no total among its own parts.
    """
    own = list(_template(raw)) if isinstance(raw, dict) else []
    return own + _of_schema(raw, own)


def owners_of(tag: int) -> list[tuple[str, int]]:
    """Form and page of every known page that carries this AprilTag: shipped, published and desk forms."""
    known = [
        (t.form, p.number)
        for t in registry.all_templates().values()
        for p in t.pages
        if p.recognition.tag is not None and p.recognition.tag.id == tag
    ]
    desk = desk_page_of_tag(tag)
    return known if desk is None else [*known, (desk[0].form, desk[1].number)]


def _tags(raw: Raw) -> list[tuple[Loc, object, object]]:
    """Place, number and page of every AprilTag in a template's JSON."""
    out: list[tuple[Loc, object, object]] = []
    for i, p in enumerate(_list(raw.get("pages"))):
        tag = _dict(_dict(_dict(p).get("recognition")).get("tag"))
        if tag:
            out.append((("pages", i, "recognition", "tag"), tag.get("id"), _dict(p).get("number", "?")))
    return out


def _template(raw: Raw) -> Iterator[Fault]:
    pages = [(i, p) for i, p in enumerate(_list(raw.get("pages"))) if isinstance(p, dict)]
    yield from _once([(("pages", i, "number"), p.get("number")) for i, p in pages], "nomor halaman", "page number")
    tags = _tags(raw)
    yield from _once([(loc, tag) for loc, tag, _ in tags], "AprilTag", "AprilTag", "pada dua halaman", "on two pages")
    for loc, tag, _ in tags:
        for form, page in owners_of(tag) if isinstance(tag, int) else ():
            if form != raw.get("form"):
                id = f"AprilTag {tag} sudah milik {form} halaman {page}"
                yield Fault(loc, id, f"AprilTag {tag} already belongs to {form} page {page}")
    names = []
    for i, p in pages:
        yield from _page(("pages", i), p)
        names += [(loc, name) for loc, name in _names(("pages", i), p)]
    yield from _once(names, "nama angka", "number name")
    yield from _rules((), raw, {str(name) for _, name in names}, "antarhalaman", "across pages")


def _names(loc: Loc, page: Raw) -> list[tuple[Loc, object]]:
    return [((*loc, "numbers", j, "name"), n.get("name")) for j, n in enumerate(_list(page.get("numbers"))) if isinstance(n, dict)]


def _page(loc: Loc, page: Raw) -> Iterator[Fault]:
    at = page.get("number", "?")
    size = _dict(page.get("size"))
    width, height = _number(size.get("width")), _number(size.get("height"))
    boxes: list[tuple[str, Loc, tuple[float, float, float, float]]] = []
    for j, n in enumerate(_list(page.get("numbers"))):
        if not isinstance(n, dict):
            continue
        here: Loc = (*loc, "numbers", j)
        name = str(n.get("name") or f"#{j + 1}")
        label = n.get("label")
        if not any(isinstance(label, dict) and str(label.get(lang) or "").strip() for lang in ("id",)):
            yield Fault((*here, "label"), f"halaman {at}: '{name}' tidak berlabel", f"page {at}: '{name}' has no label")
        elif isinstance(label, dict) and not str(label.get("en") or "").strip():
            yield Fault((*here, "label"), f"halaman {at}: '{name}' tidak berlabel Inggris", f"page {at}: '{name}' has no English label")
        for k, b in enumerate(_list(n.get("boxes"))):
            rect = _rect(b)
            if rect is None:
                continue
            x, y, w, h = rect
            boxes.append((f"{name}[{k + 1}]", (*here, "boxes", k), rect))
            if width and height and (x < 0 or y < 0 or x + w > width or y + h > height):
                id = f"halaman {at}: kotak {k + 1} dari '{name}' di luar halaman"
                yield Fault((*here, "boxes", k), id, f"page {at}: box {k + 1} of '{name}' lies outside the page")
        yield from _bubbles(here, at, name, n, width, height)
    for (a, where, p), (b, _, q) in combinations(boxes, 2):
        if _overlap(p, q):
            yield Fault(where, f"halaman {at}: kotak {a} dan {b} bertindihan", f"page {at}: boxes {a} and {b} overlap")
    yield from _rules(loc, page, {str(name) for _, name in _names(loc, page)}, f"halaman {at}", f"page {at}")


def _bubbles(loc: Loc, at: object, name: str, number: Raw, width: float, height: float) -> Iterator[Fault]:
    columns, count = _list(number.get("bubbles")), len(_list(number.get("boxes")))
    if columns and len(columns) != count:
        id = f"halaman {at}: '{name}' punya {len(columns)} kolom bulatan untuk {count} kotak"
        yield Fault((*loc, "bubbles"), id, f"page {at}: '{name}' has {len(columns)} columns of bubbles for {count} boxes")
    for c, column in enumerate(columns):
        centres = _list(_dict(column).get("centres"))
        if len(centres) != 10:
            id = f"halaman {at}: kolom bulatan {c + 1} dari '{name}' berisi {len(centres)}, bukan 10"
            yield Fault((*loc, "bubbles", c), id, f"page {at}: column {c + 1} of bubbles of '{name}' holds {len(centres)}, not 10")
        off = [p for p in centres if isinstance(p, list) and len(p) == 2 and width and height and not _holds(p, width, height)]
        if off:
            id = f"halaman {at}: {len(off)} bulatan dari '{name}' (kolom {c + 1}) di luar halaman"
            yield Fault((*loc, "bubbles", c), id, f"page {at}: {len(off)} bubbles of '{name}' (column {c + 1}) lie outside the page")


def _rules(loc: Loc, holder: Raw, names: set[str], where: str, where_en: str) -> Iterator[Fault]:
    rules = [(r, (*loc, "rules", i)) for i, r in enumerate(_list(holder.get("rules"))) if isinstance(r, dict)]
    yield from _once([((*at, "id"), r.get("id")) for r, at in rules], "aturan", "rule")
    for r, at in rules:
        rule = r.get("id", "?")
        parts = [str(p) for p in _list(r.get("parts"))]
        named = [str(r[k]) for k in ("total", "number") if k in r] + parts + ([r["bound"]] if isinstance(r.get("bound"), str) else [])
        for name in dict.fromkeys(named):
            if name not in names:
                id = f"{where}: aturan '{rule}' menyebut angka yang tidak ada: '{name}'"
                yield Fault(at, id, f"{where_en}: rule '{rule}' names an unknown number '{name}'")
        if r.get("kind") == "sum" and str(r.get("total")) in parts:
            id = f"{where}: jumlah '{r['total']}' pada aturan '{rule}' termasuk bagiannya sendiri"
            yield Fault(at, id, f"{where_en}: the total '{r['total']}' of rule '{rule}' is among its own parts")
        for name, k in Counter(parts).items():
            if k > 1:
                id = f"{where}: aturan '{rule}' menghitung '{name}' {k} kali"
                yield Fault(at, id, f"{where_en}: rule '{rule}' counts '{name}' {k} times")


def _once(found: list[tuple[Loc, object]], what: str, what_en: str, twice: str = "dua kali", twice_en: str = "twice") -> Iterator[Fault]:
    seen: set[str] = set()
    said: set[str] = set()
    for loc, value in found:
        key = str(value)
        if value is None or key in said:
            continue
        if key in seen:
            said.add(key)
            yield Fault(loc, f"{what} '{key}' {twice}", f"{what_en} '{key}' {twice_en}")
        seen.add(key)


def _files(raw: Raw, file: Path) -> list[Fault]:
    out = []
    for i, page in enumerate(_dicts(raw.get("pages"))):
        features = _dict(page.get("recognition")).get("features")
        if isinstance(features, str) and not (file.parent / features).is_file():
            id = f"halaman {page.get('number', '?')}: berkas ciri '{features}' tidak ada"
            en = f"page {page.get('number', '?')}: file of features '{features}' is missing"
            out.append(Fault(("pages", i, "recognition", "features"), id, en))
    return out


def _of_schema(raw: object, own: list[Fault]) -> list[Fault]:
    """What the schema refuses besides, unless one of ``own`` already says so there."""
    try:
        Template.model_validate(raw)
    except ValidationError as e:
        return [_structural(err["loc"], err["msg"]) for err in e.errors() if not any(_covers(f.loc, err["loc"], err["type"]) for f in own)]
    return []


def _covers(said: Loc, loc: Loc, kind: str) -> bool:
    """A fault of ours answers for the schema's at and below its place, and for the sentences of the models that hold it."""
    return loc[: len(said)] == said or (kind == "value_error" and said[: len(loc)] == loc)


def _structural(loc: Loc, message: str) -> Fault:
    text = f"{'.'.join(str(p) for p in loc) or 'template'}: {message.removeprefix('Value error, ')}"
    return Fault(loc, f"bentuk salah: {text}", f"wrong form: {text}")


def _overlap(p: tuple[float, float, float, float], q: tuple[float, float, float, float]) -> bool:
    w = min(p[0] + p[2], q[0] + q[2]) - max(p[0], q[0])
    h = min(p[1] + p[3], q[1] + q[3]) - max(p[1], q[1])
    return w >= OVERLAP * min(p[2], q[2]) and h >= OVERLAP * min(p[3], q[3])


def _holds(point: list[Any], width: float, height: float) -> bool:
    return 0 <= _number(point[0]) <= width and 0 <= _number(point[1]) <= height


def _rect(value: object) -> tuple[float, float, float, float] | None:
    if not isinstance(value, dict) or any(not isinstance(value.get(k), int | float) for k in "xywh"):
        return None
    return float(value["x"]), float(value["y"]), float(value["w"]), float(value["h"])


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _dict(value: object) -> Raw:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _dicts(value: object) -> list[Raw]:
    return [v for v in _list(value) if isinstance(v, dict)]
