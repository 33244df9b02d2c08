"""The network: one gray box of NET_SIZE x NET_SIZE pixels to 14 logits over ``tally.glyphs.GLYPHS``, and how it is trained and exported.

147 k parameters, 0.6 MB as ONNX. The stem pools after one thin layer, so that most of the work happens at half size: half the cost
of two full-size layers.
"""

from __future__ import annotations

import copy
import logging
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ocr.training.augment import NET_SIZE
from tally.glyphs import GLYPHS

log = logging.getLogger(__name__)

BATCH = 128
PEAK_RATE = 4e-3
SMOOTHING = 0.03


def _block(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


class BoxNet(nn.Module):  # type: ignore[misc]
    """(n, 1, NET_SIZE, NET_SIZE) gray 0..255 -> (n, 14) logits. Brightness and contrast are taken out inside the network."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_block(1, 16),
            nn.MaxPool2d(2),
            *_block(16, 32),
            *_block(32, 32),
            nn.MaxPool2d(2),
            *_block(32, 64),
            *_block(64, 64),
            nn.MaxPool2d(2),
            *_block(64, 96),
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(96 * (NET_SIZE // 8) ** 2, len(GLYPHS)),
        )

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(dim=(2, 3), keepdim=True)
        centred = x - mean
        spread = (centred * centred).mean(dim=(2, 3), keepdim=True).sqrt()
        logits: Tensor = self.body(centred / (spread + 6))
        return logits


def _blend(average: BoxNet, net: BoxNet, keep: float) -> None:
    """Move ``average`` towards ``net``: a running mean of weights is calmer than any single step."""
    with torch.no_grad():
        for mine, theirs in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
            if mine.dtype.is_floating_point:
                mine.mul_(keep).add_(theirs, alpha=1 - keep)


def fit(pictures: list[NDArray[np.uint8]], labels: list[NDArray[np.uint8]], samples: int, seed: int) -> BoxNet:
    """Train on the given banks ((k, NET_SIZE, NET_SIZE) and (k,) each) with ``samples`` pictures in all; returns the averaged network."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    x_all, y_all = np.concatenate(pictures), np.concatenate(labels).astype(np.int64)
    steps = samples // BATCH
    net: BoxNet = BoxNet().to(memory_format=torch.channels_last)
    average: BoxNet = copy.deepcopy(net)
    optimiser = torch.optim.AdamW(net.parameters(), lr=PEAK_RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, total_steps=steps, pct_start=0.2)
    order = np.empty(0, np.int64)
    started, running = time.monotonic(), 0.0
    for step in range(steps):
        if len(order) < BATCH:
            order = rng.permutation(len(x_all))
        take, order = order[:BATCH], order[BATCH:]
        batch = x_all[take].astype(np.float32)
        batch = np.roll(batch, rng.integers(-1, 2, 2), (1, 2)) + 2 * rng.standard_normal(batch.shape, dtype=np.float32)
        x = torch.from_numpy(batch).unsqueeze(1).to(memory_format=torch.channels_last)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = net(x)
        loss = nn.functional.cross_entropy(logits.float(), torch.from_numpy(y_all[take]), label_smoothing=SMOOTHING)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        running = 0.98 * running + 0.02 * float(loss.detach())
        if step % 4 == 3:
            _blend(average, net, min(0.993, step / (step + 40)))
        if step % 500 == 499:
            log.info("step %d of %d, loss %.4f, %.0f s", step + 1, steps, running, time.monotonic() - started)
    average.train(False)
    return average


def logits_of(net: BoxNet, pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(n, NET_SIZE, NET_SIZE) uint8 -> (n, 14) logits."""
    net.eval()
    out = []
    with torch.no_grad():
        for start in range(0, len(pictures), 512):
            x = torch.from_numpy(pictures[start : start + 512].astype(np.float32)).unsqueeze(1)
            out.append(net(x).double().numpy())
    return np.concatenate(out) if out else np.zeros((0, len(GLYPHS)))


def export(net: BoxNet, path: Path) -> None:
    """Write ``net`` as one ONNX file with a free batch size; input ``boxes``, output ``logits``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    net = net.eval().to(memory_format=torch.contiguous_format)
    # the older exporter: the newer one takes a minute and leaves paths of source files in the model
    torch.onnx.export(
        net,
        (torch.zeros(2, 1, NET_SIZE, NET_SIZE),),
        str(path),
        input_names=["boxes"],
        output_names=["logits"],
        dynamic_axes={"boxes": {0: "n"}, "logits": {0: "n"}},
        opset_version=17,
        dynamo=False,
    )
