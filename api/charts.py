"""Charts as pictures: SVG text made of numbers and words, nothing else. Pure; colours come from the style sheet (css/charts.css), so
that a chart prints, and stands on the dark wall screen, by the same markup.

Every chart has a title and a description for who cannot see it; the page that shows it has a table with the same figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup, escape

BROAD, WIDE, NARROW = 1100, 720, 340
"""Drawings of the same chart, in units that are about a pixel: on a phone a wide one would be too small to read."""
_LETTER = 0.56
"""Width of a letter, in parts of the font's size, on the average and a little more."""


@dataclass(frozen=True, slots=True)
class Bar:
    """``text`` and ``note``: the value and its share, ready to read. ``mark``: the number on the ballot."""

    mark: str
    label: str
    value: int
    text: str
    note: str = ""
    leads: bool = False
    known: bool = True


def bars(items: Sequence[Bar], *, key: str, title: str, desc: str, width: int = WIDE, hatched: bool = False) -> Markup:
    """One horizontal bar for each item, all from zero and to one scale.

    Args:
        key: makes the ids of the picture its own on the page.
        hatched: for figures that are not verified, so that they look like nothing else.
    """
    most = max((b.value for b in items), default=0)
    if width > 400 and len(items) > 6:
        rows, height = list(_lines(items, most, width, hatched and key)), 30 * len(items)
    else:
        rows, height = list(_blocks(items, most, width, hatched and key)), _step(items, width) * len(items)
    pattern = (
        f'<defs><pattern id="{escape(key)}-hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect class="v-ground" width="7" height="7"/><rect class="v-line" width="3" height="7"/></pattern></defs>'
        if hatched
        else ""
    )
    return _picture(key, "bars", width, max(height, 1), title, desc, pattern + "".join(rows))


def _blocks(items: Sequence[Bar], most: int, width: int, hatch: str | bool) -> Iterator[str]:
    """A name above each bar, the value to its right; larger where there are few."""
    wide = width > 400
    step = _step(items, width)
    left, right = (58, 150) if step > 60 else (46, 118 if wide else 92)
    span, badge, thick = width - left - right, (42 if step > 60 else 34), (22 if step > 60 else 14)
    for i, b in enumerate(items):
        y = step * i
        label = _fit(b.label, span if wide else width - left - 4, 17 if step > 60 else 15)
        name, bar = (y + 20, y + 32) if step > 60 else (y + 17, y + 26)
        value, note = (bar + thick - 4, bar + thick + 16) if wide else (y + 36, y + 51)
        yield (
            f'<g class="v-item{" v-large" if step > 60 else ""}{" v-leads" if b.leads else ""}">'
            f"<title>{escape(b.label)}: {escape(b.text)} {escape(b.note)}</title>"
            f'<rect class="v-badge" x="0" y="{y + 6}" width="{badge}" height="{badge}" rx="8"/>'
            f'<text class="v-mark" x="{badge / 2:g}" y="{y + 12 + badge / 2:g}" text-anchor="middle">{escape(b.mark)}</text>'
            f'<text class="v-name" x="{left}" y="{name}">{escape(label)}</text>'
            f"{_bar(b, most, left, bar, span, thick, hatch)}"
            f'<text class="v-value" x="{width}" y="{value}" text-anchor="end">{escape(b.text)}</text>'
            f'<text class="v-note" x="{width}" y="{note}" text-anchor="end">{escape(b.note)}</text></g>'
        )


def _step(items: Sequence[Bar], width: int) -> int:
    """Height of one item."""
    return 80 if width > 400 and len(items) <= 4 else 56


