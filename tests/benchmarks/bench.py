"""What several benchmarks begin with: a stand-in, a bot, and the time from a webhook to its verdict."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.source_code import advisories
from tests.e2e.stage import FINAL, Stage, Story, start_stage, stop_stage
from tests.standin import MergeRequest, payloads

LONGEST_SECONDS = 600.0


@contextmanager
def stage_with_advisories(**settings: str) -> Iterator[Stage]:
    """A stand-in, a bot, and made-up advisories in its store."""
    with tempfile.TemporaryDirectory(prefix="mergewarden-benchmark-") as name:
        folder = Path(name)
        stage = start_stage(folder, {"RECONCILE_INTERVAL_SECONDS": "86400", **settings}, advisories=False)
        try:
            archive = folder / "advisories"
            archive.mkdir()
            for advisory in advisories():
                (archive / f"{advisory['id']}.json").write_text(json.dumps(advisory))
            imported = stage.bot.run("advisories", "import", str(archive))
            assert imported.returncode == 0, imported.stderr
            yield stage
        finally:
            stop_stage(stage)


def database_of(stage: Stage) -> str:
    """The URL of the bot's store."""
    return f"sqlite:///{stage.bot.log.parent / 'mergewarden.db'}"


@contextmanager
def unheard(story: Story) -> Iterator[None]:
    """What happens in this block is announced to nobody."""
    story.gitlab.lose_deliveries()
    try:
        yield
    finally:
        story.gitlab.lose_deliveries(False)


def open_silently(story: Story, files: Mapping[str, str], branch: str) -> MergeRequest:
    """A merge request that the bot has not heard of yet."""
    with unheard(story):
        return story.open(files, branch)


def seconds_to_verdict(
    story: Story, request: MergeRequest, action: str, before: str | None = None
) -> tuple[float, str]:
    """Send the webhook and wait for the final status: how long that took, and which status it is."""
    world = story.gitlab.world
    payload = payloads.merge_request(world, request, story.stage.ada, action, oldrev=before)
    started = time.perf_counter()
    story.gitlab.deliver(story.project.hooks[0], "merge_requests_events", payload)
    status = story.gitlab.wait_for_status(request, FINAL, timeout=LONGEST_SECONDS)
    return time.perf_counter() - started, status.state
