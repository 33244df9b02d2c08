"""What is seen from outside: metrics and the alerts over them, health, the status page."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.metrics import families
from api.pages.status import tiles
from db import clock, tokens
from db.claims import WorkerView
from review.operations import Errors, Figures
from tests.api.conftest import Site
from tests.world import votes

ALERTS = Path(__file__).parents[2] / "deploy" / "alerts.yml"
WORDS = {"and", "or", "unless", "by", "le", "sum", "rate", "histogram_quantile", "election", "step", "status", "route", "machine", "e9"}


def scraped(site: Site) -> dict[str, dict[tuple[str, ...], float]]:
    with site.held.db.writing() as session:
        secret, _ = tokens.create(session, site.world.users["admin"], "monitoring", ["metrics"])
    answer = site.client().get("/metrics", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(answer.text):
        for s in family.samples:
            found.setdefault(s.name, {})[tuple(s.labels.values())] = s.value
    return found


def test_metrics_follow_the_work(site: Site) -> None:
    first = site.world.upload()
    before = scraped(site)
    assert before["c1_queue_depth"][()] == 1 and before["c1_photos"][()] == 1
    site.world.read(first, votes(1, 2, 3))
    after = scraped(site)
    assert after["c1_queue_depth"][()] == 0 and after["c1_accept_share"][()] == 1.0
    assert after["c1_stage_seconds"][("total",)] == pytest.approx(0.1)
    assert after["c1_http_requests_total"][("GET", "/metrics", "200")] >= 1


def test_metrics_are_not_for_everybody(site: Site) -> None:
    assert site.client().get("/metrics").status_code == 401
    assert site.client("staff").get("/metrics").status_code == 403
    with site.held.db.writing() as session:
        secret, _ = tokens.create(session, site.world.users["admin"], "other", ["totals"])
    assert site.client().get("/metrics", headers={"Authorization": f"Bearer {secret}"}).status_code == 403


def test_every_alert_is_about_a_metric_that_exists(site: Site) -> None:
    full = Figures(
        waiting={"first": 1},
        accept_share=0.5,
        stages={"total": 1.0},
        errors={("ppwp-2024", "machine"): Errors(10, 1, 0.2)},
        accepting={"ppwp-2024": True},
        dispositions={"committed": 1},
        backup_at=clock.now(),
    )
    site.client().get("/health/live")  # so that there is a request to count
    there = {s.name for f in families(full) for s in f.samples} | set(scraped(site))
    expressions = re.findall(r"^\s*expr: (.+)$", ALERTS.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(expressions) > 10
    for expression in expressions:
        plain = re.sub(r'"[^"]*"', "", expression)
        used = set(re.findall(r"\bc1_\w+", plain))
        assert used and used <= there, (expression, used - there)
        assert not set(re.findall(r"\b[a-z_]{3,}\b", plain)) - used - WORDS, expression


def test_health(site: Site) -> None:
    assert site.client().get("/health/live").json() == {"status": "ok"}
    good = site.client().get("/health/ready")
    assert (good.status_code, good.json()["checks"]) == (200, {"database": "ok", "tables": "ok", "store": "ok"})


def test_not_ready_without_a_database(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(site.held.db), "reading", lambda self: (_ for _ in ()).throw(OSError("gone")))
    answer = site.client().get("/health/ready")
    assert (answer.status_code, answer.json()["checks"]["database"]) == (503, "failed")
    assert site.client().get("/health/live").status_code == 200


def test_the_status_page_says_what_to_do(site: Site) -> None:
    page = site.client("supervisor").get("/status", headers={"Accept": "text/html"})
    assert page.status_code == 200 and "c1 backup" in page.text
    part = site.client("admin").get("/status", headers={"HX-Request": "true"})
    assert "<html" not in part.text and "status-tiles" in part.text


def test_tiles_turn_red_in_time() -> None:
    now = clock.now()
    worker = WorkerView("a:1:1", now, now, 1, 5, 0, False, False)
    well = Figures(workers=(worker,), backup_at=now)
    assert {t.state for t in tiles(well, 100 * 1024**3)} == {"good"}

    def state(name: str, figures: Figures, free: int = 100 * 1024**3) -> str:
        return next(t.state for t in tiles(figures, free) if t.name == name)

    assert state("queue", replace(well, unread=3, oldest_unread=400.0)) == "wait"
    assert state("queue", replace(well, unread=3, oldest_unread=1000.0)) == "bad"
    assert state("workers", replace(well, workers=(replace(worker, silent=True),))) == "bad"
    assert state("disk", well, 10 * 1024**3) == "wait" and state("disk", well, 1024**3) == "bad"
    assert state("backup", replace(well, backup_at=None)) == "wait"
    assert state("backup", replace(well, backup_at=now - timedelta(hours=60))) == "bad"
    assert state("accepting", replace(well, accepting={"a": False})) == "wait"
