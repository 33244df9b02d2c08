"""What is taken away proves itself: signed files fail when a byte is touched; recap, receipt and trail bear the chain's end."""

from __future__ import annotations

import hashlib
import io
import json
import random
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from typer.testing import CliRunner

from api.cli import app
from api.exports.recap_pdf import carried, parts_of, recap_pdf
from db.audit import chain_end
from db.tables import INSERT_ONLY
from review.evidence_bundle import check
from review.recap import Line, recap
from review.signing import BadSignature, members, packed, public_key, signed_by, signing_key
from tests.api.conftest import Site, files, jpeg, open_site
from tests.review.desk import DOUBT
from tests.world import validity, votes, word

TPS = "1607011016001"


@pytest.fixture(scope="module")
def site(make_world: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two TPS with sheets that count; one TPS with a sheet that waits."""
    folder = tmp_path_factory.mktemp("trust")
    world = make_world(folder)
    first = world.upload(data=jpeg(1), tps=TPS)
    world.record(first, word(first, votes(10, 20, 30)))
    world.read(world.upload(data=jpeg(2), tps=TPS), validity(60, 2), page=3)
    world.read(world.upload(tps="1607011021001"), votes(100, 1, 0))
    world.read(world.upload(data=jpeg(3), tps="1607011016002"), votes(5, 5, 5), doubt=DOUBT)
    yield open_site(world, folder)
    world.close()


# -- signatures


def test_the_key_is_made_once_for_its_owner_only_and_may_be_given(tmp_path: Path) -> None:
    key = public_key(signing_key(tmp_path))
    file = tmp_path / "signing_key.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and public_key(signing_key(tmp_path)) == key
    assert sorted(p.name for p in tmp_path.iterdir()) == ["signing_key.pem"]
    assert public_key(signing_key(tmp_path / "other", str(file))) == key
    with pytest.raises(ValueError, match="C1_SIGNING_KEY"):
        signing_key(tmp_path, "/no/such/file")
    assert key.is_named(key.fingerprint) and key.is_named(key.fingerprint[:20]) and key.is_named(key.text) and key.is_named(key.pem)
    assert not key.is_named(key.fingerprint[:10]) and not key.is_named("0" * 64)


def test_every_single_byte_matters() -> None:
    file = packed([("a.json", b"{}"), ("b/c.csv", b"x,y\n" * 20)], Ed25519PrivateKey.generate())
    assert members(file) == {"a.json": b"{}", "b/c.csv": b"x,y\n" * 20}
    signed_by(file)
    for i in range(len(file)):
        for bit in (1, 128):
            touched = bytearray(file)
            touched[i] ^= bit
            with pytest.raises(BadSignature):
                signed_by(bytes(touched))
    for other in (file[:-1], file + b"\0", file[1:], b"", b"PK", file * 2):
        with pytest.raises(BadSignature):
            signed_by(other)


def test_a_signed_export_is_checked_by_the_command_and_fails_when_touched(site: Site, tmp_path: Path) -> None:
    run = CliRunner()
    answer = site.client("staff").get("/api/exports/ppwp-2024/signed.zip")
    key = site.client("staff").get("/api/exports/key").json()
    assert site.client("staff").get("/api/exports/key.pem").text == key["pem"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:  # any program opens it
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        assert {n: hashlib.sha256(archive.read(n)).hexdigest() for n in archive.namelist() if n != "manifest.json"} == manifest["files"]
    file = tmp_path / "signed.zip"
    file.write_bytes(answer.content)
    good = run.invoke(app, ["verify", str(file), "--key", key["fingerprint"]])
    assert good.exit_code == 0 and "sah / valid" in good.output, good.output
    assert run.invoke(app, ["verify", str(file), "--data", str(site.folder)]).exit_code == 0
    assert run.invoke(app, ["verify", str(file), "--key", "0" * 64]).exit_code == 1
    assert run.invoke(app, ["verify", str(file), "--data", str(tmp_path / "elsewhere")]).exit_code == 2
    dice = random.Random(7)
    for at in (0, len(answer.content) - 1, *(dice.randrange(len(answer.content)) for _ in range(20))):
        touched = bytearray(answer.content)
        touched[at] ^= 1 << dice.randrange(8)
        file.write_bytes(bytes(touched))
        assert run.invoke(app, ["verify", str(file), "--key", key["fingerprint"]]).exit_code == 1, at


def test_a_file_signed_anew_by_somebody_else_is_refused(site: Site, tmp_path: Path) -> None:
    answer = site.client("staff").get("/api/exports/ppwp-2024/signed.zip")
    forged = packed(members(answer.content).items(), Ed25519PrivateKey.generate())
    file = tmp_path / "forged.zip"
    file.write_bytes(forged)
    said = CliRunner().invoke(app, ["verify", str(file), "--data", str(site.folder), "--json"])
    assert said.exit_code == 1 and json.loads(said.output)["valid"] is False


def test_the_export_command_writes_every_format(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("C1_DATABASE_URL", site.world.settings.database_url)
    run = CliRunner()
    for kind in ("csv", "xlsx", "json", "nist"):
        out = tmp_path / f"x.{kind}"
        said = run.invoke(app, ["export", "ppwp-2024", "--format", kind, "--out", str(out), "--data", str(site.folder)])
        assert said.exit_code == 0 and out.stat().st_size > 1000, said.output
    out = tmp_path / "s.zip"
    assert run.invoke(app, ["export", "ppwp-2024", "--signed", "--out", str(out), "--data", str(site.folder)]).exit_code == 0
    assert run.invoke(app, ["verify", str(out), "--data", str(site.folder)]).exit_code == 0
    assert run.invoke(app, ["export", "ppwp-2024", "--format", "odt"]).exit_code == 2


# -- evidence


@pytest.fixture(scope="module")
def evidence(site: Site) -> bytes:
    answer = site.client("staff").get(f"/api/exports/ppwp-2024/evidence.zip?code={TPS}")
    assert answer.status_code == 200, answer.text
    return bytes(answer.content)


def test_evidence_holds_photos_pages_crops_readings_history_and_log(evidence: bytes) -> None:
    inside = members(evidence)
    photos = [n for n in inside if n.startswith("photos/")]
    assert len(photos) == 2 and {inside[n] for n in photos} == {jpeg(1), jpeg(2)}
    assert len([n for n in inside if n.startswith("pages/")]) == 2 and len([n for n in inside if n.startswith("crops/")]) == 2
    counts = json.loads(inside["counts.json"])
    assert {c["page"]: c["values"] for c in counts}[2] == votes(10, 20, 30)
    events = [e["kind"] for e in json.loads(inside["history.json"])["c-hasil-ppwp-2024/2"]]
    assert events == ["photo", "interpretation", "commit"]
    assert {r["event"] for r in json.loads(inside["audit.json"])} == {"photo_received", "interpreted", "committed"}
    (reading,) = json.loads(inside[next(n for n in inside if n.startswith("readings/"))])
    assert reading["interpretation"]["numbers"][0]["readers"]
    found = check(evidence)
    assert found.faults == () and found.audit_rows == 6 and found.manifest["tps"]["code"] == TPS


@pytest.mark.parametrize("what", ["photo", "count", "log", "missing"])
def test_evidence_made_up_and_signed_anew_contradicts_itself(evidence: bytes, what: str) -> None:
    """Even by who has the key: the parts prove each other."""
    inside = members(evidence)
    photo = next(n for n in inside if n.startswith("photos/"))
    if what == "photo":
        inside[photo] = jpeg(9)
    elif what == "count":
        inside["counts.json"] = inside["counts.json"].replace(b'"suara_paslon_1": 10', b'"suara_paslon_1": 652')
    elif what == "log":
        inside["audit.json"] = inside["audit.json"].replace(b'"suara_paslon_1": 10', b'"suara_paslon_1": 652')
    else:
        del inside[photo]
    manifest = json.loads(inside["manifest.json"])
    if what != "missing":
        manifest["files"] = {n: hashlib.sha256(c).hexdigest() for n, c in inside.items() if n != "manifest.json"}
    inside["manifest.json"] = json.dumps(manifest).encode()
    assert check(packed(inside.items(), Ed25519PrivateKey.generate())).faults


def test_evidence_is_checked_offline_by_its_command(site: Site, evidence: bytes, tmp_path: Path) -> None:
    file = tmp_path / "bukti.zip"
    file.write_bytes(evidence)
    key = site.client("staff").get("/api/exports/key").json()["fingerprint"]
    said = CliRunner().invoke(app, ["evidence", "verify", str(file), "--key", key])
    assert said.exit_code == 0 and "6 baris jejak" in said.output
    file.write_bytes(evidence[:5000] + b"\1" + evidence[5001:])
    assert CliRunner().invoke(app, ["evidence", "verify", str(file), "--key", key]).exit_code == 1


def test_evidence_is_not_for_reviewers(site: Site) -> None:
    assert site.client("reviewer").get(f"/api/exports/ppwp-2024/evidence.zip?code={TPS}").status_code == 403


# -- recap


def test_the_recap_has_the_official_rows_and_only_verified_counts(site: Site) -> None:
    with site.world.db.reading() as s:
        said = recap(s, "ppwp-2024", "160701")
    assert [x.number for x in said.sections] == ["I", "II", "III", "IV", "V"]
    by = {line.label: line for x in said.sections for line in x.lines}
    first = next(line for x in said.sections if x.number == "IV" for line in x.lines)
    assert first.total == 110 and sum(v for v in first.values if v) == 110
    at = [d.region.code for d in said.desa].index("1607011016")
    assert first.values[at] == 10 and by["Jumlah seluruh suara sah"].total == 60
    assert all(line.total is None for line in said.sections[0].lines)
    assert {line.sub for line in said.sections[0].lines} == {"L", "P", "JML"}
    assert said.unverified == said.tps_all > 10


@pytest.mark.parametrize(("paper", "most", "code", "wide"), [("a3", 14, "160703", 1191), ("a4", 8, "160701", 842)])
def test_the_recap_pdf_carries_sums_over_its_sheets(site: Site, paper: str, most: int, code: str, wide: int) -> None:
    with site.world.db.reading() as s:
        said = recap(s, "ppwp-2024", code)
        end = chain_end(s)
    made = recap_pdf(said, paper)
    assert made == recap_pdf(said, paper)
    pdf = pypdfium2.PdfDocument(made)
    pages = [p.get_textpage().get_text_range().replace("\r\n", " ") for p in pdf]
    assert len(pages) >= len(parts_of(len(said.desa), most)) > 1
    for i, page in enumerate(pages, 1):
        assert f"BELUM TERVERIFIKASI: {said.unverified} TPS dari {said.tps_all}" in page
        assert f"baris {end.seq}, {end.hash[:16]}" in page and f"Lembar {i} dari {len(pages)}" in page
    assert "JUMLAH AKHIR" not in pages[0] and "DIPINDAHKAN" in pages[0]
    whole = " ".join(pages)
    assert "PINDAHAN" in whole and "JUMLAH AKHIR" in whole and "SAKSI" in pages[-1]
    width, height = pdf[0].get_size()
    assert width > height and round(width) == wide


def test_carrying_over_adds_up() -> None:
    line = Line("x", "x", "", (1, None, 3, None, 5), 9)
    assert [carried(line, n) for n in range(6)] == [None, 1, 1, 4, 4, 9]
    assert carried(Line("x", "x", "", (None, None), None), 2) is None
    for count in (0, 1, 8, 9, 17, 34):
        parts = parts_of(count, 8)
        assert [p.start for p in parts[1:]] == [p.end for p in parts[:-1]] and parts[-1].end == count and parts[-1].last
        assert all(p.end - p.start <= 8 for p in parts)


def test_the_recap_page_says_what_is_not_verified_and_where_the_chain_ends(site: Site) -> None:
    page = site.client("staff").get("/rekap?election=ppwp-2024&code=160701")
    assert page.status_code == 200
    with site.world.db.reading() as s:
        end, said = chain_end(s), recap(s, "ppwp-2024", "160701")
    assert f"Belum terverifikasi: {said.unverified} TPS" in page.text and end.short in page.text
    assert "signed.zip" in page.text and site.client("reviewer").get("/rekap").status_code == 200


# -- trail and receipts


def test_a_receipt_names_the_row_that_took_the_photo_in(site: Site) -> None:
    client = site.client("operator")
    answer = client.post("/api/photos", data={"election": "ppwp-2024", "tps": "1607011016005"}, files=files(("a.jpg", jpeg(50))))
    said = json.dumps(answer.json())
    with site.world.db.reading() as s:
        row = s.execute(text("SELECT seq, hash FROM audit_log WHERE event = 'photo_received' ORDER BY seq DESC LIMIT 1")).one()
    assert f"{row.seq}:{row.hash[:16]}" in said


def test_the_trail_shows_its_newest_rows_and_pages_back(site: Site) -> None:
    client = site.client("staff")
    first = client.get("/api/audit?limit=5").json()
    assert [r["row"] for r in first["rows"]] == list(range(first["end"]["row"], first["end"]["row"] - 5, -1))
    assert first["rows"][0]["hash"] == first["end"]["hash"] and first["rows"][1]["hash"] == first["rows"][0]["previous"]
    assert client.get(f"/api/audit?limit=5&before={first['next']}").json()["rows"][0]["row"] == first["next"] - 1
    page = client.get("/jejak")
    assert page.status_code == 200 and f"{first['end']['row']}:{first['end']['hash'][:16]}" in page.text


def verdict(site: Site, anchor: str = "") -> tuple[list[dict[str, Any]], dict[str, Any]]:
    answer = site.client("staff").post("/api/audit/verify", json={"anchor": anchor})
    assert answer.status_code == 200, answer.text
    *steps, last = [json.loads(line) for line in answer.text.splitlines()]
    return steps, last["verdict"]


def test_the_check_tells_how_far_it_is_and_what_came_out(site: Site) -> None:
    steps, said = verdict(site)
    assert said["clean"] and {s["what"] for s in steps} >= {"region", "page_total"} and all(s["done"] <= s["of"] for s in steps)
    with site.world.db.reading() as s:
        end = chain_end(s)
    assert verdict(site, end.short)[1]["clean"]
    assert verdict(site, f"{end.seq}:{'0' * 16}")[1]["faults"][0]["code"] == "anchor"
    assert site.client("staff").post("/api/audit/verify", json={"anchor": "x"}).status_code == 422


def test_the_check_names_a_touched_row(site: Site) -> None:
    with site.world.db.writing() as s:
        lite = s.get_bind().dialect.name == "sqlite"
        for t in INSERT_ONLY:
            off = (
                [f"DROP TRIGGER IF EXISTS {t.__tablename__}_no_update"] if lite else [f"ALTER TABLE {t.__tablename__} DISABLE TRIGGER USER"]
            )
            for statement in off:
                s.execute(text(statement))
        s.execute(text("UPDATE photo SET name = 'lain.jpg' WHERE id = 1"))
    said = verdict(site)[1]
    assert not said["clean"] and [(f["table"], f["row"]) for f in said["faults"]] == [("photo", "1")]