def _lines(items: Sequence[Bar], most: int, width: int, hatch: str | bool) -> Iterator[str]:
    """Name, bar and value on one line: for parties and long lists."""
    left, right = 250, 140
    for i, b in enumerate(items):
        y = 30 * i
        yield (
            f'<g class="v-item v-tight{" v-leads" if b.leads else ""}"><title>{escape(b.label)}: {escape(b.text)} {escape(b.note)}</title>'
            f'<rect class="v-badge" x="0" y="{y + 3}" width="28" height="23" rx="6"/>'
            f'<text class="v-mark" x="14" y="{y + 19}" text-anchor="middle">{escape(b.mark)}</text>'
            f'<text class="v-name" x="38" y="{y + 19}">{escape(_fit(b.label, left - 44, 14))}</text>'
            f"{_bar(b, most, left, y + 8, width - left - right, 13, hatch)}"
            f'<text class="v-value" x="{width - 62}" y="{y + 20}" text-anchor="end">{escape(b.text)}</text>'
            f'<text class="v-note" x="{width}" y="{y + 19}" text-anchor="end">{escape(b.note)}</text></g>'
        )


def _bar(b: Bar, most: int, x: int, y: int, span: int, height: int, hatch: str | bool) -> str:
    length = round(span * b.value / most, 1) if most else 0
    fill = f' fill="url(#{escape(hatch)}-hatch)"' if isinstance(hatch, str) else ""
    bar = (
        f'<rect class="v-bar{" v-hatched" if fill else ""}" x="{x}" y="{y}" width="{length}" height="{height}" rx="3"{fill}/>'
        if length
        else ""
    )
    return f'<rect class="v-track" x="{x}" y="{y}" width="{span}" height="{height}" rx="3"/>{bar}'


@dataclass(frozen=True, slots=True)
class Part:
    """``tone``: a class of the style sheet: full, some, none."""

    value: int
    tone: str


def meter(parts: Sequence[Part], whole: int, *, label: str, width: int = 160) -> Markup:
    """A small bar of parts of a whole, for a table's cell. ``label`` says in words what it shows."""
    x, drawn = 0.0, []
    for p in parts:
        length = round(width * p.value / whole, 2) if whole else 0.0
        if length:
            drawn.append(f'<rect class="{escape(p.tone)}" x="{x:g}" y="0" width="{length:g}" height="10"/>')
        x += length
    return Markup(  # noqa: S704 (every text in it is escaped)
        f'<svg class="chart meter" viewBox="0 0 {width} 10" role="img" aria-label="{escape(label)}" preserveAspectRatio="none">'
        f'<rect class="v-track" width="{width}" height="10"/>{"".join(drawn)}</svg>'
    )


def ring(part: int, whole: int, *, key: str, title: str, desc: str, text: str, note: str) -> Markup:
    """How much of a whole is in; ``text`` stands in the middle, ``note`` below it."""
    radius, around = 52, 326.73
    share = min(1.0, part / whole) if whole else 0.0
    arc = (
        f'<circle class="v-arc" cx="70" cy="70" r="{radius}" transform="rotate(-90 70 70)" '
        f'stroke-dasharray="{around * share:.2f} {around}"/>'
        if share
        else ""
    )
    body = (
        f'<circle class="v-groove" cx="70" cy="70" r="{radius}"/>{arc}'
        f'<text class="v-big" x="70" y="75" text-anchor="middle">{escape(text)}</text>'
        f'<text class="v-note" x="70" y="93" text-anchor="middle">{escape(note)}</text>'
    )
    return _picture(key, "ring", 140, 140, title, desc, body)


@dataclass(frozen=True, slots=True)
class Moment:
    """How much had come by then. ``at``: local time."""

    at: datetime
    received: int
    counted: int


