"""A sheet as the reviewer's page and the API show it: every number with where its picture is. Blind, nothing that anybody read is in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from api.pictures import CropsLayout, Quad, crop_pad, crops_layout, on_page, page_size
from db.types import EntryPolicy
from review.sheet import SheetView
from review.words import finding_text, reason_text
from templates_c1.registry import page as template_page

Json = dict[str, Any]


def crop_corners(view: SheetView) -> dict[str, Sequence[Quad]]:
    """Number -> corners of its boxes, of those that were located."""
    return {f.name: f.corners for f in view.fields if f.corners}


def field_json(view: SheetView, at: int, layout: CropsLayout | None = None) -> Json:
    """One number. Without a picture of it (the box was not located) nothing that the machine read is shown."""
    f = view.fields[at]
    seen = bool(f.corners)
    layout = layout if layout is not None else crops_layout(crop_corners(view))
    return {
        "name": f.name,
        "label": f.label,
        "label_en": f.label_en,
        "width": f.width,
        "crop": crop_url(view, f.name) if seen else None,
        "crop_at": list(layout.at[f.name]) if seen else None,
        "place": list(on_page(view.page_corners, f.corners)) if seen and view.page_corners else None,
        "boxes": f.boxes if seen else None,
        "value": f.value if seen else None,
        "confidence": f.confidence if seen else None,
        "readers": {n: {"boxes": r.boxes, "confidence": r.confidence} for n, r in f.readers.items()} if seen else {},
        "candidates": [{"boxes": b, "probability": p} for b, p in f.candidates] if seen else [],
        "doubts": list(f.doubts),
        "doubtful": f.doubtful or not seen,
        "sure": f.sure and seen,
    }


def _key(view: SheetView) -> str:
    """Changes when another reading's boxes are shown, so that browsers may keep the pictures."""
    return view.stamp.partition("-")[0]


def crop_url(view: SheetView, number: str) -> str:
    return f"/api/sheets/{view.photo_id}/crops/{number}.png?s={_key(view)}"


def picture_url(view: SheetView) -> str:
    return f"/api/sheets/{view.photo_id}/picture.jpg?s={_key(view)}"


def crops_url(view: SheetView) -> str:
    return f"/api/sheets/{view.photo_id}/crops.jpg?s={_key(view)}"


def sheet_json(view: SheetView, viewer_id: int | None = None) -> Json:
    """``viewer_id``: whose lease is "mine"."""
    width, height = page_size(view.page_corners) if view.page_corners else (0, 0)
    corners = crop_corners(view)
    layout = crops_layout(corners)
    picture, crops = picture_url(view), (crops_url(view) if corners else None)
    return {
        "id": view.photo_id,
        "stamp": view.stamp,
        "sha256_prefix": view.sha256[:12],
        "election": view.election.id,
        "tps": {"code": view.tps.code, "label": view.tps.label},
        "form": view.form,
        "page": view.page,
        "title": view.title,
        "title_en": view.title_en,
        "kind": view.kind.value if view.kind else None,
        "stage": view.stage.value if view.stage else None,
        "blind": view.blind,
        "policy": EntryPolicy(view.policy).value,
        "needs_second": view.needs_second,
        "uploader": view.uploader,
        "received_at": view.received_at.isoformat(),
        "waiting_since": view.waiting_since.isoformat() if view.waiting_since else None,
        "lease": _lease(view, viewer_id),
        "aligned": bool(view.page_corners),
        "pages": [_page(p.form, p.page) for p in view.choices],
        "reasons": _reasons(view),
        "findings": _findings(view),
        "hints": [
            {"changes": dict(h.changes), "probability": round(h.probability, 4), "text": h.text, "text_en": h.text_en} for h in view.hints
        ],
        "entries": [
            {"number": w.number, "source": w.source.value, "values": dict(w.values), "paper_error": w.paper_error, "note": w.note}
            for w in view.entries
        ]
        or None,
        "differs": list(view.differs),
        "doubt_order": list(view.doubt_order),
        "previous": dict(view.previous) if view.previous is not None else None,
        "picture": picture,
        "picture_size": [width, height],
        "crop_sheet": {"url": crops, "width": layout.width, "height": layout.height, "pad": crop_pad()} if crops else None,
        "pictures": [picture, *([crops] if crops else [])],
        "numbers": [field_json(view, i, layout) for i in range(len(view.fields))],
        "rules": [
            {
                "id": r.id,
                "text": r.text,
                "kind": r.kind,
                "total": r.total,
                "parts": list(r.parts),
                "bound": r.bound,
                "severity": r.severity,
            }
            for r in view.rules
        ],
        "settled": view.stage is None and view.current is not None,
        "committed": dict(view.current.values) if view.current else None,
    }


def _lease(view: SheetView, viewer_id: int | None) -> Json:
    return {
        "mine": viewer_id is not None and view.leased_by_id == viewer_id,
        "by": view.leased_by,
        "until": view.leased_until.isoformat() if view.leased_until else None,
        "ahead": view.lease_ahead,
    }


def _page(form: str, page: int) -> Json:
    try:
        title = template_page(form, page).title
    except KeyError:  # a form that is not there any more
        return {"form": form, "page": page, "title": form, "title_en": form}
    return {"form": form, "page": page, "title": title.id, "title_en": title.en}


def _labels(view: SheetView) -> Mapping[str, tuple[str, str]]:
    return {f.name: (f.label, f.label_en) for f in view.fields}


def _reasons(view: SheetView) -> list[Json]:
    made = []
    for r in view.reasons:
        text, text_en = reason_text(r, view.findings, view.values, _labels(view))
        made.append({**r.to_json(), "text": text, "text_en": text_en})
    return made


def _findings(view: SheetView) -> list[Json]:
    made = []
    for f in view.findings:
        text, text_en = finding_text(f, view.values, _labels(view))
        made.append(
            {
                "rule_id": f.rule_id,
                "holds": f.holds,
                "severity": f.severity.value,
                "numbers": list(f.numbers),
                "expected": f.expected,
                "actual": f.actual,
                "text": text,
                "text_en": text_en,
            }
        )
    return made
