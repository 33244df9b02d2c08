"""The overview of one election, which brings itself up to date, and the wall screen that goes round all of them."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from markupsafe import Markup
from starlette.responses import Response

from api import charts
from api.access import allow
from api.deps import Held
from api.errors import ApiError
from api.i18n import Translator
from api.overview import KEPT, Overview, Standing, leader, overview, standings_of
from api.rest.totals import SEERS
from api.web import ENV, WIB, local_time, render
from db.queries import elections
from db.totals import TotalsRow, counted_elections
from db.views import ElectionView

router = APIRouter(include_in_schema=False)

Several = Annotated[Sequence[str], Query()]

FACTS = (
    "pemilih_dpt_jml",
    "pengguna_total_jml",
    "suara_sah",
    "suara_tidak_sah",
    "ss_diterima",
    "ss_digunakan",
    "ss_dikembalikan",
    "ss_tidak_digunakan",
    "disabilitas_jml",
)
"""Numbers shown as tiles, where the election's forms have them."""


def chosen(contests: Sequence[ElectionView], wanted: str | None, counted: set[str]) -> ElectionView:
    """The election asked for, else the newest of which something counts, else the newest. Raises ApiError not_found."""
    of = list(contests) if wanted is not None else [e for e in contests if e.id in counted] or list(contests)
    for e in of:
        if wanted in (None, e.id):
            return e
    raise ApiError("not_found")


@router.get("/ringkasan", dependencies=[Depends(allow(*SEERS))])
def page(request: Request, held: Held, election: str | None = None) -> Response:
    with held.db.reading() as session:
        contests = elections(session)
        contest = chosen(contests, election, counted_elections(session))
        seen = overview(session, KEPT, contest.id)
    lang: str = request.state.lang
    return render(request, "overview.html", {"elections": contests, "etag": _etag(_tag(seen, lang)), **shown(seen, Translator(lang))})


@router.get("/ringkasan/isi", dependencies=[Depends(allow(*SEERS))])
def part(request: Request, held: Held, election: str) -> Response:
    """The part that changes. Asked again with ``If-None-Match`` it costs a few hundred bytes while nothing has changed."""
    lang: str = request.state.lang
    with held.db.reading() as session:
        seen = overview(session, KEPT, election)
    return fragment(request, "overview_live.html", _tag(seen, lang), lambda: shown(seen, Translator(lang)))


@router.get("/layar", dependencies=[Depends(allow(*SEERS))])
def wall(
    request: Request, held: Held, election: Several = (), kecamatan: bool = False, detik: Annotated[int, Query(ge=3, le=300)] = 12
) -> Response:
    """For a large screen: nothing of who is logged in stands on it."""
    seen = _wall(held, election)
    lang: str = request.state.lang
    with held.db.reading() as session:
        contests = elections(session)
    query = "&".join([*(f"election={e}" for e in election), *(["kecamatan=1"] if kecamatan else [])])
    context = {
        "slides": slides(seen, kecamatan, Translator(lang)),
        "query": query,
        "kecamatan": kecamatan,
        "seconds": detik,
        "chosen": election,
    }
    return render(
        request, "wall.html", {**context, "elections": contests, "made": _made(seen), "etag": _etag(_wall_tag(seen, kecamatan, lang))}
    )


@router.get("/layar/isi", dependencies=[Depends(allow(*SEERS))])
def wall_part(request: Request, held: Held, election: Several = (), kecamatan: bool = False) -> Response:
    lang: str = request.state.lang
    seen = _wall(held, election)
    return fragment(
        request,
        "wall_slides.html",
        _wall_tag(seen, kecamatan, lang),
        lambda: {"slides": slides(seen, kecamatan, Translator(lang)), "made": _made(seen)},
    )


def _wall(held: Held, wanted: Sequence[str]) -> list[Overview]:
    """The elections asked for, else those of which something counts, the newest first."""
    with held.db.reading() as session:
        known = {e.id: e for e in elections(session)}
        if missing := set(wanted) - known.keys():
            raise ApiError("invalid_request", fields=", ".join(sorted(missing)))
        counted = counted_elections(session)
        ids = [e for e in known if e in (set(wanted) or counted)]
        return [overview(session, KEPT, e) for e in ids[:12]]


def _made(seen: Sequence[Overview]) -> datetime | None:
    return max((s.at for s in seen), default=None)


def _tag(seen: Overview, lang: str) -> str:
    return f"{seen.mark}-{lang}"


def _wall_tag(seen: Sequence[Overview], kecamatan: bool, lang: str) -> str:
    mark = hashlib.sha256("".join(s.mark for s in seen).encode()).hexdigest()[:16]
    return f"{mark}-{lang}-{int(kecamatan)}"


def _etag(tag: str) -> str:
    return f'"{ENV.globals["v"]}-{tag}"'


