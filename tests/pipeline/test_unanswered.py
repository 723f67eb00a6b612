"""A scanner that gives no answer: red, and said with a way to mend it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.pipeline.assess import tools_of
from bot.pipeline.merge_request import MergeRequestScan
from bot.pipeline.superseded import Watch
from scanners.adapters.pip_audit import PipAudit
from scanners.interface import Scanner, ScannerAbsent
from scanners.runner import Limits
from tests.pipeline.workshop import Workshop
from tests.scanners.fakes import FakeAdvisories, FakeScanner


class AbsentScanner(FakeScanner):
    """Not installed."""

    def version(self) -> str:
        raise ScannerAbsent("fake is not installed; install it")


@pytest.mark.parametrize(
    ("scanners", "files", "said"),
    [
        ([FakeScanner()], {"a.py": "hang\n"}, "fake"),
        ([FakeScanner()], {"a.py": "crash\n", "b.py": "fine\n"}, "a.py"),
        ([AbsentScanner()], {"a.py": "flag\n"}, "not installed"),
        ([], {"a.py": "flag\n"}, "fake"),
        ([FakeScanner(), PipAudit(FakeAdvisories(revision=""))], {"requirements.txt": "requests==2.19.0\n"}, "import"),
    ],
    ids=["hangs", "crashes on a file", "absent", "not run", "no advisories"],
)
def test_no_answer_is_not_a_good_answer(
    workshop: Workshop, scanners: list[Scanner], files: dict[str, str], said: str
) -> None:
    request = workshop.open(files)
    seconds = 1.0 if "hang\n" in files.values() else 30.0
    tools = replace(tools_of(workshop.services), scanners=tuple(scanners), scanner_limits=Limits(seconds=seconds))
    with Watch(lambda: True) as watch:
        job = MergeRequestScan(
            workshop.services, tools, watch, f"unanswered:{request.id}", request.project.id, request.iid, 0
        )
        announced = job.announce()
        assert announced is not None
        outcome = job.publish(job.scan(announced))
    state = workshop.gitlab.statuses(request, "mergewarden")[-1]
    (summary,) = workshop.summaries(request)
    if said == "import":
        # The policy of these tests does not require it, so that it warns; what to do is said all the same.
        assert outcome == "warned"
    else:
        assert (outcome, state.state) == ("not_assessed", "failed")
    assert said in summary.body
