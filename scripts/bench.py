"""What reading a photo costs, beside plain JPEG decoding in the same run; how many photos a machine reads; how much memory that takes.

    python -m scripts.bench [--check] [--repeat N] [--page FORM:PAGE ...] [--size MEGAPIXELS ...] [--many N] [FILE...]

Photos are generated, a page of each form (its fullest) at each size, unless files are given. Timed in turn, so that other load on the
machine hits all alike:

    decode     the JPEG decoded alone, full size, to pixels as they are in it (OpenCV, colour); in brackets: its gray alone
    no ocr     the whole reading without Tesseract
    whole      the whole reading, with the Tesseract process that it starts

Times are processor time of one core, the median of the repeats. The ratios to ``decode`` are what to compare between machines and
commits. ``--check`` ends with status 1 if a limit is broken: LIMITS, whose milliseconds are of the machines of this class (a shared
virtual core of about 2.5 GHz with AVX-512).

Then N photos are read by one process and by one a core: photos a second, and memory after the first ones and at the end.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
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
SMALL, WHOLE_SMALL, WHOLE = 2.0, 250.0, 400.0
"""LIMITS: the whole reading of a photo of at most SMALL megapixels, and of any other, in milliseconds;"""
LARGE, RATIO = 11.5, 3.0
"""the reading without Tesseract of a photo of LARGE megapixels or more, in times of decoding it;"""
MEMORY = 400.0
"""peak MiB of a reading process and its Tesseract together."""


@dataclass(frozen=True, slots=True)
class Timing:
    """One photo's medians in milliseconds of processor time, and peak memory of the process (and of its children) in MiB."""

    title: str
    megapixels: float
    decision: str
    stages: dict[str, float]
    decode: float
    decode_gray: float
    without_tesseract: float
    whole: float
    peak_mib: float
    children_mib: float

    def broken(self) -> Iterator[str]:
        """Every limit that this photo breaks, in words."""
        most = WHOLE_SMALL if self.megapixels <= SMALL else WHOLE
        if self.whole > most:
            yield f"{self.title}: the whole reading takes {self.whole:.0f} ms, more than {most:.0f}"
        if self.megapixels >= LARGE and self.without_tesseract > RATIO * self.decode:
            ratio = self.without_tesseract / self.decode
            yield f"{self.title}: the reading without Tesseract takes {ratio:.1f} decodings, more than {RATIO:g}"
        if self.peak_mib + self.children_mib > MEMORY:
            yield f"{self.title}: {self.peak_mib + self.children_mib:.0f} MiB at the peak, more than {MEMORY:.0f}"


@dataclass(frozen=True, slots=True)
class Many:
    """So many photos read by so many processes: wall seconds, and the largest resident memory of one in MiB after its first photos and
    after all of them (Tesseract apart)."""

    photos: int
    processes: int
    seconds: float
    early_mib: float
    late_mib: float

    @property
    def rate(self) -> float:
        return self.photos / self.seconds


def fullest_pages() -> list[str]:
    """Of each form the page with the most boxes, as FORM:PAGE."""
    from templates_c1.registry import all_templates

    pages = {form: max(t.pages, key=lambda p: sum(len(n.boxes) for n in p.numbers)) for form, t in all_templates().items()}
    return [f"{form}:{page.number}" for form, page in pages.items()]


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


def processor_seconds() -> float:
    """Processor time of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def memory_mib(what: str, pid: int | str = "self") -> float:
    """VmHWM (peak) or VmRSS of a process. From /proc and not from getrusage: a child's ru_maxrss starts with its parent's."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
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
                        peak = max(peak, memory_mib("VmHWM", child))
            except OSError:
                continue  # the thread or the child ended in between
        time.sleep(0.005)
    return peak


def milliseconds(call: Callable[[], object]) -> float:
    start = processor_seconds()
    call()
    return 1000 * (processor_seconds() - start)


