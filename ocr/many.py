"""Many photos at once: processes side by side, each reading one photo at a time on one core.

A photo is read on one core from end to end (``ocr.pipeline``), so the whole machine is used by reading several. Processes and not
threads: half of a reading is Python.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2

from tally import texts
from tally.interpretation import Interpretation, Reason, ReasonCode, Unreadable

Prepare = Callable[[], None] | None

WORTH = 4
"""A process more has to have this many photos to read: it costs as much as a few of them until it can."""


def read_files(
    paths: Sequence[Path], only_form: str | None = None, *, jobs: int | None = None, debug: Path | None = None, prepare: Prepare = None
) -> Iterator[Interpretation]:
    """Reads photo files; one Interpretation a file, in the order given, each as soon as it and those before it are done.

    Args:
        only_form: as for ``ocr.pipeline.interpret``.
        jobs: processes; as many as this one may use cores, if not given.
        debug: folder for pictures of what was seen (``ocr.debug``), named like the photos.
        prepare: called first in each further process (this one is the caller's to prepare); it is sent there, so it must pickle.

    Yields:
        Also for a file that cannot be opened: Unreadable with the reason ``file_not_opened``.

    Raises:
        ReaderError: as for ``ocr.pipeline.interpret``.
        OSError: the debug folder cannot be written to.
    """
    jobs = min(jobs or len(os.sched_getaffinity(0)), len(paths) // WORTH)
    read = partial(read_file, only_form=only_form, debug=debug)
    if jobs <= 1:
        yield from map(read, paths)
        return
    # not forked: this process may have threads
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=_start, initargs=(prepare,)) as pool:
        yield from pool.map(read, paths)


def _start(prepare: Prepare) -> None:
    one_core()
    if prepare is not None:
        prepare()


def one_core() -> None:
    """Keep this process to one core."""
    os.environ["OMP_NUM_THREADS"] = os.environ["OMP_THREAD_LIMIT"] = "1"
    cv2.setNumThreads(1)


def read_file(path: Path, only_form: str | None = None, debug: Path | None = None) -> Interpretation:
    """One photo file; see ``read_files``."""
    from ocr.pipeline import interpret_with_pixels

    try:
        data = path.read_bytes()
    except OSError as e:
        reason = Reason(ReasonCode.FILE_NOT_OPENED, (), texts.message(ReasonCode.FILE_NOT_OPENED, f"{e.strerror or e}"))
        return Interpretation(str(path), "", Unreadable((reason,)), seconds={"total": 0.0})
    result, pixels = interpret_with_pixels(data, str(path), only_form)
    if debug is not None and pixels is not None:
        from ocr.debug import save

        save(debug, path.stem, pixels, result)
    return result