def fragment(request: Request, template: str, tag: str, context: Any) -> Response:
    """A part of a page with its ETag; 304 without a body where the browser has it. Compressed: nothing secret is in it.

    ``context``: makes what the template needs, only where it is needed.
    """
    etag = _etag(tag)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if etag in (t.strip().removeprefix("W/") for t in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    lang: str = request.state.lang
    body = (
        ENV.get_template(template)
        .render({"t": Translator(lang), "lang": lang, "when": lambda at: local_time(at, lang), **context()})
        .encode()
    )
    if "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["Content-Encoding"] = gzip.compress(body, 6), "gzip"
    headers["Vary"] = "Accept-Encoding"
    return Response(body, media_type="text/html; charset=utf-8", headers=headers)


def shown(seen: Overview, t: Translator) -> dict[str, Any]:
    """All that the overview's templates need."""
    en = t.lang == "en"
    leads = next((s for s in seen.standings if s.leads), None)
    desc = (
        t(
            "overview.verified.desc",
            count=len(seen.standings),
            first=leads.label_en if en else leads.label,
            votes=t.number(leads.value),
            share=t.percent(leads.value, seen.whole),
            sheets=t.number(max(s.sheets for s in seen.standings)),
        )
        if leads
        else t("overview.verified.none")
    )
    title = t("overview.verified.parties" if seen.row.parties else "overview.verified")
    wait = seen.waiting
    wait_desc = t("overview.waiting.desc", sheets=t.number(wait.sheets))
    c = seen.coverage
    return {
        "contest": seen.contest,
        "seen": seen,
        "c": c,
        "leader": leader,
        "votes_charts": twice("suara", bars_of(seen.standings, seen.whole, t), title, desc),
        "waiting_charts": twice(
            "sementara", bars_of(seen.standings, seen.waiting_whole, t, waiting=True), t("overview.waiting.title"), wait_desc, hatched=True
        )
        if seen.waiting_whole
        else [],
        "ring": charts.ring(
            c.tps_complete,
            c.tps_all,
            key="cakupan",
            title=t("overview.coverage"),
            desc=t("overview.coverage.desc", complete=t.number(c.tps_complete), all=t.number(c.tps_all), any=t.number(c.tps_any)),
            text=t.percent(c.tps_complete, c.tps_all).replace(" %", "%"),
            note=t("overview.complete"),
        ),
        "arrival_charts": arrival_charts(seen, t),
        "facts": [seen.facts[f] for f in FACTS if f in seen.facts],
        "all_facts": seen.facts,
        "meter": lambda row: meter(row, t),
        "local": lambda at: at.astimezone(WIB),
    }


def bars_of(standings: Sequence[Standing], whole: int, t: Translator, waiting: bool = False) -> list[charts.Bar]:
    en = t.lang == "en"
    made = []
    for s in standings:
        value, sheets = (s.waiting, s.waiting_sheets) if waiting else (s.value, s.sheets)
        text, share = (t.number(value), t.percent(value, whole)) if sheets else ("–", "")
        made.append(charts.Bar(str(s.key), s.label_en if en else s.label, value, text, share, s.leads and not waiting, bool(sheets)))
    return made


def twice(key: str, items: Sequence[charts.Bar], title: str, desc: str, hatched: bool = False) -> list[Markup]:
    """The chart for wide and for narrow screens; the style sheet shows one of them."""
    return [
        charts.bars(items, key=f"{key}-{width}", title=title, desc=desc, width=width, hatched=hatched)
        for width in (charts.WIDE, charts.NARROW)
    ]


def arrival_charts(seen: Overview, t: Translator) -> list[Markup]:
    moments = [charts.Moment(a.at.astimezone(WIB), a.received, a.counted) for a in seen.arrived]
    if not moments:
        return []
    last = seen.arrived[-1]
    desc = t("overview.arrival.desc", received=t.number(last.received), counted=t.number(last.counted), at=local_time(last.at, t.lang))
    words = (t("overview.arrival.received"), t("overview.arrival.counted"))
    clock = "%H.%M" if t.lang == "id" else "%H:%M"
    return [
        charts.arrival(moments, key=f"datang-{w}", title=t("overview.arrival"), desc=desc, words=words, clock=clock, width=w)
        for w in (charts.BROAD, charts.NARROW)
    ]


def meter(row: TotalsRow, t: Translator) -> Markup:
    """How many TPS of a region are complete, in part, not heard from."""
    c = row.coverage
    some, none = c.tps_any - c.tps_complete, c.tps_all - c.tps_any
    label = t("overview.kecamatan.meter", complete=t.number(c.tps_complete), some=t.number(some), none=t.number(none))
    return charts.meter([charts.Part(c.tps_complete, "full"), charts.Part(some, "some")], c.tps_all, label=label)


def slides(seen: Sequence[Overview], kecamatan: bool, t: Translator) -> list[Mapping[str, Any]]:
    """What the wall screen shows one after the other: each election as a whole, its coverage, and if asked for each kecamatan."""
    made: list[Mapping[str, Any]] = []
    for s in seen:
        made.append(_slide(s, s.row, "", t))
        made.append({"kind": "coverage", "seen": s, "rows": [(r, meter(r, t)) for r in s.kecamatan]})
        if kecamatan:
            made.extend(_slide(s, r, t("wall.region", name=r.region.name), t) for r in s.kecamatan)
    return made


def _slide(seen: Overview, row: TotalsRow, where: str, t: Translator) -> Mapping[str, Any]:
    standings = sorted(standings_of(row), key=lambda s: -s.value)[:8] if len(standings_of(row)) > 8 else list(standings_of(row))
    whole = sum(s.value for s in standings_of(row))
    key = f"layar-{seen.contest.id}-{row.region.code}"
    chart = charts.bars(bars_of(standings, whole, t), key=key, title=t("overview.verified"), desc=where or seen.contest.name)
    return {"kind": "votes", "seen": seen, "row": row, "where": where, "chart": chart, "few": len(standings) <= 4}
