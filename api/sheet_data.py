"""A sheet as the reviewer's page and the API show it: every number with where its picture is."""

from __future__ import annotations

from typing import Any

from api.pictures import on_page, page_size
from review.sheet import SheetView

Json = dict[str, Any]


def field_json(view: SheetView, at: int) -> Json:
    """One number. Without a picture of it (the box was not located) nothing that the machine read is shown."""
    f = view.fields[at]
    seen = bool(f.corners)
    return {
        "name": f.name,
        "label": f.label,
        "label_en": f.label_en,
        "width": f.width,
        "crop": crop_url(view, f.name) if seen else None,
        "place": list(on_page(view.page_corners, f.corners)) if seen and view.page_corners else None,
        "boxes": f.boxes if seen else None,
        "value": f.value if seen else None,
        "confidence": f.confidence if seen else None,
        "readers": {n: {"boxes": r.boxes, "confidence": r.confidence} for n, r in f.readers.items()} if seen else {},
        "candidates": [{"boxes": b, "probability": p} for b, p in f.candidates] if seen else [],
        "doubts": list(f.doubts),
        "doubtful": f.doubtful or not seen,
    }


def crop_url(view: SheetView, number: str) -> str:
    return f"/api/sheets/{view.photo_id}/crops/{number}.png?s={view.stamp}"  # browsers keep it until another reading stands


def sheet_json(view: SheetView) -> Json:
    width, height = page_size(view.page_corners) if view.page_corners else (0, 0)
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
        "reasons": [r.to_json() for r in view.reasons],
        "picture": f"/api/sheets/{view.photo_id}/picture.jpg?s={view.stamp}",
        "picture_size": [width, height],
        "numbers": [field_json(view, i) for i in range(len(view.fields))],
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
        "settled": view.current is not None and view.kind is None,
        "committed": dict(view.current.values) if view.current else None,
    }
