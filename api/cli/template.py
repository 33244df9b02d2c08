"""``c1 template``: check form templates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Templat formulir. / Form templates.", no_args_is_help=True)


@app.command("check")
def check(
    templates: Annotated[list[str], typer.Argument(help="template.json, foldernya, atau id formulir / file, its folder, or form id")],
) -> None:
    """Periksa templat formulir. / Check form templates.

    One line for each fault on stderr, Indonesian first. Exit status 1 if there is any, 0 if all are good.
    """
    from templates_c1.check import check_file
    from templates_c1.registry import load

    bad = False
    for name in templates:
        path = _path(name)
        faults = check_file(path)
        for fault in faults:
            typer.echo(f"{path}: {fault}", err=True)
        if faults:
            bad = True
            continue
        template = load(path / "template.json" if path.is_dir() else path)
        pages = ", ".join(str(p.number) for p in template.pages)
        typer.echo(f"{template.form} v{template.version}: OK, halaman / pages {pages}")
    if bad:
        raise typer.Exit(1)


def _path(name: str) -> Path:
    """A file or folder, or a shipped form by its id."""
    from templates_c1.registry import folder

    path = Path(name)
    shipped = folder(name) / "template.json"
    return shipped if not path.exists() and "/" not in name and shipped.is_file() else path
