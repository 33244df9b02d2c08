"""``c1 export`` and ``c1 verify``: totals into a file, and whether a signed file is what was signed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from review.signing import PublicKey

Data = Annotated[Path | None, typer.Option("--data", help="Folder data / data folder (C1_DATA, default var)", show_default=False)]
Key = Annotated[
    str | None,
    typer.Option("--key", help="Kunci yang dikenal: sidik jari, atau berkas PEM / the key you know: its fingerprint, or a PEM file"),
]
KINDS = ("csv", "xlsx", "json", "nist", "signed")


def export(
    election: Annotated[str, typer.Argument(help="Id pemilihan, mis. ppwp-2024 / an election's id")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Berkas hasil / the file to write", show_default=False)] = None,
    kind: Annotated[str, typer.Option("--format", "-f", help="csv, xlsx, json, nist")] = "xlsx",
    signed: Annotated[bool, typer.Option("--signed", help="Semua format, bertanda tangan / all formats, signed")] = False,
    data: Data = None,
) -> None:
    """Simpan angka terverifikasi ke berkas. / Write verified totals into a file."""
    from api.build import db_settings
    from api.cli import settings_of
    from api.exports import bundle, gather, nist, tables, xlsx
    from db.session import Database
    from review.signing import signing_key

    if kind not in KINDS:
        raise typer.BadParameter(", ".join(KINDS), param_hint="--format")
    kind = "signed" if signed else kind
    settings = settings_of(data)
    db = Database(db_settings(settings).database_url)
    try:
        with db.reading() as session:
            got = gather.gather(session, election)
    finally:
        db.dispose()
    if kind == "signed":
        body = bundle.signed(got, signing_key(settings.data, os.environ.get("C1_SIGNING_KEY")))
    elif kind == "xlsx":
        body = xlsx.workbook(got)
    elif kind == "csv":
        body = tables.csv_of(got, tables.level_names(got))
    else:
        body = bundle.as_bytes(nist.report(got) if kind == "nist" else tables.json_of(got, tables.level_names(got)))
    endings = {"signed": "_signed.zip", "nist": "_nist_sp1500-100.json"}
    file = out or Path(got.contest.id + endings.get(kind, f".{kind}"))
    file.write_bytes(body)
    typer.echo(f"{file}: {len(body)} bytes, {got.end.seq}:{got.end.hash}, belum terverifikasi / not verified: {got.unverified} TPS")


def verify(
    file: Annotated[Path, typer.Argument(help="Berkas bertanda tangan / a signed file", exists=True, dir_okay=False)],
    key: Key = None,
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Periksa ekspor atau bundel bukti yang ditandatangani; tanpa server. / Check a signed export or bundle of evidence; no server needed.

    Status keluar 1 bila satu bita saja diubah, atau kuncinya lain. / Exit status 1 if a single byte was touched, or the key is another.
    """
    from review.evidence_bundle import check
    from review.signing import BadSignature

    said = _known_key(key, data)
    try:
        found = check(file.read_bytes())
        faults = list(found.faults)
        if not found.key.is_named(said):
            faults.append("ditandatangani kunci lain / signed by another key: " + found.key.fingerprint)
    except BadSignature as e:
        _tell(as_json, {"file": str(file), "valid": False, "faults": [str(e)]}, [f"{file}: TIDAK SAH / NOT VALID: {e}"])
        raise typer.Exit(1) from None
    body = {"file": str(file), "valid": not faults, "key": found.key.fingerprint, "files": found.files, "faults": faults}
    body |= {k: found.manifest.get(k) for k in ("format", "election", "tps", "as_of", "audit") if k in found.manifest}
    end = found.manifest.get("audit", {})
    lines = [f"{file}: {f}" for f in faults]
    state = "TIDAK SAH / NOT VALID" if faults else "sah / valid"
    lines.append(f"{state}: {found.files} berkas/files, {found.audit_rows} baris jejak/audit rows")
    lines.append(f"keadaan per / as of {found.manifest.get('as_of')}, jejak audit / audit log {end.get('row')}:{end.get('hash')}")
    lines.append(f"kunci / key: {found.key.fingerprint}")
    _tell(as_json, body, lines)
    if faults:
        raise typer.Exit(1)


def _known_key(key: str | None, data: Path | None) -> str:
    """What names the key that a file must be signed with; the installation's own where none is said."""
    from api.cli import settings_of
    from review.signing import KEY_FILE, public_key, signing_key

    if key is not None:
        return Path(key).read_text(encoding="ascii") if Path(key).is_file() else key
    given = os.environ.get("C1_SIGNING_KEY")
    folder = settings_of(data).data
    if not given and not (folder / KEY_FILE).is_file():
        raise typer.BadParameter("kunci mana? Sebut sidik jarinya / whose key? Name its fingerprint (--key)", param_hint="--key")
    found: PublicKey = public_key(signing_key(folder, given))
    return found.text


def _tell(as_json: bool, body: dict[str, object], lines: list[str]) -> None:
    typer.echo(json.dumps(body, ensure_ascii=False) if as_json else "\n".join(lines))