def arrival(
    moments: Sequence[Moment], *, key: str, title: str, desc: str, words: tuple[str, str], clock: str = "%H.%M", width: int = WIDE
) -> Markup:
    """Two curves over time that only rise: photos received, sheets verified. ``words``: their names."""
    height, left, right, top, bottom = (270, 56, 14, 30, 30) if width > 400 else (210, 44, 6, 46, 26)
    if not moments:
        return _picture(key, "arrival", width, height, title, desc, "")
    first, last = moments[0].at, max(moments[-1].at, moments[0].at + timedelta(minutes=30))
    most = _round_up(max(max(m.received, m.counted) for m in moments))
    span, rise = (last - first).total_seconds(), height - top - bottom

    def x(at: datetime) -> float:
        return round(left + (width - left - right) * (at - first).total_seconds() / span, 1)

    def y(n: int) -> float:
        return round(height - bottom - rise * n / most, 1)

    out = []
    for n in range(0, most + 1, most // 4 or 1):
        out.append(f'<line class="v-grid" x1="{left}" x2="{width - right}" y1="{y(n)}" y2="{y(n)}"/>')
        out.append(
            f'<text class="v-tick" x="{left - 8}" y="{y(n) + 4}" text-anchor="end">{n:,}</text>'.replace(
                ",", "." if clock == "%H.%M" else ","
            )
        )
    for at, text in _ticks(first, last, 6 if width > 400 else 4, clock):
        out.append(f'<line class="v-grid" x1="{x(at)}" x2="{x(at)}" y1="{height - bottom}" y2="{height - bottom + 5}"/>')
        out.append(f'<text class="v-tick" x="{x(at)}" y="{height - bottom + 19}" text-anchor="middle">{escape(text)}</text>')
    counted = " ".join(f"{x(m.at)},{y(m.counted)}" for m in moments)
    received = " ".join(f"{x(m.at)},{y(m.received)}" for m in moments)
    out.append(f'<polygon class="v-area" points="{x(first)},{y(0)} {counted} {x(moments[-1].at)},{y(0)}"/>')
    out.append(f'<polyline class="v-counted" points="{counted}"/><polyline class="v-received" points="{received}"/>')
    second = (left + 190, 14) if width > 400 else (left, 32)
    key_line = f'<line class="v-received" x1="{left}" x2="{left + 22}" y1="10" y2="10"/>'
    out.append(f'{key_line}<text class="v-legend" x="{left + 29}" y="14">{escape(words[0])}</text>')
    out.append(
        f'<line class="v-counted" x1="{second[0]}" x2="{second[0] + 22}" y1="{second[1] - 4}" y2="{second[1] - 4}"/>'
        f'<text class="v-legend" x="{second[0] + 29}" y="{second[1]}">{escape(words[1])}</text>'
    )
    return _picture(key, "arrival", width, height, title, desc, "".join(out))


def _ticks(first: datetime, last: datetime, most: int, clock: str) -> Iterator[tuple[datetime, str]]:
    """Round moments between the two, at most ``most`` + 1 of them; days where it is about days."""
    span = last - first
    for step in (timedelta(minutes=m) for m in (10, 30, 60, 120, 180, 360, 720)):
        if span / step <= most:
            break
    else:
        step = timedelta(days=max(1, -(-span.days // most)))
    day = first.replace(hour=0, minute=0, second=0, microsecond=0)
    at = day + step * -(-(first - day) // step)
    while at <= last:
        yield at, at.strftime(clock if step < timedelta(hours=12) else "%d/%m")
        at += step


def _round_up(n: int) -> int:
    """The next round number that four parts divide."""
    size = 4
    while True:
        for m in (1, 2, 3, 5):
            if size * m >= n:
                return size * m
        size *= 10


def _fit(text: str, width: float, size: int) -> str:
    """As much of the text as goes into ``width``; pictures do not wrap."""
    room = max(4, int(width / (size * _LETTER)))
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


def _picture(key: str, kind: str, width: int, height: int, title: str, desc: str, body: str) -> Markup:
    size = "narrow" if width <= 400 and kind != "ring" else "wide"
    k = escape(key)
    return Markup(  # noqa: S704 (every text in it is escaped)
        f'<svg class="chart {kind} {size}" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{k}-t {k}-d" '
        f'xmlns="http://www.w3.org/2000/svg"><title id="{k}-t">{escape(title)}</title><desc id="{k}-d">{escape(desc)}</desc>{body}</svg>'
    )
