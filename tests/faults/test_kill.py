"""SIGKILL to readers, API and PostgreSQL at random moments while photos are sent, read and settled. ``make faults`` does 200 rounds."""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.faults import load, truth
from tests.faults.cluster import Cluster
from tests.live import until

ROUNDS = int(os.environ.get("C1_FAULT_ROUNDS", "8"))
EVERY = 50
"""After so many rounds everything must come to rest and be right."""
VICTIMS = ("postgres", "reader", "api", "postgres", "reader")


def rest(cluster: Cluster) -> None:
    """Until every photo is read; the sweeper looks once a minute."""
    until(lambda: truth.all_read(cluster.world), 300, 0.3)
    until(lambda: not _claims(cluster), 60, 0.3)


def _claims(cluster: Cluster) -> set[int]:
    from db import claims

    with cluster.world.db.reading() as session:
        return claims.in_hand(session)


def kill(cluster: Cluster, victim: str, rng: random.Random) -> None:
    """And start it again, until it is there."""
    if victim == "postgres":
        cluster.postgres.kill()
        time.sleep(rng.uniform(0, 0.3))
        cluster.postgres.start()
        cluster.world.db.engine.dispose()
    elif victim == "api":
        cluster.api.kill()
        cluster.api.start()
        until(cluster.answers, 120)
    else:
        reader = rng.choice(cluster.readers)
        reader.kill()
        reader.start()
        until(lambda: cluster.reads(reader), 120)


def report(told: dict[str, Any], begun: float) -> None:
    """A line in the file that C1_FAULT_REPORT names."""
    if out := os.environ.get("C1_FAULT_REPORT"):
        with Path(out).open("a") as f:
            f.write(json.dumps({**told, "seconds": round(time.monotonic() - begun)}) + "\n")


@pytest.mark.slow
@pytest.mark.timeout(max(300, ROUNDS * 60))
def test_nothing_is_lost_or_doubled_when_anything_is_killed(tmp_path: Path) -> None:
    rng = random.Random(int(os.environ.get("C1_FAULT_SEED", "8")))
    for station in range(1, load.PAPERS + 1):
        for page in (2, 3):
            load.paper(station, page)
    killed: Counter[str] = Counter()
    readings_cut = 0
    begun = time.monotonic()
    with Cluster(tmp_path) as cluster:
        people = load.Load(cluster.url, seed=ROUNDS)
        people.start()
        until(lambda: people.receipts, 120)
        for n in range(ROUNDS):
            victim = VICTIMS[n % len(VICTIMS)]
            time.sleep(rng.uniform(0.0, 0.8))
            readings_cut += bool(_claims(cluster))
            kill(cluster, victim, rng)
            killed[victim] += 1
            if (n + 1) % EVERY == 0 and n + 1 < ROUNDS:
                people.resting = True
                time.sleep(1.5)
                rest(cluster)
                report({"rounds": n + 1, "killed": dict(killed), "receipts": len(people.receipts), "settled": len(people.settled)}, begun)
                people.resting = False
        people.stop()
        rest(cluster)
        found = truth.check(cluster.world, people.receipts, people.settled)
        audit = cluster.audit()
        assert audit.returncode == 0, audit.stdout + audit.stderr
        assert [p.stop() for p in (cluster.api, *cluster.readers)] == [0] * 3
    told = {"rounds": ROUNDS, "killed": dict(killed), "cut": people.cut, "readings_cut": readings_cut, "refused": people.refusals, **found}
    report(told, begun)
    assert found["photos"] >= ROUNDS // 2 and found["commits"] > 0
    assert people.cut["upload"] + sum(people.refusals.values()) > 0, "the kills hit nothing"
