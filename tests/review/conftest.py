"""The desk over a world of its own."""

from __future__ import annotations

import pytest

from tests.review.desk import Desk
from tests.world import World


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)
