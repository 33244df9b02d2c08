"""The photo store keeps a photo whole or not at all, and knows when one was damaged."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
import time
from datetime import timedelta
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from db.cleaning import orphans
from db.store import FolderStore, PhotoStore, StoreError, open_store, path_of
from tests.world import World, sha


def files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    made = open_store(str(tmp_path / "photos"))
    assert isinstance(made, FolderStore)
    return made


def test_put_and_get(store: FolderStore) -> None:
    kept = store.put(b"abc")
    assert (kept.sha256, kept.size) == (sha(b"abc"), 3)
    assert store.put(b"abc") == kept
    assert store.get(kept.sha256) == b"abc"
    assert files(store.folder) == [store.folder / kept.sha256[:2] / kept.sha256[2:4] / kept.sha256]


def test_same_code_with_an_object_store() -> None:
    store = PhotoStore(MemoryStore())
    kept = store.put(b"abc")
    assert store.get(kept.sha256) == b"abc"
    assert [o.sha256 for o in store.objects()] == [kept.sha256]
    with pytest.raises(StoreError) as e:
        store.get(sha(b"other"))
    assert e.value.error_code == "photo_file_missing"


@pytest.mark.parametrize("name", ["../../etc/passwd", "ABC", "", "a" * 63, "A" * 64, "a" * 64 + "\n"])
def test_only_hashes_are_names(store: FolderStore, name: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        store.get(name)


def test_missing_and_damaged(store: FolderStore) -> None:
    kept = store.put(b"abc")
    with pytest.raises(StoreError) as missing:
        store.get(sha(b"never"))
    assert missing.value.error_code == "photo_file_missing"
    (store.folder / path_of(kept.sha256)).write_bytes(b"abd")
    with pytest.raises(StoreError) as damaged:
        store.get(kept.sha256)
    assert damaged.value.error_code == "photo_file_damaged"
    assert damaged.value.to_dict()["error"]["message"]
    store.put(b"abc")  # the same photo again repairs it
    assert store.get(kept.sha256) == b"abc"


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, "storage_full"), (errno.EDQUOT, "storage_full"), (errno.EIO, "storage_failed")]
)
def test_failing_disk_leaves_nothing(store: FolderStore, monkeypatch: pytest.MonkeyPatch, step: str, number: int, code: str) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    store.put(b"first")
    before = files(store.folder)
    with monkeypatch.context() as m:
        if step == "fsync":
            m.setattr("db.store.os.fsync", fail)
        else:
            m.setattr(Path, "replace", fail)
        with pytest.raises(StoreError) as e:
            store.put(b"second")
    assert (e.value.error_code, e.value.http_status) == (code, 507 if code == "storage_full" else 503)
    assert files(store.folder) == before
    assert store.get(store.put(b"second").sha256) == b"second"


def test_full_disk_for_real(tmp_path: Path) -> None:
    """The kernel refuses to write on: a limit on file size stands in for a full disk."""
    code = textwrap.dedent(
        f"""
        import resource, signal
        from db.store import StoreError, open_store
        store = open_store({str(tmp_path)!r})
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            store.put(bytes(300_000))
        except StoreError as e:
            print(e.error_code)
        store.put(b"small")
        """
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "storage_full"
    assert [p.name for p in files(tmp_path)] == [sha(b"small")]


def test_kill_while_writing_never_leaves_half_a_photo(tmp_path: Path) -> None:
    code = textwrap.dedent(
        f"""
        import sys
        from db.store import open_store
        store = open_store({str(tmp_path)!r})
        for i in range(100_000):
            kept = store.put(i.to_bytes(4, "big") * 50_000)
            print(kept.sha256, flush=True)
        """
    )
    for pause in (0.02, 0.05, 0.1):
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        acknowledged = [child.stdout.readline().strip()]
        time.sleep(pause)
        child.send_signal(signal.SIGKILL)
        acknowledged += child.communicate()[0].splitlines()
        store = open_store(str(tmp_path))
        for sha256 in acknowledged:
            if len(sha256) == 64:
                store.get(sha256)
        for found in store.objects():
            if found.sha256 is not None:
                store.get(found.sha256)


def test_orphans_are_found_and_removed_once_old(world: World) -> None:
    receipt = world.upload(data=b"with a row")
    store = world.store
    assert isinstance(store, FolderStore)
    lost = store.put(b"without a row")
    (store.folder / "part" / "leftover").write_bytes(b"half")
    assert orphans(world.db, store) == []  # all too young
    for file in files(store.folder):
        os.utime(file, (time.time() - 7200, time.time() - 7200))
    found = orphans(world.db, store, remove=False)
    assert sorted(o.name for o in found) == sorted([path_of(lost.sha256), "part/leftover"])
    assert len(orphans(world.db, store)) == 2
    assert orphans(world.db, store, older_than=timedelta(0)) == []
    assert files(store.folder) == [store.folder / path_of(receipt.sha256)]


def test_upload_makes_an_old_orphan_young_again(world: World) -> None:
    store = world.store
    assert isinstance(store, FolderStore)
    kept = store.put(b"came before a crash")
    file = store.folder / path_of(kept.sha256)
    os.utime(file, (time.time() - 7200, time.time() - 7200))
    store.put(b"came before a crash")
    assert orphans(world.db, store) == []
    assert file.exists()
