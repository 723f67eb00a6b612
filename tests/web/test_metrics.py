"""Prometheus sees every process of the host, and the queue as the store knows it."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

from bot.observability.metrics import Metrics
from tests.web.fakes import Site


def test_the_page_shows_what_was_counted() -> None:
    site = Site(web_options={"queue_depth": lambda: {"merge_requests": 3, "bulk": 0}})
    site.post("merge_request_open")
    site.metrics.jobs.labels("scan_merge_request", "succeeded").inc()
    site.metrics.scanner_seconds.labels("bandit", "completed").observe(0.3)
    with site.metrics.time_step("fetch"):
        pass
    answer = site.request("GET", "/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    for line in (
        'mergewarden_deliveries_total{event="merge_request",result="accepted"} 1.0',
        "mergewarden_webhook_seconds_count 1.0",
        'mergewarden_jobs_total{kind="scan_merge_request",outcome="succeeded"} 1.0',
        'mergewarden_scanner_seconds_count{scanner="bandit",status="completed"} 1.0',
        'mergewarden_job_step_seconds_count{step="fetch"} 1.0',
        'mergewarden_queue_depth{queue="merge_requests"} 3.0',
        "mergewarden_store_up 1.0",
    ):
        assert line in answer.text.splitlines()


def test_a_store_that_does_not_answer_costs_only_its_own_metrics() -> None:
    def down() -> dict[str, int]:
        raise ConnectionError

    site = Site(web_options={"queue_depth": down})
    site.post("merge_request_open")
    text = site.request("GET", "/metrics").text
    assert "mergewarden_store_up 0.0" in text
    assert "mergewarden_queue_depth{" not in text
    assert "mergewarden_deliveries_total{" in text


def test_headers_of_a_stranger_do_not_make_new_series() -> None:
    site = Site()
    for number in range(20):
        site.post(b'{"object_kind": "x%d"}' % number)
    series = [line for line in site.request("GET", "/metrics").text.splitlines() if "deliveries_total{" in line]
    assert series == ['mergewarden_deliveries_total{event="ignored",result="ignored"} 20.0']


def _count_in_a_process_of_its_own(directory: Path, times: int) -> None:
    metrics = Metrics.shared(directory)
    for _ in range(times):
        metrics.jobs.labels("scan_merge_request", "succeeded").inc()


def _show(directory: Path, answer: multiprocessing.Queue[str]) -> None:
    metrics = Metrics.shared(directory)
    metrics.duplicates.inc()
    workers = [multiprocessing.Process(target=_count_in_a_process_of_its_own, args=(directory, n)) for n in (2, 3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    answer.put(metrics.render(lambda: {"bulk": 7}).decode())


def test_the_counts_of_several_processes_are_added_up(tmp_path: Path) -> None:
    """In processes of their own: sharing is a property of a whole process."""
    (tmp_path / "counter_999999999.db").write_bytes(b"left by a process that is gone")
    spawn = multiprocessing.get_context("spawn")
    answer: multiprocessing.Queue[str] = spawn.Queue()
    process = spawn.Process(target=_show, args=(tmp_path, answer))
    process.start()
    page = answer.get(timeout=60)
    process.join(60)
    assert 'mergewarden_jobs_total{kind="scan_merge_request",outcome="succeeded"} 5.0' in page
    assert "mergewarden_duplicate_deliveries_total 1.0" in page
    assert 'mergewarden_queue_depth{queue="bulk"} 7.0' in page
