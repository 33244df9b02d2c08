"""The networks: one gray box to 14 logits over ``tally.glyphs.GLYPHS``, and how they are trained and exported.

``BoxNet`` sees the box as it was cut out, ``NearNet`` the writing from near, all of one size (``ocr.readers.clean.near_views``):
two ways to be wrong. The stem pools after one thin layer, so that most of the work happens at half size: half the cost of two
full-size layers.
"""

from __future__ import annotations

import copy
import logging
import time
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ocr.readers.clean import NEAR_SIZE
from ocr.training.augment import NET_SIZE
from tally.glyphs import GLYPHS

log = logging.getLogger(__name__)

BATCH = 128
PEAK_RATE = 4e-3
SMOOTHING = 0.03
WIDTHS = (16, 32, 96, 112)
"""Channels of the layers at full, half, quarter and eighth size."""


def _block(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


def _even(x: Tensor) -> Tensor:
    """Brightness and contrast taken out of each picture."""
    centred = x - x.mean(dim=(2, 3), keepdim=True)
    spread = (centred * centred).mean(dim=(2, 3), keepdim=True).sqrt()
    return centred / (spread + 6)


class BoxNet(nn.Module):  # type: ignore[misc]
    """(n, 1, NET_SIZE, NET_SIZE) gray 0..255 -> (n, 14) logits. Brightness and contrast are taken out inside the network."""

    def __init__(self, widths: tuple[int, int, int, int] = WIDTHS) -> None:
        super().__init__()
        full, half, quarter, eighth = widths
        self.body = nn.Sequential(
            *_block(1, full),
            nn.MaxPool2d(2),
            *_block(full, half),
            *_block(half, half),
            nn.MaxPool2d(2),
            *_block(half, quarter),
            *_block(quarter, quarter),
            nn.MaxPool2d(2),
            *_block(quarter, eighth),
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(eighth * (NET_SIZE // 8) ** 2, len(GLYPHS)),
        )

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.body(_even(x))
        return logits


class _Step(nn.Module):  # type: ignore[misc]
    """A convolution that adds to what is there (He et al., "Deep residual learning", 2016)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.add = nn.Sequential(*_block(width, width))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.add(x)


class NearNet(nn.Module):  # type: ignore[misc]
    """(n, 1, NEAR_SIZE, NEAR_SIZE) near views, gray 0..255 -> (n, 14) logits.

    Deeper than ``BoxNet``. Its weights are stored in half precision.
    """

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_block(1, 16),
            nn.MaxPool2d(2),
            *_block(16, 40),
            _Step(40),
            nn.MaxPool2d(2),
            *_block(40, 80),
            _Step(80),
            nn.MaxPool2d(2),
            *_block(80, 128),
            _Step(128),
            nn.Flatten(),
            nn.Dropout(0.35),
            nn.Linear(128 * (NEAR_SIZE // 8) ** 2, len(GLYPHS)),
        )

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.body(_even(x))
        return logits


Net = BoxNet | NearNet


def _blend(average: Net, net: Net, keep: float) -> None:
    """Move ``average`` towards ``net``: a running mean of weights is calmer than any single step."""
    with torch.no_grad():
        for mine, theirs in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
            if mine.dtype.is_floating_point:
                mine.mul_(keep).add_(theirs, alpha=1 - keep)


def _moved(x: Tensor) -> Tensor:
    """Each picture of a batch turned, scaled, slanted and shifted a little anew: so a bank's picture is never seen twice alike."""
    n = len(x)
    turn, slant = 0.05 * torch.randn(n), 0.06 * torch.randn(n)
    wide, high = torch.exp(0.05 * torch.randn(2, n))
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = wide, slant - turn
    theta[:, 1, 0], theta[:, 1, 1] = turn, high
    theta[:, :, 2] = 0.03 * torch.randn(n, 2)
    grid = nn.functional.affine_grid(theta, list(x.shape), align_corners=False)
    return nn.functional.grid_sample(x, grid, padding_mode="border", align_corners=False)


def fit(pictures: list[NDArray[np.uint8]], labels: list[NDArray[np.uint8]], samples: int, seed: int, kind: type[Net] = BoxNet) -> Net:
    """Train on the given banks ((k, side, side) and (k,) each) with ``samples`` pictures in all; returns the averaged network."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    x_all, y_all = np.concatenate(pictures), np.concatenate(labels).astype(np.int64)
    steps = samples // BATCH
    net: Net = kind().to(memory_format=torch.channels_last)
    average: Net = copy.deepcopy(net)
    optimiser = torch.optim.AdamW(net.parameters(), lr=PEAK_RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, total_steps=steps, pct_start=0.2)
    order = np.empty(0, np.int64)
    started, running = time.monotonic(), 0.0
    for step in range(steps):
        if len(order) < BATCH:
            order = rng.permutation(len(x_all))
        take, order = order[:BATCH], order[BATCH:]
        batch = x_all[take].astype(np.float32)
        x = _moved(torch.from_numpy(batch).unsqueeze(1))
        x = (x + 2 * torch.randn(x.shape)).to(memory_format=torch.channels_last)
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
            log.info("seed %d: step %d of %d, loss %.4f, %.0f s", seed, step + 1, steps, running, time.monotonic() - started)
    average.train(False)
    return average


def export(net: Net, path: Path) -> None:
    """Write ``net`` as one ONNX file with a free batch size; input ``boxes``, output ``logits``."""
    side = NEAR_SIZE if isinstance(net, NearNet) else NET_SIZE
    path.parent.mkdir(parents=True, exist_ok=True)
    net = net.eval().to(memory_format=torch.contiguous_format)
    # the older exporter: the newer one takes a minute and leaves paths of source files in the model
    torch.onnx.export(
        net,
        (torch.zeros(2, 1, side, side),),
        str(path),
        input_names=["boxes"],
        output_names=["logits"],
        dynamic_axes={"boxes": {0: "n"}, "logits": {0: "n"}},
        opset_version=17,
        dynamo=False,
    )
    if isinstance(net, NearNet):
        _halve(path)


def _halve(path: Path) -> None:
    """Store the weights of an ONNX file in half precision; the runtime widens them once, when it opens the file."""
    model = onnx.load(path)
    graph, casts = model.graph, []
    for tensor in list(graph.initializer):
        weights = onnx.numpy_helper.to_array(tensor)
        if weights.dtype == np.float32 and weights.size > 1000:
            graph.initializer.remove(tensor)
            graph.initializer.append(onnx.numpy_helper.from_array(weights.astype(np.float16), tensor.name + ".half"))
            casts.append(onnx.helper.make_node("Cast", [tensor.name + ".half"], [tensor.name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.save(model, path)
