"""Time the reading of one photo beside plain JPEG decoding, in the same run, on generated photos; and its peak memory.

    python -m scripts.bench [--repeat N] [--page FORM:PAGE ...] [--size MEGAPIXELS ...] [FILE...]

Three things are timed in turn, so that other load on the machine hits them alike:

    decode     the JPEG decoded alone, full size, gray (OpenCV)
    no ocr     the whole reading without Tesseract
    whole      the whole reading

The ratios to ``decode`` are the figures to compare between machines and commits; milliseconds depend on the machine.
The median of the repeats is shown. Each size runs in a process of its own, for the sake of the peak memory.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

# One thread, as a worker process reads: many photos are read side by side, not one photo by all cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_THREAD_LIMIT", "1")

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

MEGAPIXELS = (1.5, 12.0)
PAGES = ("c-hasil-ppwp-2024:2", "c1-ppwp-2019:1")
"""A page with a tag and few numbers, and one without a tag and with many."""


@dataclass(frozen=True, slots=True)
class Timing:
    """One photo's medians in wall milliseconds, and peak memory of the process (and of its children) in MiB."""

    title: str
    decision: str
    stages: dict[str, float]
    decode: float
    without_tesseract: float
    whole: float
    idle_mib: float
    peak_mib: float
    children_mib: float


def photo_of(form: str, page: int, megapixels: float, seed: int = 1) -> bytes:
    """A generated photo brought to ``megapixels`` (cubic resampling; its content has the detail of the generator's own size)."""
    import samples

    data, _ = samples.make(form, page, seed)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise RuntimeError("the sample generator made no readable JPEG")
    k = (megapixels * 1e6 / (image.shape[0] * image.shape[1])) ** 0.5
    image = cv2.resize(image, None, fx=k, fy=k, interpolation=cv2.INTER_CUBIC if k > 1 else cv2.INTER_AREA)
    _, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 88])
    return encoded.tobytes()


def peak_mib(pid: int | str = "self") -> float:
    """Peak resident memory of a process so far. From /proc and not from getrusage: a child's ru_maxrss starts with its parent's."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def children_peak_mib(call: Callable[[], object]) -> float:
    """The largest peak of any child process that lived while ``call`` ran, looked at every few milliseconds."""
    worker = threading.Thread(target=call)
    worker.start()
    own, peak = Path("/proc/self/exe").readlink(), 0.0
    while worker.is_alive():
        for task in Path("/proc/self/task").iterdir():
            try:
                for child in (task / "children").read_text().split():
                    if Path(f"/proc/{child}/exe").readlink() != own:  # between fork and exec a child is still this program
                        peak = max(peak, peak_mib(child))
            except OSError:
                continue  # the thread or the child ended in between
        time.sleep(0.005)
    return peak


def milliseconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - start)


def measure(title: str, data: bytes, repeat: int) -> Timing:
    """Time one photo; meant to run in a fresh process."""
    cv2.setNumThreads(1)
    from ocr.pipeline import interpret

    pixels = np.frombuffer(data, np.uint8)
    idle = peak_mib()
    first = interpret(data, title)  # models are loaded here, outside the timing: a worker loads them once
    interpret(data, title, use_tesseract=False)
    times: dict[str, list[float]] = {"decode": [], "without": [], "whole": []}
    stages: dict[str, list[float]] = {}
    for _ in range(repeat):
        times["decode"].append(milliseconds(lambda: cv2.imdecode(pixels, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)))
        times["without"].append(milliseconds(lambda: interpret(data, title, use_tesseract=False)))
        start = time.perf_counter()
        result = interpret(data, title)
        times["whole"].append(1000 * (time.perf_counter() - start))
        for name, seconds in result.seconds.items():
            stages.setdefault(name, []).append(1000 * seconds)
    median = {name: statistics.median(values) for name, values in times.items()}
    return Timing(
        title=title,
        decision=first.outcome.kind.value,
        stages={name: statistics.median(values) for name, values in stages.items() if name != "total"},
        decode=median["decode"],
        without_tesseract=median["without"],
        whole=median["whole"],
        idle_mib=idle,
        peak_mib=peak_mib(),
        children_mib=children_peak_mib(lambda: interpret(data, title)),
    )


def report(console: Console, timings: Sequence[Timing]) -> None:
    """Print all timings, one row a photo, then where the time goes."""
    table = Table(title="One thread; median wall milliseconds; in brackets the ratio to decoding the JPEG alone")
    for heading in ("photo", "decision", "decode", "no Tesseract", "whole", "peak MiB (Tesseract's)"):
        table.add_column(heading, justify="left" if heading in ("photo", "decision") else "right")
    for t in timings:
        table.add_row(
            t.title,
            t.decision,
            f"{t.decode:.1f}",
            f"{t.without_tesseract:.0f} ({t.without_tesseract / t.decode:.1f}x)",
            f"{t.whole:.0f} ({t.whole / t.decode:.1f}x)",
            f"{t.peak_mib:.0f} ({t.children_mib:.0f})",
        )
    console.print(table)
    for t in timings:
        console.print(f"{t.title}: " + ", ".join(f"{name} {ms:.1f} ms" for name, ms in t.stages.items()))
    console.print("Peak memory: of the reading process, and in brackets of the Tesseract process beside it.")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE", help="time these photos instead of generated ones")
    parser.add_argument("--page", nargs="+", default=list(PAGES), metavar="FORM:PAGE")
    parser.add_argument("--size", type=float, nargs="+", default=list(MEGAPIXELS), metavar="MEGAPIXELS")
    parser.add_argument("--repeat", type=int, default=7)
    args = parser.parse_args(argv)
    if args.files:
        photos = [(path.name, path.read_bytes()) for path in args.files]
    else:
        pages = [(form, int(page)) for form, _, page in (p.partition(":") for p in args.page)]
        photos = [(f"{form} p{page}, {mp:g} MP", photo_of(form, page, mp)) for form, page in pages for mp in args.size]
    context = multiprocessing.get_context("spawn")
    timings = []
    for title, data in photos:
        with context.Pool(1) as pool:
            timings.append(pool.apply(measure, (title, data, args.repeat)))
    report(Console(width=120), timings)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
