"""The admin's pages of elections: what there is, and changing names, dates, lists and pages. Every change passes the checks of a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import select
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.access import allow
from api.deps import Held, User
from api.handlers import body_of
from api.web import render
from db.elections import BadElection, ElectionFile, file_of, load, parse
from db.queries import UnknownElection
from db.tables import Election
from db.types import Role

router = APIRouter(include_in_schema=False)

Admin = Depends(allow(Role.ADMIN))
_PAGES = re.compile(r"\s*(?P<form>[a-z0-9-]+)\s*:\s*(?P<pages>[\d\s,=-]+)\s*")


@router.get("/pemilihan", dependencies=[Admin])
def all_of_them(request: Request, held: Held) -> Response:
    with held.db.reading() as session:
        found = [file_of(e) for e in session.scalars(select(Election).order_by(Election.date.desc(), Election.id))]
    return render(request, "elections.html", {"elections": [(e, _facts(e)) for e in found]})


def _facts(e: ElectionFile) -> dict[str, int]:
    names = [n for part in e.parts for people in (part.contestants, *part.lists.values()) for n in people]
    return {
        "areas": len(e.areas),
        "forms": len({p.form for part in e.parts for p in part.pages}),
        "pages": max((sum(len(p.pages) for p in (*e.pages, *part.pages)) for part in (e.areas or (e.everywhere,))), default=0),
        "contestants": len(names),
        "unnamed": sum(not n for n in names),
    }


@router.get("/pemilihan/{election_id}", dependencies=[Admin])
def one(election_id: str, request: Request, held: Held) -> Response:
    with held.db.reading() as session:
        file = file_of(_row(session, election_id))
    return _show(request, file)


@router.get("/pemilihan/{election_id}/berkas.json", dependencies=[Admin])
def as_file(election_id: str, held: Held) -> Response:
    """The election as ``c1 load`` takes it."""
    with held.db.reading() as session:
        file = file_of(_row(session, election_id))
    headers = {"Content-Disposition": f'attachment; filename="{file.id}.json"'}
    return JSONResponse(file.model_dump(mode="json", exclude_defaults=True), headers=headers)


@router.post("/pemilihan/{election_id}", dependencies=[Admin])
async def change(election_id: str, request: Request, held: Held, user: User) -> Response:
    form = {k: v for k, v in (await request.form()).items() if isinstance(v, str)}
    with held.db.reading() as session:
        before = file_of(_row(session, election_id))
    try:
        after = _changed(before, form)
        with held.db.writing() as session:
            load(session, after, user.id)
    except BadElection as e:
        status, body, _ = body_of(e)
        text = body["error"]["message_en" if request.state.lang == "en" else "message"]
        return _show(request, before, form, text, e.faults, status)
    return RedirectResponse(f"/pemilihan/{election_id}?tersimpan=1", 303)


def _row(session: Any, election_id: str) -> Election:
    row: Election | None = session.get(Election, election_id)
    if row is None:
        raise UnknownElection({"election": election_id})
    return row


def _show(
    request: Request,
    file: ElectionFile,
    typed: Mapping[str, str] | None = None,
    error: str | None = None,
    faults: tuple[str, ...] = (),
    status: int = 200,
) -> Response:
    context: dict[str, Any] = {
        "e": file,
        "facts": _facts(file),
        "typed": typed or {},
        "pages_text": pages_text,
        "error": error,
        "faults": faults,
        "saved": request.query_params.get("tersimpan") == "1",
    }
    return render(request, "election.html", context, status)


def pages_text(part: Any) -> str:
    """One form a line: ``c-hasil-ppwp-2024: 1, 2, 3``; a page of one party: ``2=1`` (page 2 is party 1's)."""
    return "\n".join(f"{p.form}: " + ", ".join(f"{n}={p.parties[n]}" if n in p.parties else str(n) for n in p.pages) for p in part.pages)


def _changed(file: ElectionFile, form: Mapping[str, str]) -> ElectionFile:
    """The file with what was typed. Lists keep their length: who stands is the form's business, who it is the admin's."""
    said = file.model_dump(mode="json")
    said["name"] = {"id": form.get("name", "").strip(), "en": form.get("name_en", "").strip()}
    if not (said["name"]["id"] and said["name"]["en"]):
        raise BadElection(["name: may not be empty"])
    said["date"] = form.get("date", "")
    for number in said["parties"]:
        said["parties"][number] = form.get(f"party|{number}", said["parties"][number]).strip()
    for part in (said, *said["areas"]):
        code = part.get("code", "")
        _take_names(part, code, form)
        if (text := form.get(f"pages|{code}")) is not None:
            part["pages"] = list(_pages_of(text))
    return parse(said)


def _take_names(part: dict[str, Any], code: str, form: Mapping[str, str]) -> None:
    lists = {0: "contestants"} | {int(p): "lists" for p in part["lists"]}
    for party, key in lists.items():
        text = form.get(f"names|{code}|{party}")
        old = part["contestants"] if key == "contestants" else part["lists"][str(party) if str(party) in part["lists"] else party]
        if text is None or not old:
            continue
        names = [line.strip() for line in text.replace("\r\n", "\n").split("\n")]
        while names and not names[-1] and len(names) > len(old):
            names.pop()
        names += [""] * (len(old) - len(names))
        if key == "contestants":
            part["contestants"] = names
        else:
            part["lists"][str(party) if str(party) in part["lists"] else party] = names


def _pages_of(text: str) -> Iterator[dict[str, Any]]:
    for line in filter(str.strip, text.replace("\r\n", "\n").split("\n")):
        found = _PAGES.fullmatch(line)
        if found is None:
            raise BadElection([f"pages: '{line.strip()[:60]}' is not of the shape 'form: 1, 2, 3'"])
        numbers, parties = [], {}
        for word in filter(str.strip, found["pages"].split(",")):
            page, _, party = word.strip().partition("=")
            if not page.isdecimal() or (party and not party.isdecimal()):
                raise BadElection([f"pages: '{word.strip()}' is no page"])
            numbers.append(int(page))
            if party:
                parties[int(page)] = int(party)
        yield {"form": found["form"], "pages": numbers, "parties": parties}
