"""A zip, a PDF or a photo in pieces, to be imported: the camat's chats and folders. Attributed picture by picture, beside the server.

POST  /api/imports            {key, size, name, election?, tps?, senders?}      -> {"state": "open", "offset": 0}
PATCH /api/imports/KEY?offset=0   the bytes                                      -> {"state": "open", "offset": 1048576}
                                                              or, with the last  -> {"state": "begun", "import": 12}
GET   /api/imports/12         how far it is, and every picture's outcome
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.access import allow
from api.deps import Held, Id, User
from api.errors import ApiError
from api.importing.answers import answered, catch_up
from api.importing.jobs import Importer, Jobs
from api.importing.reports import RunView, as_csv, items_of, run_of
from api.importing.run import Options
from api.importing.senders import from_text
from api.importing.sources import ImportFault
from api.rest.photos import limit_rate
from api.rest.uploads import HEX64, MAX_PIECE
from api.settings import MIB
from api.state import Services
from db.pieces import UploadUnknown
from db.queries import election, tps
from db.types import Role
from db.users import UserView, may_upload
from review.errors import OutsideArea

router = APIRouter(prefix="/api/imports", tags=["photos"])

IMPORTERS = (Role.OPERATOR, Role.SUPERVISOR)
"""The camat is an operator whose area is a kecamatan; a supervisor imports what reaches the desk."""
AUTO = "auto"


class Start(BaseModel):
    """What is said before the first byte. ``key`` names the upload: the same file should get the same key, to go on where it stopped."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(pattern=HEX64)
    size: int = Field(ge=1)
    name: str = Field(min_length=1, max_length=500)
    election: str = Field(default=AUTO, max_length=40, description='"auto": by caption or form')
    tps: str = Field(default=AUTO, max_length=20, description='of all photos; "auto": by caption, assignment or form')
    senders: str = Field(default="", max_length=200_000, description="CSV table: sender,area (who works where)")


class Where(BaseModel):
    """The TPS of one picture that could not be told."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=300)
    tps: str = Field(max_length=20)


@router.post("", dependencies=[Depends(allow(*IMPORTERS))])
def start(body: Start, request: Request, held: Held, user: User) -> dict[str, Any]:
    """Begin, or ask how far it got. What can be refused is refused here, before bytes are spent on it."""
    limit = held.settings.max_import_bytes
    if body.size > limit:
        raise ApiError("import_too_large", max_mib=limit // MIB, bytes=body.size)
    with held.db.reading() as session:
        if body.election != AUTO:
            election(session, body.election, contestants=False)
        if body.tps != AUTO:
            tps(session, body.tps)
            if not may_upload(session, user.id, body.tps):
                raise OutsideArea({"tps": body.tps})
    if body.senders.strip():
        _senders(body.senders)
    jobs = Jobs(held)
    jobs.room_for(body.size)
    upload = jobs.pieces.begin(user.id, body.key, body.size, body.model_dump(exclude={"key", "size"}))
    if upload.offset == 0:
        limit_rate(held, request, user, 1)
    return {"state": "open", "offset": upload.offset}


def _senders(text: str) -> dict[str, tuple[str, ...]]:
    try:
        return from_text(text)
    except ImportFault:
        raise ApiError("senders_table") from None


@router.patch(
    "/{key}",
    dependencies=[Depends(allow(*IMPORTERS))],
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
    },
)
async def piece(key: str, request: Request, held: Held, user: User, offset: int = Query(ge=0)) -> dict[str, Any]:
    """One piece of at most 1 MiB, from ``offset`` on. The last one begins the import."""
    data = await request.body()
    if len(data) > MAX_PIECE:
        raise ApiError("request_too_large")
    answer = await run_in_threadpool(_add, held, user, key, offset, data)
    importer: Importer | None = getattr(request.app.state, "importer", None)
    if importer is not None and answer["state"] == "begun":
        importer.wake()
    return answer


def _add(held: Services, user: UserView, key: str, offset: int, data: bytes) -> dict[str, Any]:
    jobs = Jobs(held)
    upload = jobs.pieces.add(user.id, key, offset, data)
    if upload.offset < upload.size:
        return {"state": "open", "offset": upload.offset}
    facts = upload.facts
    options = Options(
        None if facts["election"] == AUTO else facts["election"],
        None if facts["tps"] == AUTO else facts["tps"],
        _senders(facts["senders"]) if facts["senders"].strip() else {},
    )
    try:
        return {"state": "begun", "import": jobs.add(user, upload, facts["name"], options)}
    except FileNotFoundError:  # the same last piece twice at the same moment
        raise UploadUnknown() from None


def visible_run(held: Services, user: UserView, run_id: int) -> RunView:
    """Raises ApiError not_found: no such import, or somebody else's."""
    catch_up(held, run_id)
    with held.db.reading() as session:
        found = run_of(session, Jobs(held), user.id, run_id)
    if found is None:
        raise ApiError("not_found")
    return found


@router.get("/{run_id}", dependencies=[Depends(allow(*IMPORTERS))])
def import_of(run_id: Id, held: Held, user: User) -> dict[str, Any]:
    """How far an import is, and what became of each picture so far."""
    run = visible_run(held, user, run_id)
    with held.db.reading() as session:
        items = [i.to_json() for i in items_of(session, run_id)]
    return {**run.to_json(), "items": items}


@router.get("/{run_id}/report.csv", dependencies=[Depends(allow(*IMPORTERS))], response_class=Response)
def report(run_id: Id, held: Held, user: User) -> Response:
    """The same as a table."""
    run = visible_run(held, user, run_id)
    with held.db.reading() as session:
        text = as_csv((run.source, i.to_json()) for i in items_of(session, run_id))
    head = {"Content-Disposition": f'attachment; filename="impor-{run_id}.csv"'}
    return Response("\ufeff" + text, media_type="text/csv; charset=utf-8", headers=head)


@router.post("/{run_id}/place", dependencies=[Depends(allow(*IMPORTERS))])
def place(run_id: Id, where: Where, held: Held, user: User) -> dict[str, Any]:
    """Say the TPS of a picture that could not be told; of one's own import, and within one's area."""
    visible_run(held, user, run_id)
    return answered(held, user, run_id, where.name, where.tps)
