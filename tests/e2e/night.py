"""An election night in small: photos of whole stations go in over HTTP, are read as the worker reads them, are settled by a reviewer
who has the papers before him, and come out as totals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

import samples
from db.tables import Interpretation, Photo, QueueEntry, Region, SheetCommit
from db.types import Source
from samples.tps import Sheet
from tally.glyphs import value_of
from tests.api.conftest import Site, files


@dataclass
class Figures:
    """What evaluate.py counts, over one set. ``silent``: accepted by the machine with a number that is not what is written."""

    photos: int = 0
    recognised: int = 0
    accepted: int = 0
    clean: int = 0
    clean_right: int = 0
    placed: int = 0
    silent: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def share(self, part: int, whole: int) -> float:
        return part / whole if whole else 1.0

    def __str__(self) -> str:
        return (
            f"{self.photos} photos, recognised {self.share(self.recognised, self.photos):.3f}, "
            f"clean {self.share(self.clean_right, self.clean):.4f} of {self.clean}, "
            f"accepted {self.share(self.accepted, self.photos):.2f}, silent {len(self.silent)}"
        )


@dataclass
class Night:
    """One set of photos on its way."""

    site: Site
    election: str
    sheets: Sequence[Sheet]
    difficulty: float | str = "moderate"
    seed: int = 0
    truth: dict[int, tuple[Sheet, dict[str, Any]]] = field(default_factory=dict)

    def send(self, *, open_place: bool) -> None:
        """Every sheet as one photo. ``open_place``: with neither election nor TPS; a reviewer places what stays unplaced."""
        client = self.site.client("operator")
        for i, sheet in enumerate(self.sheets):
            data, truth = samples.photograph(sheet, self.difficulty, self.seed + i)
            where = {"election": "auto", "tps": "auto"} if open_place else {"election": self.election, "tps": sheet.tps}
            answer = client.post("/api/photos", data=where, files=files((f"{i}.jpg", data)))
            assert answer.status_code == 202, answer.text
            receipt = answer.json()["results"][0]["receipt"]
            self.truth[self._read(receipt, sheet)] = (sheet, truth)

    def _read(self, receipt: dict[str, Any], sheet: Sheet) -> int:
        """As the worker does it; returns the photo's id."""
        if receipt["id"] is not None:
            self.site.held.reading.read(receipt["id"])
            return int(receipt["id"])
        self.site.held.reading.read_open(receipt["unplaced"])
        reviewer = self.site.client("reviewer")
        placed = reviewer.get(f"/api/unplaced/{receipt['unplaced']}").json()
        if placed["state"] != "placed":
            where = {"election": self.election, "tps": sheet.tps}
            return int(reviewer.post(f"/api/unplaced/{receipt['unplaced']}/place", json=where).json()["photo"])
        return int(placed["photo"])

    def figures(self) -> Figures:
        f = Figures()
        with self.site.held.db.reading() as s:
            rows = {i.photo_id: i for i in s.scalars(select(Interpretation).order_by(Interpretation.id))}
            committed = {
                c.photo_id: {n.name: n.value for n in c.counts}
                for c in s.scalars(select(SheetCommit).where(SheetCommit.source == Source.MACHINE))
            }
            places = dict(s.execute(select(Photo.id, Region.code).join(Region, Region.id == Photo.tps_id)).all())
        for photo, (sheet, truth) in self.truth.items():
            body = rows[photo].body
            name = f"{sheet.form} p{sheet.page} TPS {sheet.tps}"
            f.photos += 1
            f.placed += places[photo] == sheet.tps
            if (body["form"], body["page"]) != (sheet.form, sheet.page):
                f.missed.append(f"{name}: {body['reasons']}")
                continue
            f.recognised += 1
            read = {n["name"]: n["value"] for n in body["numbers"]}
            for number, boxes in truth["numbers"].items():
                if number not in truth["doubtful"] and value_of(boxes) is not None:
                    f.clean += 1
                    f.clean_right += read.get(number) == value_of(boxes)
            if photo in committed:
                f.accepted += 1
                f.silent += [f"{name} {n}: {v} for {sheet.values[n]}" for n, v in committed[photo].items() if v != sheet.values[n]]
        return f

    def review(self) -> int:
        """A person with the paper before him settles everything that waits. Returns how many sheets that were."""
        settled = 0
        while waiting := self._waiting():
            for photo in waiting:
                self._settle(photo)
                settled += 1
            assert settled <= 3 * len(self.truth), "sheets come back again and again"
        return settled

    def _waiting(self) -> list[int]:
        with self.site.held.db.reading() as s:
            return [p for p in s.scalars(select(QueueEntry.photo_id).order_by(QueueEntry.photo_id)) if p in self.truth]

    def _settle(self, photo: int) -> None:
        sheet, _ = self.truth[photo]
        reviewer = self.site.client("reviewer")
        lease = reviewer.post(f"/api/sheets/{photo}/lease")
        assert lease.status_code == 200, lease.text
        body: dict[str, Any] = {"action": "settle", "stamp": lease.json()["stamp"], "values": sheet.values}
        seen = lease.json()
        if (seen.get("form"), seen.get("page")) != (sheet.form, sheet.page):
            body |= {"form": sheet.form, "page": sheet.page}
        for _ in range(4):
            answer = reviewer.post(f"/api/sheets/{photo}/decision", json=body)
            if answer.status_code == 200:
                return
            error = answer.json()["error"]
            if error["code"] == "rules_broken":  # it is the paper that is wrong
                body |= {"paper_error": True, "note": "tertulis begitu"}
            elif error["code"] == "confirm_required":
                body |= {"confirm": error["details"]["token"]}
            else:
                break
        raise AssertionError(answer.text)


def sums(sheets: Iterable[Sheet]) -> dict[tuple[str, str], int]:
    """(form, number) -> the true total over all sheets."""
    found: dict[tuple[str, str], int] = {}
    for sheet in sheets:
        for name, value in sheet.values.items():
            found[sheet.form, name] = found.get((sheet.form, name), 0) + value
    return found
