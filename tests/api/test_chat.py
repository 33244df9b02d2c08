"""Reading exported chats: the same messages come out of all four phones."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.importing.chat import WIB, is_chat, parse
from tests.api.chats import KINDS, Export, Line, write

START = datetime(2026, 11, 24, 21, 58, 3, tzinfo=WIB)


@pytest.mark.parametrize("kind", KINDS)
def test_sender_time_file_and_caption(kind: str) -> None:
    e = Export(KINDS[kind])
    e.lines.append(Line(START, "Budi Santoso", "Selamat malam\nizin kirim: foto"))
    name = e.photo(START + timedelta(minutes=2), "+62 812-3456-7890", b"", "TPS 5 Mariana\nhal 2")
    other = e.photo(START + timedelta(minutes=3), "Siti", b"")
    e.lines.append(Line(START + timedelta(hours=13), "Siti", omitted=True))
    text = write(e.kind, e.lines)
    assert is_chat(text)
    got = parse(text)
    assert [m.sender for m in got] == ["Budi Santoso", "+62 812-3456-7890", "Siti", "Siti"]
    assert [m.file for m in got] == [None, name, other, None]
    assert [m.omitted for m in got] == [False, False, False, True]
    assert got[0].text == "Selamat malam\nizin kirim: foto"
    assert got[1].text.split() == ["TPS", "5", "Mariana", "hal", "2"]
    assert got[2].text == "" == got[3].text
    exact = timedelta(0) if KINDS[kind].ios else timedelta(minutes=1)
    for m, line in zip(got, e.lines, strict=True):
        assert m.at is not None and abs(m.at - line.at) <= exact


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("24/11/2026, 15:04 - Budi: x", (2026, 11, 24, 15, 4)),
        ("11/24/26, 3:04 PM - Budi: x", (2026, 11, 24, 15, 4)),
        ("11/24/26, 12:04 am - Budi: x", (2026, 11, 24, 0, 4)),
        ("24.11.26, 15.04 - Budi: x", (2026, 11, 24, 15, 4)),
        ("24/11/26 pukul 15.04 - Budi: x", (2026, 11, 24, 15, 4)),
        ("2026-11-24, 15:04 - Budi: x", (2026, 11, 24, 15, 4)),
        ("\u200e[24/11/26 15.04.05] ~\u202fBudi: x", (2026, 11, 24, 15, 4, 5)),
    ],
)
def test_ways_to_write_a_time(line: str, at: tuple[int, ...]) -> None:
    (m,) = parse(line)
    assert (m.sender, m.text, m.at) == ("Budi", "x", datetime(*at, tzinfo=WIB))  # type: ignore[misc]


def test_day_and_month_are_told_apart_by_the_whole_chat() -> None:
    us = "\n".join(f"11/{d}/26, 10:00 - A: x" for d in (9, 10, 11, 12, 13))
    assert [m.at.day for m in parse(us) if m.at] == [9, 10, 11, 12, 13]
    near = "11/9/26, 10:00 - A: x\n11/10/26, 10:00 - A: x\n11/12/26, 10:00 - A: x"
    assert [m.at.month for m in parse(near) if m.at] == [11, 11, 11]


def test_a_text_is_no_chat() -> None:
    assert not is_chat("Daftar TPS\n1. Mariana\n2. Perajen") and parse("hanya catatan") == []


@given(st.text(max_size=300))
def test_any_text_is_borne(text: str) -> None:
    parse(text)
    parse("24/11/26 15.04 - A: " + text)
