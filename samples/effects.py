"""What befalls paper and photo, and how often: one table, (easy, moderate, hard)."""

from __future__ import annotations

from samples.dial import Dial, Rng

PAPER: dict[str, tuple[float, float, float]] = {
    "fold": (0.15, 0.6, 0.9),
    "curl": (0.3, 0.7, 0.95),
    "crumple": (0.0, 0.12, 0.45),
    "stamp": (0.0, 0.06, 0.25),
    "stain": (0.0, 0.06, 0.25),
    "yellowed": (0.0, 0.08, 0.25),
}
SCENE: dict[str, tuple[float, float, float]] = {
    "tape": (0.1, 0.3, 0.3),
    "hand": (0.0, 0.05, 0.2),
    "neighbour": (0.0, 0.12, 0.25),
    "cropped": (0.0, 0.25, 0.45),
    "screen": (0.0, 0.03, 0.12),
}
LIGHT: dict[str, tuple[float, float, float]] = {
    "shadow": (0.0, 0.35, 0.8),
    "glare": (0.0, 0.06, 0.35),
    "low_light": (0.0, 0.12, 0.45),
    "cast": (0.1, 0.45, 0.85),
}
LENS: dict[str, tuple[float, float, float]] = {
    "defocus": (0.0, 0.15, 0.5),
    "partly_blurred": (0.0, 0.06, 0.25),
    "motion": (0.0, 0.06, 0.3),
    "sharpened": (0.4, 0.5, 0.5),
}
FILE: dict[str, tuple[float, float, float]] = {
    "scan_app": (0.3, 0.3, 0.12),
    "gray": (0.05, 0.1, 0.15),
    "messenger": (0.3, 0.75, 0.95),
    "overlay": (0.0, 0.06, 0.15),
    "sideways": (0.0, 0.04, 0.15),
    "exif_turned": (0.0, 0.06, 0.2),
}
ALL = PAPER | SCENE | LIGHT | LENS | FILE

_NOT_ON_A_SCREEN = frozenset({*PAPER, "tape", "hand", "neighbour", "cropped", "scan_app", "shadow"})
_NOT_WITH_AN_APP = frozenset({"neighbour", "cropped", "low_light", "tape", "cast"})


def befall(rng: Rng, dial: Dial) -> frozenset[str]:
    """Draw what happens to one sheet and photo. Pictures of a screen have no paper; scanning apps flatten and crop."""
    drawn = {name for name, chance in ALL.items() if dial.happens(rng, *chance)}
    if "screen" in drawn:
        drawn -= _NOT_ON_A_SCREEN
    if "scan_app" in drawn:
        drawn -= _NOT_WITH_AN_APP
    return frozenset(drawn)
