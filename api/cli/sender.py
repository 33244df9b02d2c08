"""``c1 sender``: whose the WhatsApp numbers are; and taking a number, or a user, out of service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from db.session import Database

app = typer.Typer(help="Nomor WhatsApp petugas. / WhatsApp numbers of operators.", no_args_is_help=True)

Data = Annotated[Path | None, typer.Option("--data", help="Folder data / data folder (C1_DATA, default var)", show_default=False)]
By = Annotated[str, typer.Option("--by", help="Nama pengguna admin / user name of an admin", show_default=False)]
Note = Annotated[str, typer.Option("--note", help="Alasan / reason")]


@contextmanager
def _database(data: Path | None) -> Iterator[Database]:
    from api.build import db_settings
    from api.cli import settings_of
    from db.session import Database

    db = Database(db_settings(settings_of(data)).database_url)
    try:
        yield db
    finally:
        db.dispose()


def _user_id(db: Database, name: str, *, admin: bool = False) -> int:
    from sqlalchemy import select

    from db.tables import User
    from db.types import Role

    with db.reading() as session:
        user = session.scalar(select(User).where(User.username == name.strip().lower()))
        if user is None or (admin and (user.role is not Role.ADMIN or not user.active)):
            wanted = "admin" if admin else "pengguna / user"
            raise typer.BadParameter(f"{name}: bukan {wanted} / no such {wanted}")
        return user.id


@app.command("list")
def list_(data: Data = None) -> None:
    """Semua nomor; yang belum terdaftar lebih dahulu. / All numbers, unknown ones first."""
    from api.whatsapp.senders import senders

    with _database(data) as db, db.reading() as session:
        found = senders(session)
    table = Table("nomor", "nama", "keadaan", "pengguna", "ditahan")
    for s in found:
        table.add_row(*map(Text, (s.phone, s.name, s.state.value, s.username or "", str(s.held or ""))))
    Console().print(table)


@app.command()
def add(
    phone: Annotated[str, typer.Argument(help="Nomor, misalnya 0812-3456-7890 / number")],
    username: Annotated[str, typer.Argument(help="Nama pengguna petugas / the operator's user name")],
    by: By,
    data: Data = None,
) -> None:
    """Daftarkan nomor; kiriman yang ditahan lalu dikerjakan. / Register a number; what was held is worked on."""
    from api.whatsapp.senders import register

    with _database(data) as db:
        admin, user = _user_id(db, by, admin=True), _user_id(db, username)
        with db.writing() as session:
            sender = register(session, admin, phone, user)
            typer.echo(f"{sender.phone}: {username}")


@app.command()
def revoke(phone: Annotated[str, typer.Argument(help="Nomor / number")], by: By, note: Note = "", data: Data = None) -> None:
    """Cabut nomor; foto darinya diperiksa orang. / Take a number back; its photos go before a person."""
    from sqlalchemy import select

    from api.whatsapp.senders import revoke as take_back
    from db.tables import Sender
    from tally.phones import phone_of

    with _database(data) as db:
        admin = _user_id(db, by, admin=True)
        with db.writing() as session:
            found = session.scalar(select(Sender.id).where(Sender.phone == phone_of(phone)))
            if found is None:
                raise typer.BadParameter(f"{phone}: nomor tidak dikenal / unknown number")
            photos, counts = take_back(session, admin, found, note)
    typer.echo(f"{phone}: {photos} foto ditahan, {counts} hitungan ditarik / {photos} photos held, {counts} counts withdrawn")


@app.command()
def quarantine(
    username: Annotated[str, typer.Argument(help="Nama pengguna / user name")], by: By, note: Note = "", data: Data = None
) -> None:
    """Matikan akun dan tahan semua foto darinya. / Disable an account and hold everything it sent."""
    from api.people import revoke_user

    with _database(data) as db:
        admin, user = _user_id(db, by, admin=True), _user_id(db, username)
        with db.writing() as session:
            photos, counts = revoke_user(session, admin, user, note)
    typer.echo(f"{username}: {photos} foto ditahan, {counts} hitungan ditarik / {photos} photos held, {counts} counts withdrawn")
