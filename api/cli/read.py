"""``c1 read`` and ``c1 boxes``: the reading core from the command line. The JSON is a contract (design.md section 6)."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tally.codec import to_json
from tally.interpretation import Interpretation, ReasonCode, Unreadable
from tally.texts import message

Photos = Annotated[list[Path], typer.Argument(help="Berkas foto / photo files", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Satu objek JSON per foto / one JSON object per photo")]


def read(
    photos: Photos,
    form: Annotated[str | None, typer.Option("--form", help="Id formulir yang diharapkan / expected form id")] = None,
    as_json: AsJson = False,
    debug: Annotated[Path | None, typer.Option("--debug", help="Folder untuk gambar pemeriksaan / folder for debug pictures")] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Juga formulir yang diterbitkan di sini / also the forms published in this installation")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, help="Proses sekaligus, 0 = semua inti / processes, 0 = all cores")] = 1,
) -> None:
    """Baca foto formulir hasil TPS. / Read photos of tally forms.

    Exit status 0 when every photo was processed, whatever its decision; 2 for bad usage.
    """
    from ocr.many import read_files
    from templates_c1.families.declarations import desk_forms
    from templates_c1.registry import all_templates

    prepare = None
    if data is not None:
        from api.cli.forms_store import connect

        connect(data)
        prepare = partial(connect, data)
    if form is not None and form not in all_templates() and form not in desk_forms():
        known = ", ".join(all_templates())
        raise typer.BadParameter(f"formulir tidak dikenal / unknown form: {form} (dikenal / known: {known})", param_hint="--form")
    console = Console()
    for result in read_files(photos, form, jobs=jobs or None, debug=debug, prepare=prepare):
        if as_json:
            typer.echo(json.dumps(to_json(result), ensure_ascii=False))
        else:
            _show(console, result)


def boxes(
    crops: Annotated[list[Path], typer.Argument(help="Potongan gambar satu kotak / crops of single boxes", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Baca potongan gambar satu kotak angka. / Read crops of single number boxes."""
    from ocr.errors import PhotoError
    from ocr.photo import decode_crop
    from ocr.readers.cnn import read_crop

    for path in crops:
        entry: dict[str, object] = {"file": str(path)}
        try:
            glyph, confidence = read_crop(decode_crop(path.read_bytes(), str(path)))
            entry |= {"box": glyph, "confidence": round(confidence, 6)}
        except OSError as e:
            entry |= {"box": None, "confidence": 0.0, "error": _error(ReasonCode.FILE_NOT_OPENED, str(e.strerror or e))}
        except PhotoError as e:
            entry |= {"box": None, "confidence": 0.0, "error": _error(e.code)}
        typer.echo(json.dumps(entry, ensure_ascii=False) if as_json else f"{path}\t{entry['box']}\t{entry['confidence']}")


def _error(code: ReasonCode, detail: str = "") -> dict[str, object]:
    """The one error shape's inner part."""
    return {"code": code.value, "message": message(code, detail), "message_en": message(code, detail, lang="en"), "details": {}}


def _show(console: Console, i: Interpretation) -> None:
    o = i.outcome
    if isinstance(o, Unreadable):
        console.print(f"[bold]{i.photo}[/]: [red]tidak terbaca / unreadable[/]")
    else:
        colour = "green" if not o.reasons else "yellow"
        console.print(f"[bold]{i.photo}[/]: {o.form}, halaman {o.page}: [{colour}]{o.kind.value}[/] ({i.seconds['total']:.2f} s)")
        table = Table("angka", "kotak", "nilai", "yakin", *sorted({r for n in o.numbers for r in n.readers}))
        readers = sorted({r for n in o.numbers for r in n.readers})
        for n in o.numbers:
            said = [n.readers[r].boxes if r in n.readers else "" for r in readers]
            table.add_row(n.name, n.boxes, "" if n.value is None else str(n.value), f"{n.confidence:.4f}", *said)
        console.print(table)
    for r in o.reasons:
        console.print(f"  - {r.message}" + (f" [dim]{', '.join(r.numbers)}[/]" if r.numbers else ""))
