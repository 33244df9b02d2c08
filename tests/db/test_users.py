"""Passwords, roles and areas."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from db.seed import DEMO_USERS, seed_demo
from db.tables import User
from db.types import Role
from db.users import UnknownArea, UnknownUser, UserExists, WeakPassword, authenticate, create_user, get_user, may_upload
from tests.world import OTHER_TPS, PASSWORD, TPS, World


def test_authenticate(world: World) -> None:
    with world.db.writing() as s:
        made = create_user(s, "Ibu.Ani", "kata sandi kuat", Role.STAFF, "Ibu Ani")
        assert s.scalars(select(User).where(User.id == made.id)).one().password_hash.startswith("$argon2id$")
    with world.db.reading() as s:
        assert authenticate(s, " ibu.ani ", "kata sandi kuat") == made == get_user(s, made.id)
        assert authenticate(s, "ibu.ani", "kata sandi salah") is None
        assert authenticate(s, "nobody", PASSWORD) is None
        assert get_user(s, 987654) is None
    with world.db.writing() as s:
        s.execute(text("UPDATE app_user SET active = false WHERE username = 'ibu.ani'"))
    with world.db.reading() as s:
        assert authenticate(s, "ibu.ani", "kata sandi kuat") is None


def test_create_user_refuses(world: World) -> None:
    with pytest.raises(WeakPassword), world.db.writing() as s:
        create_user(s, "x", "pendek", Role.STAFF)
    with pytest.raises(UserExists), world.db.writing() as s:
        create_user(s, "OPERATOR", PASSWORD, Role.STAFF)
    with pytest.raises(UnknownArea) as e, world.db.writing() as s:
        create_user(s, "x", PASSWORD, Role.OPERATOR, areas=["160701", "99"])
    assert e.value.details["codes"] == ["99"]
    with world.db.reading() as s:
        assert s.scalar(select(User.id).where(User.username == "x")) is None


@pytest.mark.parametrize(
    ("areas", "inside", "outside"),
    [
        (["160701"], TPS, "1607022010001"),
        (["1607011016"], OTHER_TPS, "1607011021001"),
        ([TPS], TPS, OTHER_TPS),
        (["160702", TPS], TPS, OTHER_TPS),
    ],
)
def test_areas(world: World, areas: list[str], inside: str, outside: str) -> None:
    with world.db.writing() as s:
        who = create_user(s, "petugas", PASSWORD, Role.OPERATOR, areas=areas).id
    with world.db.reading() as s:
        assert may_upload(s, who, inside) and not may_upload(s, who, outside)
        assert may_upload(s, world.users["operator"], outside)
        with pytest.raises(UnknownUser):
            may_upload(s, 987654, inside)


def test_seeding_again_changes_nothing(world: World) -> None:
    with world.db.writing() as s:
        seed_demo(s, {"operator": "another password"})
    with world.db.reading() as s:
        assert authenticate(s, "operator", PASSWORD) is not None
        assert len(s.scalars(select(User)).all()) == len(DEMO_USERS)
