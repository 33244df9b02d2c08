"""``c1 rehearse``: an election night on generated photos, from the phones to the desk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

if TYPE_CHECKING:
    from api.rehearsal.outcome import Outcome


def rehearse(
    tps: Annotated[int, typer.Option("--tps", min=1, help="Banyaknya TPS / how many polling stations")] = 20,
    hours: Annotated[float, typer.Option("--hours", min=0.01, help="Panjang malam / length of the night")] = 6.0,
    speed: Annotated[float, typer.Option("--speed", min=0.1, help="Berapa kali lebih cepat / how many times faster than life")] = 60.0,
    elections: Annotated[str, typer.Option("--elections", help="Pemilihan, dipisah koma / elections, with commas")] = "ppwp-2024",
    difficulty: Annotated[str, typer.Option("--difficulty", help="easy, moderate, hard, 0-1")] = "moderate",
    late: Annotated[float, typer.Option("--late", min=0, max=1, help="Bagian desa tanpa sinyal / share of villages without signal")] = 0.2,
    again: Annotated[float, typer.Option("--again", min=0, max=1, help="Bagian foto terkirim dua kali / share sent twice")] = 0.03,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 1,
    data: Annotated[
        Path, typer.Option("--data", help="Folder baru untuk gladi / a new folder for the rehearsal", show_default=True)
    ] = Path("var/rehearsal"),
    papers: Annotated[
        Path | None, typer.Option("--papers", help="Folder foto buatan / folder of the drawn photos", show_default=False)
    ] = None,
    seconds_a_sheet: Annotated[float, typer.Option("--seconds-a-sheet", min=1, help="Waktu periksa / a reviewer's time a sheet")] = 25.0,
    as_json: Annotated[Path | None, typer.Option("--json", help="Laporan ke berkas / report to a file", show_default=False)] = None,
) -> None:
    """Gladi bersih: satu malam pemilu dengan foto buatan. / Rehearse an election night with generated photos.

    Starts a server with its reader on a data folder of its own (or on the empty database and store that C1_* name), sends every page of the
    stations as phones do, waits until all are read, and holds the outcome against the papers. Exit status 1 if a photo was lost or double,
    or a number was committed wrongly by the machine.
    """
    from api.cli import settings_of
    from api.rehearsal.outcome import outcome
    from api.rehearsal.papers import draw
    from api.rehearsal.papers import papers as all_papers
    from api.rehearsal.plan import peak, plan
    from api.rehearsal.play import Play
    from api.rehearsal.stage import stage
    from db import clock
    from db.elections import ready_made
    from samples.dial import difficulty as dial_of

    if data.exists() and any(data.iterdir()):
        raise typer.BadParameter(f"folder tidak kosong / not empty: {data}", param_hint="--data")
    known = {e.id: e for e in ready_made()}
    asked = [e.strip() for e in elections.split(",") if e.strip()]
    if not asked or not known.keys() >= set(asked):
        raise typer.BadParameter(f"yang ada / there are: {', '.join(sorted(known))}", param_hint="--elections")
    console = Console(stderr=True)
    try:
        hard = dial_of(difficulty)
        sheets = all_papers([known[e] for e in asked], tps, papers or data.parent / "rehearsal-papers", seed)
        night = plan([p.sheet.tps for p in sheets], hours, seed, late=late, again=again)
    except ValueError as e:
        raise typer.BadParameter(str(e)) from e
    console.print(
        f"{tps} TPS, {len(sheets)} lembar / sheets, {len(night)} kiriman / sendings, {hours:g} jam / hours, {speed:g}x; "
        f"puncak / peak {peak(night) * speed:.1f} foto/s"
    )
    with _bar(console, "Menggambar / drawing", len(sheets)) as step:
        draw(sheets, hard, seed, step)
    settings = settings_of(data)
    with stage(settings, sorted({p.sheet.tps[:10] for p in sheets})) as scene:
        began = clock.now()
        with _bar(console, "Mengirim / sending", len(night)) as step:
            sent = asyncio.run(Play(scene.url, scene.people, sheets, night, speed, step).run())
        with _bar(console, "Membaca / reading", scene.stored()) as step:
            scene.wait(step)
        with scene.db.reading() as session:
            found = outcome(session, sheets, sent, began)
    Console().print(_table(found, hours, seconds_a_sheet))
    if as_json is not None:
        body = found.to_json() | {"tps": tps, "hours": hours, "speed": speed, "reviewers": found.reviewers(seconds_a_sheet, hours)}
        as_json.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    for fault in (*found.lost, *found.double, *found.silent):
        console.print(f"[red]{fault}[/red]")
    if not found.good:
        raise typer.Exit(1)


@contextmanager
def _bar(console: Console, what: str, total: int) -> Iterator[Callable[[], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)


def _table(found: Outcome, hours: float, seconds_a_sheet: float) -> Table:
    from api.rehearsal.outcome import percentile, share

    table = Table(show_header=False, title="Gladi bersih / rehearsal")
    people = found.reviewers(seconds_a_sheet, hours)
    refused = ", ".join(f"{code} {n}" for code, n in found.refused.items())
    rows = {
        "terkirim / sent": f"{found.sent} ({found.tries} permintaan / requests)",
        "resi / receipts": f"{found.receipts} ({found.repeats} ulangan / repeats){', ' if refused else ''}{refused}",
        "waktu resi / receipt after": f"p50 {percentile(found.receipt_seconds, 0.5):.2f} s, "
        f"p95 {percentile(found.receipt_seconds, 0.95):.2f} s",
        "hilang / lost": str(len(found.lost)),
        "ganda / double": str(len(found.double)),
        "tersimpan, terbaca / stored, read": f"{found.stored}, {found.read}",
        "jeda baca / lag of reading": f"p50 {percentile(found.lags, 0.5):.1f} s, p95 {percentile(found.lags, 0.95):.1f} s, "
        f"maks/max {percentile(found.lags, 1):.1f} s",
        "dibaca per menit / read a minute": f"{60 * found.read / found.real_seconds if found.real_seconds else 0:.0f}",
        "dikenali / recognised": f"{share(found.recognised, found.stored):.3f}",
        "angka jelas benar / clean numbers right": f"{share(found.clean_right, found.clean):.4f} ({found.clean})",
        "diterima / accepted": f"{share(found.accepted, found.stored):.3f}",
        "menunggu orang / waiting for people": f"{found.waiting}: " + ", ".join(f"{c} {n}" for c, n in list(found.reasons.items())[:5]),
        "pemeriksa / reviewers": f"{people} ({seconds_a_sheet:g} s per lembar / a sheet, {hours:g} jam / hours)",
        "salah diam-diam / silently wrong": str(len(found.silent)),
        "jejak audit / audit chain": "utuh / intact" if found.audit_clean else "TIDAK UTUH / NOT INTACT",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table
