"""Files for browsers, small on the line: text is sent gzipped, compressed once. Pages are not: they carry the form token (BREACH)."""

from __future__ import annotations

import gzip
import mimetypes
import os
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

TEXT = {".css", ".js", ".svg", ".json", ".webmanifest"}


@lru_cache(maxsize=256)
def _gzipped(path: str, modified: float) -> bytes:
    return gzip.compress(Path(path).read_bytes(), 9, mtime=0)


def file_answer(path: Path, headers: Headers) -> Response:
    """One file, gzipped where that helps and the browser wants it; 304 if the browser has it."""
    if path.suffix not in TEXT or "gzip" not in headers.get("accept-encoding", ""):
        return FileResponse(path, headers={"Vary": "Accept-Encoding"})
    modified = path.stat().st_mtime
    body = _gzipped(str(path), modified)
    extra = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding", "ETag": f'"{modified:.0f}-{len(body)}-gz"'}
    if extra["ETag"] in headers.get("if-none-match", ""):
        return Response(status_code=304, headers=extra)
    return Response(body, media_type=mimetypes.guess_type(path.name)[0] or "application/octet-stream", headers=extra)


class Assets(StaticFiles):
    """``StaticFiles`` whose text files are sent as ``file_answer`` does."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        path, headers = Path(full_path), Headers(scope=scope)
        if path.suffix in TEXT and "gzip" in headers.get("accept-encoding", ""):
            return file_answer(path, headers)
        return super().file_response(full_path, stat_result, scope, status_code)
