"""The overview says what counts and, apart from it, what waits; it is asked for cheaply; every figure leads to its crop."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import charts
from db.progress import mark, waiting
from db.queries import election
from review.queue import open_sheet
from review.resolve import Confirm, resolve
from tally.interpretation import ReasonCode
from tests.api.conftest import Site
from tests.world import OTHER_TPS, TPS, votes

HTML = {"Accept": "text/html"}
DOUBT = (ReasonCode.LOW_CONFIDENCE,)


def values(text: str, attribute: str) -> dict[str, str]:
    return dict(re.findall(rf'{attribute}="([^"]+)">([^<]*)<', text))


def test_verified_and_provisional_stay_apart(site: Site) -> None:
    world = site.world
    world.read(world.upload(), votes(10, 20, 30))
    world.read(world.upload(tps=OTHER_TPS), votes(100, 200, 300), doubt=DOUBT)
    world.read(world.upload(), votes(11, 20, 30), doubt=DOUBT)  # something counts for that sheet: no further figures
    text = site.client("staff").get("/ringkasan?election=ppwp-2024", headers=HTML).text
    standing = dict(re.findall(r'data-standing="(\d)">([\d.–]+)<', text))
    provisional = dict(re.findall(r'data-waiting="(\d)">([\d.–]+)<', text))
    assert standing == {"1": "10", "2": "20", "3": "30"}
    assert provisional == {"1": "100", "2": "200", "3": "300"}
    assert "1 halaman dari 1 TPS menunggu pemeriksaan" in text and "2 foto dalam antrean" in text
    with world.db.reading() as s:
        w = waiting(s, election(s, "ppwp-2024"))
    assert (w.photos, w.sheets, w.tps, w.by_kecamatan) == (2, 1, 1, {"160701": 2})


def test_an_unchanged_count_costs_no_body(site: Site) -> None:
    world, client = site.world, site.client("staff")
    receipt = world.upload()
    world.read(receipt, votes(10, 20, 30), doubt=DOUBT)
    for url in ("/ringkasan/isi?election=ppwp-2024", "/layar/isi", "/api/totals?election=ppwp-2024", "/api/totals.csv?election=ppwp-2024"):
        first = client.get(url)
        same = client.get(url, headers={"If-None-Match": first.headers["etag"]})
        assert (first.status_code, same.status_code, same.content) == (200, 304, b""), url
        assert "no-cache" in first.headers["cache-control"]
    before = client.get("/ringkasan/isi?election=ppwp-2024")
    with world.db.reading() as s:
        was = mark(s, "ppwp-2024")
        other = mark(s, "dpd-2024")
    with world.db.writing() as s:
        stamp = open_sheet(s, world.users["reviewer"], receipt.photo_id).stamp
    with world.db.writing() as s:
        resolve(s, world.users["reviewer"], receipt.photo_id, Confirm(), stamp=stamp)
    after = client.get("/ringkasan/isi?election=ppwp-2024", headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200 and 'data-standing="3">30<' in after.text and "Tidak ada yang menunggu" in after.text
    with world.db.reading() as s:
        assert mark(s, "ppwp-2024") != was and mark(s, "dpd-2024") == other


def test_long_lists_come_in_pieces(site: Site) -> None:
    client, codes, after = site.client("staff"), [], ""
    while after is not None:
        got = client.get("/api/totals", params={"election": "ppwp-2024", "level": "desa", "limit": 100, "after": after}).json()
        codes += [r["region"]["code"] for r in got["rows"]]
        after = got["next"]
    assert len(codes) == 313 == len(set(codes)) and codes == sorted(codes)
    assert client.get("/api/totals", params={"election": "ppwp-2024", "limit": 0}).json()["error"]["code"] == "invalid_request"


def test_a_figure_is_followed_to_the_number_on_the_sheet(site: Site) -> None:
    world, client = site.world, site.client("staff")
    receipt = world.upload()
    world.read(receipt, votes(10, 20, 30))
    code = "1607"
    for below in ("160701", "1607011016", TPS):
        text = client.get("/hasil/angka", params={"election": "ppwp-2024", "angka": "suara_paslon_2", "code": code}, headers=HTML).text
        assert re.search(r'id="jumlah">20<', text) and f"code={below}&amp;angka=suara_paslon_2" in text
        code = below
    last = client.get("/hasil/angka", params={"election": "ppwp-2024", "angka": "suara_paslon_2", "code": TPS})
    assert (last.status_code, last.headers["location"]) == (303, f"/angka/{receipt.photo_id}/suara_paslon_2")
    page = client.get(last.headers["location"], headers=HTML).text
    assert re.search(r'id="nilai">20<', page) and f"/api/sheets/{receipt.photo_id}/crops/suara_paslon_2.png" in page
    assert "Dibaca mesin" in page and "Disahkan, versi 1" in page
    missing = client.get("/hasil/angka", params={"election": "ppwp-2024", "angka": "suara_sah", "code": TPS})
    assert missing.headers["location"] == f"/hasil?election=ppwp-2024&code={TPS}"
    assert client.get(f"/angka/{receipt.photo_id}/tidak_ada").status_code == 404
    assert client.get("/hasil/angka", params={"election": "ppwp-2024", "angka": "x"}).status_code == 404


def test_a_sheet_that_must_be_entered_blind_shows_nobody_its_number(site: Site) -> None:
    from sqlalchemy import update

    from db.tables import QueueEntry
    from db.types import Stage

    world = site.world
    receipt = world.upload()
    world.read(receipt, votes(77, 88, 99), doubt=DOUBT)
    with world.db.writing() as s:
        s.execute(update(QueueEntry).values(stage=Stage.SECOND))
    page = site.client("reviewer").get(f"/angka/{receipt.photo_id}/suara_paslon_2", headers=HTML).text
    assert "88" not in re.sub(r"\d{5,}|20\d\d", "", page)
    shown = site.client("reviewer").get("/ringkasan?election=ppwp-2024", headers=HTML).text
    assert "1 foto dalam antrean" in shown and 'data-waiting="2">88<' not in shown


def test_the_wall_shows_nothing_of_who_is_logged_in(site: Site) -> None:
    site.world.read(site.world.upload(), votes(10, 20, 30))
    text = site.client("staff").get("/layar?kecamatan=1", headers=HTML).text
    assert "Staf" not in text and "staff" not in text and "csrf" not in text
    assert text.count('class="slide votes-slide') == 22 and text.count('class="slide coverage-slide') == 1
    assert site.client("staff").get("/layar?election=tak-ada").json()["error"]["code"] == "invalid_request"


labels = st.text(min_size=1, max_size=60, alphabet=st.characters(exclude_categories=("Cs", "Cc")))
bar_lists = st.lists(st.builds(charts.Bar, labels, labels, st.integers(0, 10**6), labels, labels, st.booleans()), max_size=20)


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
@given(items=bar_lists, hatched=st.booleans())
def test_charts_are_well_formed_and_to_scale(width: int, items: list[charts.Bar], hatched: bool) -> None:
    picture = charts.bars(items, key="k", title="a<b", desc='"c&d"', width=width, hatched=hatched)
    root = ElementTree.fromstring(str(picture))  # noqa: S314 (our own)
    space = "{http://www.w3.org/2000/svg}"
    assert root.find(f"{space}title").text == "a<b" and root.find(f"{space}desc").text == '"c&d"'  # type: ignore[union-attr]
    drawn = [float(e.get("width", "0")) for e in root.iter(f"{space}rect") if (e.get("class") or "").startswith("v-bar")]
    most = max((b.value for b in items), default=0)
    tracks = [float(e.get("width", "0")) for e in root.iter(f"{space}rect") if e.get("class") == "v-track"]
    assert len(tracks) == len(items)
    wanted = [round(tracks[0] * b.value / most, 1) for b in items if most and round(tracks[0] * b.value / most, 1)]
    assert drawn == wanted
