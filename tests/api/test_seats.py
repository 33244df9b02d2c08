"""Seats on the page, in JSON and as CSV come from verified votes, say what is missing, and show ties as ties."""

from __future__ import annotations

import csv
import io

from templates_c1.registry import page
from tests.api.conftest import Site
from tests.review.desk import DOUBT

COUNCIL, FORM = "dprd-kab-2024", "desk-dprd-kab-160701-2024"
STATIONS = ["1607031033901", "1607032001001"]


def party(number: int, votes: int) -> dict[str, int | None]:
    """Page of one party: all votes for the party itself."""
    names = [n.name for n in page(FORM, number + 1).numbers]
    return {n: votes if n in (f"suara_partai_{number}", f"suara_partai_dan_calon_{number}") else 0 for n in names}


def count(site: Site, votes: dict[int, int], **how: object) -> None:
    for number, n in votes.items():
        receipt = site.world.upload(tps=STATIONS[0], election=COUNCIL)
        site.world.read(receipt, party(number, n), form=FORM, page=number + 1, **how)


def test_seats_follow_from_verified_votes_only(site: Site) -> None:
    count(site, {1: 200, 2: 110, 3: 60, 4: 20})
    count(site, {5: 250}, doubt=DOUBT)  # waits: nobody has verified it
    client = site.client("staff")
    body = client.get(f"/api/seats?election={COUNCIL}").json()
    first = body["districts"][0]
    assert first["dapil"] == {"code": "160701", "name": "Banyuasin 1", "seats": 7, "whole": True} and first["final"] is False
    # by hand: 200, 110, 66.7, 60, 40, 36.7, 28.6
    assert {p["number"]: p["seats"] for p in first["parties"] if p["seats"]} == {1: 4, 2: 2, 3: 1}
    assert {p["number"]: p["votes"] for p in first["parties"]}[5] == 0
    quotients = first["parties"][0]["quotients"]
    assert [(q["divisor"], q["value"], q["seat"]) for q in quotients[:2]] == [(1, 200.0, 1), (3, 66.667, 3)]
    assert (first["undecided"], first["tied"]) == (0, [])
    assert body["threshold"] is None and {s["number"]: s["seats"] for s in body["seats"]}[1] == 4
    rows = list(csv.DictReader(io.StringIO(client.get(f"/api/seats.csv?election={COUNCIL}").text.removeprefix("\ufeff"))))
    assert [r["kursi_ke"] for r in rows if r["dapil"] == "160701" and r["partai"] == "1"][:4] == ["1", "3", "5", "7"]
    shown = client.get(f"/kursi?election={COUNCIL}").text
    assert "Banyuasin 1: 7 kursi" in shown and "kursi ke-7" in shown and "Belum final" in shown and "data-tied" not in shown


def test_a_tie_is_given_to_nobody(site: Site) -> None:
    count(site, dict.fromkeys(range(1, 9), 10))  # eight equal parties, seven seats
    client = site.client("reviewer")
    first = client.get(f"/api/seats?election={COUNCIL}").json()["districts"][0]
    assert first["undecided"] == 7 and first["tied"] == [str(n) for n in range(1, 9)]
    assert not any(p["seats"] for p in first["parties"])
    assert "data-tied" in client.get(f"/kursi?election={COUNCIL}").text


def test_the_threshold_is_the_nations_and_the_district_is_larger_than_here(site: Site) -> None:
    client = site.client("staff")
    body = client.get("/api/seats?election=dpr-2024").json()
    assert body["threshold"] == [1, 2, 3, 4, 5, 8, 12, 14] and body["districts"][0]["dapil"]["whole"] is False
    assert {p["number"] for p in body["districts"][0]["parties"] if p["below_threshold"]} == {6, 7, 9, 10, 11, 13, 15, 16, 17, 24}
    assert all(s["seats"] == 0 for s in body["seats"])  # a part of the district decides nothing
    assert "lebih luas" in client.get("/kursi?election=dpr-2024").text
    assert client.get("/kursi?election=ppwp-2024").status_code == 404
    assert client.get("/kursi").status_code == 200
