"""Servers that can break, shared by the tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.proxy import Proxy
from tests.servers import S3, Redis


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    server = S3()
    yield server
    server.stop()


@pytest.fixture
def proxy(s3: S3, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """The way to the S3 server; the product's object store goes by it."""
    made = Proxy(int(s3.endpoint.rpartition(":")[2]))
    for name, value in s3.env(made.url).items():
        monkeypatch.setitem(os.environ, name, value)
    yield made
    made.stop()


@pytest.fixture
def redis() -> Iterator[Redis]:
    server = Redis()
    yield server
    server.stop()
