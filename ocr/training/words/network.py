"""The network that spells number words: convolutions only, so that it sees letters and knows no grammar; trained with CTC.

Graves et al., "Connectionist temporal classification", ICML 2006. A frame is 4 px of a strip and sees about 90 px, some five letters.
"""

from __future__ import annotations

from torch import Tensor, nn

from tally.words import LETTERS

CLASSES = 1 + len(LETTERS)
"""The CTC blank, then the letters."""


def _conv(a: int, b: int, size: tuple[int, int], pad: tuple[int, int], dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(a, b, size, padding=pad, dilation=(1, dilation), bias=False), nn.BatchNorm2d(b), nn.ReLU(inplace=True))


class WordsNet(nn.Module):  # type: ignore[misc]
    """(n, 1, 32, w) uint8-valued float strips, ink 255 -> (n, w / 4, CLASSES) logits."""

    def __init__(self, width: int = 80) -> None:
        super().__init__()
        self.look = nn.Sequential(
            _conv(1, 16, (3, 3), (1, 1)),
            nn.MaxPool2d(2),
            _conv(16, 32, (3, 3), (1, 1)),
            nn.MaxPool2d(2),
            _conv(32, 48, (3, 3), (1, 1)),
            _conv(48, 64, (3, 3), (1, 1)),
            nn.MaxPool2d((2, 1)),
            _conv(64, width, (4, 3), (0, 1)),
        )
        self.near = _conv(width, width, (1, 5), (0, 2))
        self.far = _conv(width, width, (1, 5), (0, 4), dilation=2)
        self.drop = nn.Dropout(0.2)
        self.say = nn.Conv2d(width, CLASSES, 1)

    def forward(self, strips: Tensor) -> Tensor:
        x = self.look(strips / 255.0)
        x = x + self.near(x)
        x = x + self.far(self.drop(x))
        out: Tensor = self.say(self.drop(x)).squeeze(2).transpose(1, 2)
        return out
