"""Published templates in the database: versions, who and why, probation and what ends it, files that the cleaner leaves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from db import audit, drafts, forms
from db.cleaning import orphans
from db.forms import PublishedForms, ReasonMissing, TrustRefused
from db.queries import election
from db.tables import AuditLog
from db.types import DraftState, TrialState
from templates_c1 import published, registry
from tests import papers
from tests.world import World

NEEDED = 3


def body(**changes: Any) -> dict[str, Any]:
    return papers.paper().model_dump(mode="json", exclude_defaults=True) | {"form": "c-uji"} | changes


def publish(world: World, raw: dict[str, Any] | None = None, features: str | None = None, reason: str = "uji") -> forms.VersionView:
    with world.db.writing() as s:
        return forms.publish(s, raw or body(), features_sha256=features, pages=[], user_id=world.users["admin"], reason=reason)


def tried(world: World, digest: str, state: TrialState, seed: int) -> None:
    with world.db.writing() as s:
        t = drafts.add_trial(s, "c-uji", digest, f"{seed:064x}", "f.jpg", world.users["admin"])
        drafts.trial_typed(s, t.id, state, {}, [], world.users["admin"])
        forms.prove_by_trials(s, digest, NEEDED, world.users["admin"])


def proven(world: World) -> bool:
    with world.db.reading() as s:
        return forms.version(s, "c-uji").proven


def test_versions_follow_each_other_with_who_and_why(world: World) -> None:
    publish(world, reason="pertama")
    made = publish(world, body(title={"id": "Baru", "en": "New"}), reason="kedua")
    assert (made.version, made.by, made.reason, made.body["version"]) == (2, "admin", "kedua", 2)
    with world.db.reading() as s:
        assert [v.version for v in forms.versions(s, "c-uji")] == [2, 1]
        events = [(r.event, r.data["reason"]) for r in s.scalars(select(AuditLog).where(AuditLog.subject == "template:c-uji"))]
        assert events == [("template_published", "pertama"), ("template_published", "kedua")]
        assert audit.verify(s) == []
    with pytest.raises(ReasonMissing):
        publish(world, reason="  ")


def test_other_processes_see_it_through_the_registry(world: World) -> None:
    source = PublishedForms(world.db, world.store)
    published.use(source)
    try:
        assert "c-uji" not in registry.all_templates()
        before = source.token()
        with world.db.writing() as s:
            sha = forms.keep(s, world.store, b"features")
        publish(world, features=sha)
        assert source.token() != before
        published.refresh()
        known = registry.template("c-uji")
        assert not registry.is_proven(known)
        features = registry.features(known, known.pages[0])
        assert features is not None and features.open().read() == b"features"
        with world.db.writing() as s:
            forms.set_trust(s, "c-uji", 1, proven=True, user_id=world.users["supervisor"], reason="sudah diuji di lapangan")
        published.refresh()
        assert registry.is_proven(known)
    finally:
        published.use(None)


def test_test_photos_end_the_probation(world: World) -> None:
    digest = publish(world).digest
    for seed in range(NEEDED - 1):
        tried(world, digest, TrialState.RIGHT, seed)
    tried(world, digest, TrialState.DOUBTED, 90)
    assert not proven(world)
    tried(world, digest, TrialState.RIGHT, 91)
    assert proven(world)
    with world.db.reading() as s:
        assert forms.version(s, "c-uji").trust[0].trials == NEEDED


def test_one_unnoticed_misreading_keeps_it_on_probation(world: World) -> None:
    digest = publish(world).digest
    tried(world, digest, TrialState.WRONG, 99)
    for seed in range(NEEDED + 2):
        tried(world, digest, TrialState.RIGHT, seed)
    assert not proven(world)


def test_a_supervisor_decides_and_not_who_published(world: World) -> None:
    publish(world)
    with pytest.raises(TrustRefused), world.db.writing() as s:
        forms.set_trust(s, "c-uji", 1, proven=True, user_id=world.users["admin"], reason="saya yakin")
    with pytest.raises(ReasonMissing), world.db.writing() as s:
        forms.set_trust(s, "c-uji", 1, proven=True, user_id=world.users["supervisor"], reason=" ")
    for said in (True, False):
        with world.db.writing() as s:
            assert forms.set_trust(s, "c-uji", 1, proven=said, user_id=world.users["supervisor"], reason="r").proven is said


def test_labels_do_not_undo_a_proof_but_boxes_do(world: World) -> None:
    publish(world)
    with world.db.writing() as s:
        forms.set_trust(s, "c-uji", 1, proven=True, user_id=world.users["supervisor"], reason="r")
    raw = body()
    raw["pages"][0]["numbers"][0]["label"]["id"] = "Label lain"
    assert publish(world, raw).proven
    raw["pages"][0]["numbers"][0]["boxes"][0]["x"] += 0.5
    assert not publish(world, raw).proven


def test_a_form_is_added_to_an_election_once(world: World) -> None:
    publish(world)
    with world.db.writing() as s:
        assert forms.expect_in(s, "bupati-2020", "c-uji", [1], world.users["admin"]) == 1
        assert forms.expect_in(s, "bupati-2020", "c-uji", [1], world.users["admin"]) == 0
    with world.db.reading() as s:
        assert ("c-uji", 1) in {(p.form, p.page) for p in election(s, "bupati-2020").pages}


def test_the_cleaner_leaves_files_of_templates(world: World) -> None:
    with world.db.writing() as s:
        sha = forms.keep(s, world.store, b"a blank")
    other = world.store.put(b"nobody's").sha256
    gone = [o.name for o in orphans(world.db, world.store, older_than=timedelta(seconds=-5))]
    assert any(other in name for name in gone) and not any(sha in name for name in gone)
    assert world.store.get(sha) == b"a blank"


def test_two_who_change_a_draft_at_once_are_told(world: World) -> None:
    with world.db.writing() as s:
        made = drafts.start_from(s, world.users["admin"], body(), [], {}, 1)
        saved = drafts.save(s, made.id, world.users["admin"], made.revision, body(title={"id": "A", "en": "A"}))
    with pytest.raises(drafts.StaleDraft), world.db.writing() as s:
        drafts.save(s, made.id, world.users["admin"], made.revision, body())
    with world.db.writing() as s:
        assert drafts.draft(s, made.id).title == "A"
        drafts.save(s, made.id, world.users["admin"], saved.revision, body())
        drafts.close(s, made.id, world.users["admin"], DraftState.DISCARDED)
    with pytest.raises(drafts.DraftClosed), world.db.writing() as s:
        drafts.save(s, made.id, world.users["admin"], saved.revision + 1, body())
