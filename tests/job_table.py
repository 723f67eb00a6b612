"""What the job engine's own table says, without the engine.

A test that waits looks every few milliseconds. Asked through the engine, that takes more of the processor than the jobs
that are waited for; read like this it takes none.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Collection
from pathlib import Path

from bot.pipeline.engine import QUEUES

_UNDER_WAY = ("ENQUEUED", "DELAYED", "PENDING")


class JobTable:
    """The jobs in a store on SQLite, which has to be there. Any thread may look."""

    def __init__(self, store: Path) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(f"file:{store}?mode=ro", uri=True, check_same_thread=False)

    def close(self) -> None:
        """Let go of the store."""
        self._database.close()

    def busy(self, queues: Collection[str] = QUEUES) -> bool:
        """Whether a job waits or runs in one of these queues."""
        marks = [",".join("?" * len(words)) for words in (_UNDER_WAY, queues)]
        return self._any(f"status IN ({marks[0]}) AND queue_name IN ({marks[1]})", (*_UNDER_WAY, *queues))

    def wait_for(self, job_id: str, seconds: float = 60.0) -> None:
        """Until this job is over. Raises ``TimeoutError``."""
        marks = ",".join("?" * len(_UNDER_WAY))
        deadline = time.monotonic() + seconds
        while not self._any(f"workflow_uuid = ? AND status NOT IN ({marks})", (job_id, *_UNDER_WAY)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"the job {job_id} did not end")
            time.sleep(0.005)

    def _any(self, condition: str, values: tuple[str, ...]) -> bool:
        with self._lock:
            try:
                found = self._database.execute(f"SELECT 1 FROM workflow_status WHERE {condition} LIMIT 1", values)
                return found.fetchone() is not None
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):  # a worker makes it: before the first one there is no job
                    return False
                raise
