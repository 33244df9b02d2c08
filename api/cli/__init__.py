"""The command line ``c1``. Heavy parts (web stack, reading core) are imported by the command that needs them."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import anomalies, evidence, export, sender, template, totals
from api.cli import audit as auditing
from api.cli import backup as backing
from api.cli import compare as comparing
from api.cli import form as forms
from api.cli import import_ as importing
from api.cli import load as loading
from api.cli import read as reading
from api.cli import rehearse as rehearsing

if TYPE_CHECKING:
    from api.settings import Settings

app = typer.Typer(
    name="c1",
    help="Dari foto formulir C1 ke jumlah terverifikasi. / From photos of tally forms to verified totals.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(template.app, name="template")
app.add_typer(forms.app, name="form")
app.add_typer(sender.app, name="sender")
app.add_typer(auditing.app, name="audit")
app.add_typer(totals.app, name="totals")
app.add_typer(evidence.app, name="evidence")
app.command("export")(export.export)
app.command("verify")(export.verify)
app.add_typer(comparing.app, name="compare")
app.add_typer(anomalies.app, name="anomalies")
app.command("load")(loading.load)
app.command("backup")(backing.backup)
app.command("restore")(backing.restore)
app.command("read")(reading.read)
app.command("boxes")(reading.boxes)
app.command("import")(importing.import_)
app.command("rehearse")(rehearsing.rehearse)

Data = Annotated[Path | None, typer.Option("--data", help="Folder data / data folder (C1_DATA, default var)", show_default=False)]
Host = Annotated[str, typer.Option("--host", help="Alamat / address to listen on")]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port")]


def settings_of(data: Path | None) -> Settings:
    """Settings from the environment, with ``--data`` over C1_DATA. Bad values end the command with status 2."""
    from api.settings import Settings

    if data is not None:
        os.environ["C1_DATA"] = str(data)
    try:
        return Settings.from_env()
    except ValueError as e:
        raise typer.BadParameter(str(e)) from e


def log_to_stderr(level: int = logging.INFO) -> None:
    from api import logs

    logs.set_up(os.environ.get("C1_LOG", "text"), level)


@app.command()
def init(data: Data = None) -> None:
    """Buat basis data dengan wilayah dan pemilihan. / Create the database with regions and elections."""
    from api.cli.setting_up import prepare

    settings = settings_of(data)
    regions = prepare(settings)
    typer.echo(f"{settings.data}: {regions} wilayah / regions")


@app.command("user")
def user(
    username: Annotated[str, typer.Argument(help="Nama pengguna / user name")],
    role: Annotated[str, typer.Argument(help="operator, reviewer, staff, admin")],
    data: Data = None,
    name: Annotated[str, typer.Option("--name", help="Nama lengkap / full name")] = "",
) -> None:
    """Tambah pengguna; kata sandi dari C1_PASSWORD atau diketik. / Add a user; the password comes from C1_PASSWORD or is typed."""
    from api.cli.setting_up import add_user

    password = os.environ.get("C1_PASSWORD") or typer.prompt("Kata sandi / password", hide_input=True, confirmation_prompt=True)
    try:
        add_user(settings_of(data), username, role, password, name)
    except ValueError as e:
        raise typer.BadParameter(str(e)) from e
    typer.echo(f"{username}: {role}")


@app.command()
def serve(
    data: Data = None,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    reader: Annotated[
        bool, typer.Option("--reader/--no-reader", help="Dengan pembaca foto / with a photo reader; without: see c1 worker")
    ] = True,
) -> None:
    """Jalankan server dan pembaca foto. / Run the server and the photo reader."""
    from api.cli.serving import run

    log_to_stderr()
    run(settings_of(data), host, port, read=reader)


@app.command()
def worker(
    data: Data = None,
    parent: Annotated[int | None, typer.Option("--parent", help="Berhenti bersama proses ini / end with this process", hidden=True)] = None,
) -> None:
    """Jalankan pembaca foto saja. / Run the photo reader alone."""
    from api.worker import run

    log_to_stderr()
    run(settings_of(data), parent)


@app.command()
def demo(
    data: Data = None,
    host: Host = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="Port; yang berikutnya bila terpakai / the next one if taken")
    ] = 8000,
) -> None:
    """Contoh lengkap: data, pengguna, foto contoh, server. / The whole thing with sample data, users and photos."""
    from api.cli.demo import run

    log_to_stderr(logging.WARNING)
    run(settings_of(data or (None if os.environ.get("C1_DATA") else Path("var/demo"))), host, port)


def main() -> None:
    """Entry point. A service's refusal and a missing file are one line, not a stack trace."""
    from api.cli.trouble import explained

    with explained():
        app()
