"""Schemathesis over every route that the application has, pages included, with each role's log-in, against a real ``c1 serve``.

    make fuzz MINUTES=15

Fails when any answer is a server error. 503 and 507 in our own error shape are refusals, not errors. Left out are only the routes that
would end the fuzzing itself (log out, switch off an account).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import httpx
import numpy as np
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from api.access import rules
from api.app import create_app
from tests.api.conftest import open_site
from tests.live import Live
from tests.world import PASSWORD, TPS, World, open_world, validity, votes

ROLES = ("operator", "reviewer", "supervisor", "staff", "admin")
LEFT_OUT = r"^/(keluar|akun.*|masuk.*|undangan.*|pengguna/\{user_id\}.*|vendor.*)$"
"""Ends the session in hand, or gives out or takes away log-ins."""
CONFIG = """
[checks]
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "503", "507"]
"""


def whole_schema(world: World, folder: Path) -> dict[str, object]:
    """The OpenAPI description of all routes, of the pages too, which the published one leaves out."""
    app = create_app(open_site(world, folder).held)
    contexts = list(iter_route_contexts(app.routes))
    for context in contexts:
        if isinstance(context.original_route, APIRoute):
            object.__setattr__(context._effective_route, "include_in_schema", True)
    described = get_openapi(title="C1", version="1", routes=contexts)
    paths = {path for _, path in rules(app)}
    missing = {p for p in paths if p not in described["paths"]}
    if missing:
        raise RuntimeError(f"not in the description: {sorted(missing)}")
    return dict(described)


def fill(world: World) -> None:
    """Some sheets to stumble over: counted, waiting, unreadable, without a place."""
    for i in range(6):
        noise = np.random.default_rng(i).integers(90, 250, (900, 700), dtype=np.uint8)
        receipt = world.upload(data=cv2.imencode(".jpg", noise)[1].tobytes(), tps=f"{TPS[:-1]}{i + 1}")
        if i % 2:
            world.read(receipt, votes(10 + i, 20, 30))
        elif i % 3:
            world.read(receipt, validity(60, 3, 64), page=3, doubt=())


def log_in(url: str, name: str) -> dict[str, str]:
    """The headers of a browser that has logged in, by the log-in page itself."""
    with httpx.Client(base_url=url, headers={"Accept": "text/html"}) as browser:
        page = browser.get("/masuk").text
        token = page.split('name="csrf" content="')[1].split('"')[0]
        answer = browser.post("/masuk", data={"csrf": token, "username": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        about = browser.get("/api/session").json()
        return {"Cookie": f"c1_session={browser.cookies['c1_session']}", "X-CSRF-Token": about["csrf"]}


def fuzz(folder: Path, seconds: int, roles: Sequence[str] = ROLES, seed: int | None = None) -> int:
    """Share ``seconds`` among ``roles``. Returns how many of them met a server error; what it was is printed and in ``serve.log``."""
    world = open_world(f"sqlite:///{folder / 'c1.sqlite3'}", folder)
    fill(world)
    schema = folder / "openapi.json"
    schema.write_text(json.dumps(whole_schema(world, folder)), encoding="utf-8")
    world.close()
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG, encoding="utf-8")
    server = Live(folder, C1_UPLOADS_PER_MINUTE="100000")
    server.start()
    bad = 0
    try:
        for role in roles:
            headers = log_in(server.url, role)
            command = [str(Path(sys.executable).parent / "st"), "--config-file", str(config), "--no-color", "run", str(schema)]
            command += ["--url", server.url, "--checks", "not_a_server_error", "--phases", "coverage,fuzzing"]
            command += ["--max-time", str(max(3, seconds // len(roles))), "--exclude-path-regex", LEFT_OUT]
            command += ["--suppress-health-check", "all", "--warnings", "off", "--continue-on-failure"]
            command += ["--request-timeout", "60", *(["--seed", str(seed)] if seed is not None else [])]
            for name, value in headers.items():
                command += ["-H", f"{name}: {value}"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            sys.stdout.write(f"== {role}: status {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-2000:]}\n")
            sys.stdout.flush()
            bad += done.returncode != 0
    finally:
        server.stop()
    log = (folder / "serve.log").read_text(encoding="utf-8")
    if "Traceback" in log:
        sys.stdout.write(log[-8000:])
        bad += 1
    return bad


def main() -> None:
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--minutes", type=float, default=15.0)
    said.add_argument("--roles", nargs="*", default=list(ROLES))
    said.add_argument("--seed", type=int)
    args = said.parse_args()
    with tempfile.TemporaryDirectory(prefix="c1-fuzz-") as folder:
        sys.exit(1 if fuzz(Path(folder), int(args.minutes * 60), args.roles, args.seed) else 0)


if __name__ == "__main__":
    main()
