"""A short run of the upload bench: many photos at once, none lost, none double, memory bounded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from scripts import bench_upload


def test_forty_photos_at_once() -> None:
    with ThreadPoolExecutor(1) as own:  # a thread of its own: the browser tests' driver keeps an event loop in this one
        result = own.submit(bench_upload.measure, photos=40, at_once=40, mib=1.0).result()
    assert result.whole, bench_upload.show(result)
    assert len(result.seconds) == 40 and result.percentile(0.95) >= result.percentile(0.5) > 0
    # forty photos of 1 MiB side by side: far below what holding each of them several times would take
    assert result.rss_peak - result.rss_before < 250, bench_upload.show(result)


def test_photos_are_different_files_of_the_size_asked_for() -> None:
    one, two = bench_upload.photo(1, 100_000), bench_upload.photo(2, 100_000)
    assert one != two and len(one) == len(two) and 100_000 <= len(one) < 250_000
