"""``c1 import``: exported WhatsApp chats, folders, zip files and PDFs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from api.importing.run import Report


def import_(
    sources: Annotated[
        list[Path],
        typer.Argument(help="Ekspor obrolan (zip), folder, zip, PDF, foto / chat exports, folders, zips, PDFs", show_default=False),
    ],
    by: Annotated[str, typer.Option("--by", help="Nama pengguna yang mengimpor / user name of whoever imports", show_default=False)],
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder data / data folder (C1_DATA, default var)", show_default=False)
    ] = None,
    election: Annotated[str | None, typer.Option("--election", help="Pemilihan untuk semua foto / election of all photos")] = None,
    tps: Annotated[str | None, typer.Option("--tps", help="Kode TPS untuk semua foto / TPS code of all photos")] = None,
    senders: Annotated[
        Path | None, typer.Option("--senders", help="CSV: sender,area (siapa bertugas di mana / who works where)", show_default=False)
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="Laporan ke berkas .json atau .csv / report to a file", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Laporan sebagai JSON / report as JSON")] = False,
) -> None:
    """Masukkan foto dari obrolan WhatsApp, folder, zip, atau PDF. / Bring in photos from chats, folders, zips or PDFs.

    May be stopped at any time and started again: nothing is taken twice. Exit status 0 when every picture has its outcome, whatever
    it is; 2 for bad usage.
    """
    from api.build import open_services
    from api.cli import settings_of
    from api.importing import senders as who
    from api.importing.run import Options, importer_of, run_import
    from api.importing.sources import ImportFault, open_source
    from api.texts.intake import TEXTS
    from ocr.many import one_core

    if report is not None and report.suffix.lower() not in (".json", ".csv"):
        raise typer.BadParameter("nama berakhir .json atau .csv / the name must end in .json or .csv", param_hint="--report")
    one_core()
    held = open_services(settings_of(data))
    console = Console(stderr=True)
    try:
        user = importer_of(held, by)
        if user is None:
            raise typer.BadParameter(f"tidak ada pengguna / no such user: {by}", param_hint="--by")
        areas = {**who.registered(held.db), **(who.from_file(senders) if senders else {})}
        options = Options(election, tps, areas)
        reports = []
        with Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console, transient=True
        ) as bar:
            for path in sources:
                task = bar.add_task(path.name or str(path), total=None)
                source = open_source(path, held.settings.max_photo_bytes)
                reports.append(
                    run_import(held, user.id, source, options, lambda done, of, name, t=task: bar.update(t, completed=done, total=of))  # type: ignore[misc]
                )
    except ImportFault as e:
        raise typer.BadParameter(" / ".join(TEXTS[f"import.{e.code}"])) from e
    finally:
        held.db.dispose()
    if report is not None:
        write_report(report, reports)
    if as_json:
        for r in reports:
            typer.echo(json.dumps(r.to_json(), ensure_ascii=False))
    else:
        for r in reports:
            show(Console(), r)


def write_report(file: Path, reports: list[Report]) -> None:
    """All reports as one JSON list, or as one CSV table that a spreadsheet opens (a cell that looks like a formula is disarmed)."""
    from api.importing.reports import as_csv

    part = file.with_name(file.name + ".part")
    if file.suffix.lower() == ".json":
        part.write_text(json.dumps([r.to_json() for r in reports], ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    else:
        part.write_text(as_csv((r.source, i) for r in reports for i in r.items), encoding="utf-8-sig", newline="")
    os.replace(part, file)  # noqa: PTH105 (says what it does)


def show(console: Console, report: Report) -> None:
    """The counts, and every picture that needs somebody."""
    from api.importing.run import SETTLED
    from api.texts.intake import TEXTS

    counts = ", ".join(f"{n} {TEXTS[f'import.state.{s}'][0]}" for s, n in report.counts.items() if n)
    console.print(Text(f"{report.source}: {counts or 'tidak ada foto / no photos'}", style="bold"))
    open_ = [i for i in report.items if i["state"] not in SETTLED]
    if not open_:
        return
    table = Table("foto", "pengirim", "keterangan", "mengapa")
    for i in open_:
        why = i["message"] + (" " + "; ".join(i["candidates"]) if i.get("candidates") else "")
        cells = (i["name"], i.get("sent_by") or "", (i.get("caption") or "").replace("\n", " ")[:60], why)
        table.add_row(*map(Text, cells))  # as text: a caption is no markup
    console.print(table)