def measure(title: str, data: bytes, repeat: int) -> Timing:
    """Time one photo; meant to run in a fresh process."""
    from ocr.pipeline import interpret

    pixels = np.frombuffer(data, np.uint8)
    picture = cv2.imdecode(pixels, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
    megapixels = 0.0 if picture is None else picture.size / 1e6
    first = interpret(data, title)  # models are loaded here, outside the timing: a worker loads them once
    times: dict[str, list[float]] = {"decode": [], "gray": [], "without": [], "whole": []}
    stages: dict[str, list[float]] = {}
    for _ in range(repeat):
        times["decode"].append(milliseconds(lambda: cv2.imdecode(pixels, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)))
        times["gray"].append(milliseconds(lambda: cv2.imdecode(pixels, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)))
        times["without"].append(milliseconds(lambda: interpret(data, title, use_tesseract=False)))
        seconds = interpret(data, title, now=processor_seconds).seconds
        times["whole"].append(1000 * seconds["total"])
        for name, s in seconds.items():
            stages.setdefault(name, []).append(1000 * s)
    median = {name: statistics.median(values) for name, values in times.items()}
    return Timing(
        title=title,
        megapixels=megapixels,
        decision=first.outcome.kind.value,
        stages={name: statistics.median(values) for name, values in stages.items() if name != "total"},
        decode=median["decode"],
        decode_gray=median["gray"],
        without_tesseract=median["without"],
        whole=median["whole"],
        peak_mib=memory_mib("VmHWM"),
        children_mib=children_peak_mib(lambda: interpret(data, title)),
    )


def _read_and_weigh(path: Path) -> tuple[int, float]:
    from ocr.many import read_file

    read_file(path)
    return os.getpid(), memory_mib("VmRSS")


def read_many(photos: Sequence[bytes], count: int, processes: int) -> Many:
    """Time ``count`` readings of ``photos`` in turn by so many processes, which have read one photo each before."""
    from ocr.many import one_core

    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{i}.jpg" for i in range(len(photos))]
        for path, data in zip(paths, photos, strict=True):
            path.write_bytes(data)
        with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), initializer=one_core) as pool:
            list(pool.map(_read_and_weigh, paths[:1] * processes * 2))
            start = time.perf_counter()
            weighed = list(pool.map(_read_and_weigh, [paths[i % len(paths)] for i in range(count)]))
            seconds = time.perf_counter() - start
    each = [[mib for pid, mib in weighed if pid == one] for one in {pid for pid, _ in weighed}]
    return Many(count, processes, seconds, max(max(m[: len(photos)]) for m in each), max(max(m[-len(photos) :]) for m in each))


def report(console: Console, timings: Sequence[Timing], many: Sequence[Many]) -> None:
    """Print all timings, one row a photo, then where the time goes, then how many photos a second."""
    table = Table(title="Median milliseconds of one core; in brackets the ratio to decoding the JPEG alone")
    for heading in ("photo", "decision", "decode (gray)", "no Tesseract", "whole", "peak MiB (Tesseract's)"):
        table.add_column(heading, justify="left" if heading in ("photo", "decision") else "right")
    for t in timings:
        table.add_row(
            t.title,
            t.decision,
            f"{t.decode:.1f} ({t.decode_gray:.1f})",
            f"{t.without_tesseract:.0f} ({t.without_tesseract / t.decode:.1f}x)",
            f"{t.whole:.0f} ({t.whole / t.decode:.1f}x)",
            f"{t.peak_mib:.0f} ({t.children_mib:.0f})",
        )
    console.print(table)
    for t in timings:
        console.print(f"{t.title}: " + ", ".join(f"{name} {ms:.1f} ms" for name, ms in t.stages.items()), soft_wrap=True)
    for m in many:
        console.print(
            f"{m.photos} photos, {m.processes} process{'es' * (m.processes > 1)}: {m.rate:.2f} a second, {m.rate / m.processes:.2f} a core "
            f"({m.rate / many[0].rate:.2f}x one process); {m.early_mib:.0f} MiB after the first, {m.late_mib:.0f} MiB after the last",
            soft_wrap=True,
        )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE", help="time these photos instead of generated ones")
    parser.add_argument("--check", action="store_true", help="status 1 if a limit is broken")
    parser.add_argument("--page", nargs="+", metavar="FORM:PAGE")
    parser.add_argument("--size", type=float, nargs="+", default=list(MEGAPIXELS), metavar="MEGAPIXELS")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--many", type=int, default=50, metavar="N", help="photos to read by several processes; 0: leave that out")
    args = parser.parse_args(argv)
    if args.files:
        photos = [(path.name, path.read_bytes()) for path in args.files]
    else:
        pages = [(form, int(page)) for form, _, page in (p.partition(":") for p in args.page or fullest_pages())]
        photos = [(f"{form} p{page}, {mp:g} MP", photo_of(form, page, mp)) for mp in args.size for form, page in pages]
    from ocr.many import one_core

    timings = []
    for title, data in photos:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=one_core) as pool:  # each in a fresh process
            timings.append(pool.submit(measure, title, data, args.repeat).result())
    cores = len(os.sched_getaffinity(0))
    many = [read_many([data for _, data in photos], args.many, n) for n in sorted({1, cores})] if args.many else []
    console = Console(width=120)
    report(console, timings, many)
    broken = [line for t in timings for line in t.broken()]
    for line in broken:
        console.print(f"[red]{line}[/]", soft_wrap=True)
    return int(args.check and bool(broken))


if __name__ == "__main__":
    raise SystemExit(main())
