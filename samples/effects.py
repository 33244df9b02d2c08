"""What befalls paper and photo, and how often: one table, (easy, moderate, hard)."""

from __future__ import annotations

from samples.dial import Dial, Rng

Chances = dict[str, tuple[float, float, float]]

WHAT = {
    "fold": "creases; the panels between them lean to the light differently",
    "curl": "the whole sheet bends",
    "crumple": "facets and short creases all over",
    "stamp": "a round stamp at the chairman's signature; at hard also over boxes",
    "stain": "coffee, water, a smudge of the voters' ink",
    "yellowed": "paper that is not white",
    "tape": "tape over the corners",
    "hand": "fingers at the rim",
    "neighbour": "a second sheet behind",
    "cropped": "edges of the page are cut off by the picture",
    "screen": "a photo of a monitor: moire, a program window around the page",
    "shadow": "of a head, an arm, the phone",
    "glare": "a lamp or the flash in the paper",
    "low_light": "dark, noisy, smoothed",
    "cast": "warm or cold light",
    "defocus": "blurred all over",
    "partly_blurred": "blurred towards one side",
    "motion": "the phone moved",
    "sharpened": "halos along strokes",
    "scan_app": "straightened, cut to the page, whitened, gray",
    "gray": "no colour",
    "messenger": "JPEG twice, at most 1600 px, sometimes less",
    "overlay": "date and place, or pale words, fixed to the picture and not to the paper",
    "sideways": "turned by quarter turns",
    "exif_turned": "turned, and EXIF says how",
}

PAPER: Chances = {
    "fold": (0.15, 0.6, 0.9),
    "curl": (0.3, 0.7, 0.95),
    "crumple": (0.0, 0.12, 0.45),
    "stamp": (0.0, 0.06, 0.25),
    "stain": (0.0, 0.06, 0.25),
    "yellowed": (0.0, 0.08, 0.25),
}
SCENE: Chances = {
    "tape": (0.1, 0.3, 0.3),
    "hand": (0.0, 0.05, 0.2),
    "neighbour": (0.0, 0.12, 0.25),
    "cropped": (0.0, 0.25, 0.45),
    "screen": (0.0, 0.03, 0.12),
}
LIGHT: Chances = {
    "shadow": (0.0, 0.35, 0.8),
    "glare": (0.0, 0.06, 0.35),
    "low_light": (0.0, 0.12, 0.45),
    "cast": (0.1, 0.45, 0.85),
}
LENS: Chances = {
    "defocus": (0.0, 0.15, 0.5),
    "partly_blurred": (0.0, 0.06, 0.25),
    "motion": (0.0, 0.06, 0.3),
    "sharpened": (0.4, 0.6, 0.5),
}
FILE: Chances = {
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


def table() -> str:
    """The dial as a Markdown table, for docs/samples.md."""
    groups = {"paper": PAPER, "scene": SCENE, "light": LIGHT, "lens": LENS, "file": FILE}
    lines = ["| | effect | easy | moderate | hard | |", "|---|---|---|---|---|---|"]
    for group, chances in groups.items():
        for name, chance in chances.items():
            lines.append(f"| {group} | `{name}` | " + " | ".join(f"{100 * c:.0f} %" for c in chance) + f" | {WHAT[name]} |")
    return "\n".join(lines)


def befall(rng: Rng, dial: Dial) -> frozenset[str]:
    """Draw what happens to one sheet and photo. Pictures of a screen have no paper; scanning apps flatten and crop."""
    drawn = {name for name, chance in ALL.items() if dial.happens(rng, *chance)}
    if "screen" in drawn:
        drawn -= _NOT_ON_A_SCREEN
    if "scan_app" in drawn:
        drawn -= _NOT_WITH_AN_APP
    return frozenset(drawn)
