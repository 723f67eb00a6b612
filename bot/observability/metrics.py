"""
What Prometheus is told.

Workers run in processes of their own, so the counts are kept in prometheus_client's multiprocess mode: each process
has small memory-mapped files in one folder of the host, and ``/metrics`` adds them up. What can be asked of the store,
such as the depth of the queue, is asked when somebody looks. A worker on another host has another folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from bot.settings import set_metrics_directory

CONTENT_TYPE = CONTENT_TYPE_PLAIN_1_0_0
_ANSWER_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_WORK_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0)
_FILE_OF_PROCESS = re.compile(r"^[a-z_]+_([0-9]+)\.db$")

QueueDepth = Callable[[], Mapping[str, int]]
"""Jobs that wait, by queue."""


class Metrics:
    """
    The counters and histograms of this process. Labels hold words of our own, never text from outside.

    ``Metrics()`` keeps them in memory (one process, tests); ``Metrics.shared`` shares them between processes.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory
        self.registry = CollectorRegistry()
        """Holds this process's own metrics."""
        self.deliveries = self._counter("deliveries", "Webhook deliveries.", ("event", "result"))
        self.duplicates = self._counter("duplicate_deliveries", "Deliveries that had come before.")
        self.jobs = self._counter("jobs", "Jobs that ended.", ("kind", "outcome"))
        self.snapshots = self._counter("snapshots", "Snapshots that were taken.", ("period", "what"))
        self.webhook_seconds = self._histogram("webhook_seconds", "From the first byte to the answer.", _ANSWER_BUCKETS)
        self.job_seconds = self._histogram("job_step_seconds", "Wall time of a job's step.", _WORK_BUCKETS, ("step",))
        self.scanner_seconds = self._histogram(
            "scanner_seconds", "Wall time of a scanner.", _WORK_BUCKETS, ("scanner", "status")
        )

    @classmethod
    def shared(cls, directory: Path) -> Metrics:
        """
        Metrics that every process of this host adds to.

        Call it once per process, with the same folder. The folder is made, and files of processes that are gone are
        removed: Prometheus takes the smaller sum for a restart.
        """
        directory.mkdir(parents=True, exist_ok=True)
        for file in directory.iterdir():
            owner = _FILE_OF_PROCESS.match(file.name)
            if owner is not None and not _is_running(int(owner[1])):
                file.unlink(missing_ok=True)
        set_metrics_directory(directory)
        # The library chooses the kind of value when it is first imported, which was before the folder was known.
        values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]
        return cls(directory)

    def render(self, queue_depth: QueueDepth | None = None) -> bytes:
        """Everything as Prometheus text (content type ``CONTENT_TYPE``), summed over the processes that share it."""
        registry = CollectorRegistry()
        if self._directory is None:
            registry.register(_Forward(self.registry))
        else:
            MultiProcessCollector(registry, path=str(self._directory))  # type: ignore[no-untyped-call]
        if queue_depth is not None:
            registry.register(_QueueDepthCollector(queue_depth))
        return generate_latest(registry)

    @contextmanager
    def time_step(self, step: str) -> Iterator[None]:
        """Measure the step of a job that the block is."""
        started = perf_counter()
        try:
            yield
        finally:
            self.job_seconds.labels(step).observe(perf_counter() - started)

    def _counter(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(name, text, labels, namespace="mergewarden", registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], labels: tuple[str, ...] = ()) -> Histogram:
        return Histogram(name, text, labels, namespace="mergewarden", registry=self.registry, buckets=buckets)


class _Forward(Collector):
    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        return self._registry.collect()


class _QueueDepthCollector(Collector):
    """Asks the store when somebody looks; a store that does not answer costs this one metric only."""

    def __init__(self, queue_depth: QueueDepth) -> None:
        self._queue_depth = queue_depth

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        answer = GaugeMetricFamily("mergewarden_store_up", "Whether the store could be asked for this page.")
        try:
            depth = dict(self._queue_depth())
        except Exception:
            answer.add_metric([], 0)
        else:
            answer.add_metric([], 1)
            family = GaugeMetricFamily("mergewarden_queue_depth", "Jobs that wait.", labels=["queue"])
            for queue in sorted(depth):
                family.add_metric([queue], depth[queue])
            yield family
        yield answer


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True
