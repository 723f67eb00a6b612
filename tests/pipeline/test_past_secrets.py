"""A secret that one commit adds and a later one of the same merge request takes out is leaked all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import ClassVar

import pytest

from bot.domain.explanations import commit_left_in
from bot.domain.verdict import Presence, TrackedFinding
from bot.pipeline.assess import Assessed, Tools, assess_tree, tools_of
from bot.pipeline.git import Repository
from bot.pipeline.git.repository import PastFile, TreeEntry
from bot.pipeline.merge_request import MergeRequestScan
from bot.pipeline.past_secrets import PastLimits, _Leak, with_past_secrets
from bot.pipeline.superseded import Watch
from bot.pipeline.workspace import Limits
from bot.store import findings
from bot.store.engine import session
from scanners.adapters.detect_secrets import DetectSecrets
from scanners.interface import GapReason, ScannerStatus
from scanners.runner import Limits as ScannerLimits
from tests.pipeline.git.builder import Builder, Content
from tests.pipeline.workshop import Workshop
from tests.rules.secret_samples import Maker
from tests.scanners.fakes import FakeCache, FakeScanner
from tests.standin import MergeRequest

HEAD = "refs/heads/feature"
FIRST, SECOND = (Maker(seed).text("{{github:ghp}}") for seed in ("one", "two"))
LINE, OTHER = f'TOKEN = "{FIRST}"\n', f'TOKEN = "{SECOND}"\n'
CLEAN = 'TOKEN = os.environ["TOKEN"]\n'


class Silent(DetectSecrets):
    """Gives no answer about the past: it fails when it is asked a second time."""

    name: ClassVar[str] = "detect-secrets"
    asked = 0

    def version(self) -> str:
        self.asked += 1
        return super().version()

    def command(self, target: object, report: Path) -> list[str]:
        return ["/bin/false"] if self.asked > 1 else super().command(target, report)  # type: ignore[arg-type]


@dataclass
class Bench:
    """One repository and the tools of a scan."""

    builder: Builder
    repository: Repository
    tools: Tools
    base: str = ""

    def commit(self, files: dict[str | bytes, Content], parents: list[str] | None = None) -> str:
        return self.builder.commit({**files}, ref=HEAD, parents=parents)

    def start(self, files: dict[str | bytes, Content]) -> str:
        self.base = self.builder.commit({**files})
        return self.base

    def assess(self, head: str, base: str | None = None, limits: PastLimits | None = None) -> Assessed:
        base = base or self.base
        assessed = assess_tree(self.repository, base=base, head=head, tools=self.tools)
        return with_past_secrets(
            self.repository, assessed, landed=base, base=base, head=head, tools=self.tools, limits=limits
        )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    builder = Builder(tmp_path / "project.git")
    (tmp_path / "data").mkdir()
    tools = Tools((DetectSecrets(),), FakeCache(), tmp_path / "data", Limits(), ScannerLimits(seconds=60))
    return Bench(builder, Repository(builder.path, scratch_root=tmp_path / "scratch"), tools)


def past(assessed: Assessed) -> list[TrackedFinding]:
    return [item for item in assessed.tracked if commit_left_in(item.explanation)]


def test_what_was_added_and_removed_is_a_new_finding_that_names_its_commit(bench: Bench) -> None:
    base = bench.start({"a.py": "x = 1\n"})
    leak = bench.commit({"conf/settings.py": "import os\n" + LINE}, [base])
    head = bench.commit({"conf/settings.py": "import os\n" + CLEAN})
    (item,) = bench.assess(head).tracked
    assert (item.presence, item.finding.rule_id) == (Presence.NEW, "github-token")
    assert (str(item.finding.location.path), item.finding.location.start_line) == ("conf/settings.py", 2)
    assert leak.startswith(commit_left_in(item.explanation))
    assert FIRST not in repr(item)


def test_a_file_that_is_gone_again_is_read_as_well(bench: Bench) -> None:
    base = bench.start({"a.py": "x = 1\n"})
    bench.commit({".env": LINE}, [base])
    head = bench.commit({".env": None, "b.py": "y = 2\n"})
    assert len(past(bench.assess(head))) == 1


def test_what_is_still_in_the_head_is_found_once_and_there(bench: Bench) -> None:
    base = bench.start({"a.py": "x = 1\n"})
    bench.commit({"a.py": "x = 1\n" + LINE}, [base])
    bench.commit({"a.py": "# moved down\nx = 1\n" + LINE})
    head = bench.commit({"a.py": "x = 1\n", "b.py": "import os\n" + LINE})
    (item,) = bench.assess(head).tracked
    assert (str(item.finding.location.path), commit_left_in(item.explanation)) == ("b.py", "")


def test_what_the_base_had_is_no_leak_of_the_merge_request(bench: Bench) -> None:
    base = bench.start({"a.py": LINE, "b.py": "y = 1\n"})
    bench.commit({"a.py": "# a note\n" + LINE}, [base])
    head = bench.commit({"a.py": CLEAN})
    assessed = bench.assess(head)
    assert past(assessed) == []
    assert [item.presence for item in assessed.tracked] == [Presence.FIXED]


def test_one_secret_in_many_commits_is_one_finding_of_the_first(bench: Bench) -> None:
    base = bench.start({"a.py": "x = 1\n"})
    leak = bench.commit({"a.py": LINE}, [base])
    bench.commit({"a.py": "# more\n" + LINE})
    bench.commit({"a.py": "# even more\n" + LINE, "copy.py": LINE})
    head = bench.commit({"a.py": CLEAN, "copy.py": None})
    (item,) = past(bench.assess(head))
    assert leak.startswith(commit_left_in(item.explanation))


def test_two_secrets_at_one_place_are_two_findings_with_names_of_their_own(bench: Bench) -> None:
    base = bench.start({"a.py": "x = 1\n"})
    bench.commit({"a.py": LINE}, [base])
    bench.commit({"a.py": OTHER})
    head = bench.commit({"a.py": CLEAN})
    marks = [item.finding.fingerprint for item in past(bench.assess(head))]
    assert len(set(marks)) == 2
    # Another push changes neither.
    later = bench.commit({"z.py": "z = 1\n"})
    assert [item.finding.fingerprint for item in past(bench.assess(later))] == marks


def test_a_secret_that_was_replaced_by_another_leaves_both(bench: Bench) -> None:
    base = bench.start({"a.py": "x = 1\n"})
    bench.commit({"a.py": LINE}, [base])
    head = bench.commit({"a.py": OTHER})
    assessed = bench.assess(head)
    assert len(assessed.tracked) == 2
    assert len(past(assessed)) == 1
    assert len({item.finding.fingerprint for item in assessed.tracked}) == 2


def test_the_finding_keeps_its_fingerprint_when_the_secret_is_taken_out(bench: Bench) -> None:
    base = bench.start({"a.py": "x = 1\n"})
    leak = bench.commit({"a.py": LINE}, [base])
    (before,) = bench.assess(leak).tracked
    head = bench.commit({"a.py": CLEAN})
    (after,) = bench.assess(head).tracked
    assert after.finding.fingerprint == before.finding.fingerprint


def test_a_merge_of_the_target_leaks_nothing_of_the_targets(bench: Bench) -> None:
    base = bench.start({"a.py": "x = 1\n"})
    own = bench.commit({"own.py": "y = 1\n"}, [base])
    # The target had a secret for a while; that is not this merge request's.
    bench.builder.commit({"theirs.py": LINE})
    target = bench.builder.commit({"theirs.py": CLEAN})
    head = bench.commit({"theirs.py": CLEAN}, [own, target])
    assert bench.assess(head, target).tracked == ()


def test_of_several_merge_bases_each_has_landed(bench: Bench) -> None:
    """Where both sides merged each other, git chooses one; what the target has is the target's all the same."""
    start = bench.start({"a.py": "x = 1\n"})
    leak = bench.builder.commit({"a.py": LINE})
    mended = bench.builder.commit({"a.py": CLEAN})
    own = bench.commit({"b.py": "y = 1\n"}, parents=[start])
    head = bench.commit({"a.py": CLEAN, "b.py": "y = 1\n"}, parents=[own, mended])
    assessed = assess_tree(bench.repository, base=start, head=head, tools=bench.tools)
    found = with_past_secrets(bench.repository, assessed, landed=mended, base=start, head=head, tools=bench.tools)
    assert past(found) == []
    assert leak not in {start, mended}


def _leaked(bench: Bench) -> str:
    base = bench.start({"a.py": "x = 1\n"})
    bench.commit({"a.py": LINE}, parents=[base])
    return bench.commit({"a.py": CLEAN})


def test_a_value_is_in_no_repr(bench: Bench) -> None:
    """Who logs local variables must not log it."""
    file = PastFile("1" * 40, TreeEntry(PurePosixPath("a"), b"a", 0o100644, "2" * 40, 1))
    (found,) = past(bench.assess(_leaked(bench)))
    assert FIRST not in repr(_Leak(found.finding, file, FIRST))


def test_a_rewritten_branch_has_no_leak_any_more(bench: Bench) -> None:
    base = bench.start({"a.py": "x = 1\n"})
    bench.commit({"a.py": LINE}, [base])
    assert past(bench.assess(bench.commit({"a.py": CLEAN})))
    rewritten = bench.commit({"a.py": CLEAN}, [base])
    assert bench.assess(rewritten).tracked == ()


def test_private_keys_are_told_apart_by_all_of_their_lines(bench: Bench) -> None:
    base = bench.start({"a.py": "x = 1\n"})
    keys = [
        Maker(seed).text("-----BEGIN {{fill:RSA PRIVATE}} KEY-----\n{{pem}}\n-----END RSA PRIVATE KEY-----\n")
        for seed in ("one", "two")
    ]
    bench.commit({"id_rsa": keys[0]}, [base])
    bench.commit({"id_rsa": keys[1]})
    head = bench.commit({"id_rsa": None})
    assert len(past(bench.assess(head))) == 2


def test_a_guess_that_is_gone_is_not_worth_a_word(bench: Bench) -> None:
    base = bench.start({"a.py": "x = 1\n"})
    guess = Maker("guess").text('digest = "{{hex:40}}"\n')
    assert [item.finding.confidence.value for item in bench.assess(bench.commit({"a.py": guess}, [base])).tracked] == [
        "low"
    ]
    assert bench.assess(bench.commit({"a.py": "x = 2\n"})).tracked == ()


def test_beyond_a_limit_is_a_gap_and_not_silence(bench: Bench) -> None:
    base = bench.start({"a.py": "x = 1\n"})
    first = bench.commit({"a.py": "x = 2\n"}, [base])
    bench.commit({"a.py": LINE})
    head = bench.commit({"a.py": CLEAN})
    (run,) = bench.assess(head, limits=PastLimits(commits=1)).runs
    assert [(str(gap.path), gap.reason) for gap in run.gaps] == [
        (f"commits after {first[:12]}", GapReason.TOO_MANY_FILES)
    ]
    (run,) = bench.assess(head).runs
    assert run.gaps == ()


def test_a_scanner_that_fails_on_the_past_has_given_no_answer(bench: Bench) -> None:
    base = bench.start({"a.py": "x = 1\n"})
    bench.commit({"a.py": LINE}, [base])
    head = bench.commit({"a.py": CLEAN})
    bench.tools = replace(bench.tools, scanners=(Silent(),))
    (run,) = bench.assess(head).runs
    assert run.status is ScannerStatus.FAILED


def test_the_past_is_read_when_the_head_has_nothing_to_read(bench: Bench) -> None:
    base = bench.start({"a.py": "x = 1\n"})
    bench.commit({"a.py": LINE}, [base])
    head = bench.commit({"a.py": "x = 1\n"})
    assessed = bench.assess(head)
    (run,) = assessed.runs
    assert run.status is ScannerStatus.COMPLETED
    assert len(assessed.tracked) == 1


def test_a_second_look_reads_nothing_again(bench: Bench) -> None:
    base = bench.start({"a.py": "x = 1\n"})
    bench.commit({"a.py": LINE}, [base])
    head = bench.commit({"a.py": CLEAN})
    cache = bench.tools.cache
    assert isinstance(cache, FakeCache)
    first = bench.assess(head)
    hits, known = cache.hits, len(cache.entries)
    second = bench.assess(head)
    assert (second.tracked, len(cache.entries)) == (first.tracked, known)
    assert cache.hits > hits
    assert not any(FIRST.encode() in raw for raw in cache.entries.values())


# -- on a merge request ------------------------------------------------------------------------------------------------


@contextmanager
def _job(workshop: Workshop, request: MergeRequest, name: str) -> Iterator[MergeRequestScan]:
    tools = replace(tools_of(workshop.services), scanners=(FakeScanner(), DetectSecrets()))
    with Watch(lambda: True) as watch:
        yield MergeRequestScan(
            workshop.services, tools, watch, f"{name}:{request.id}", request.project.id, request.iid, 0
        )


def scan(workshop: Workshop, request: MergeRequest, name: str) -> str:
    with _job(workshop, request, name) as job:
        announced = job.announce()
        assert announced is not None
        return job.publish(job.scan(announced))


def numbers(workshop: Workshop, request: MergeRequest) -> list[int]:
    with session(workshop.services.store) as reading:
        return [known.id for known in findings.page(reading, project_id=request.project.id).findings]


def test_a_merge_request_stays_blocked_until_the_commit_is_dropped(workshop: Workshop) -> None:
    request = workshop.open({"settings.py": "import os\n" + LINE})
    assert scan(workshop, request, "one") == "failed"
    leak = request.head_sha
    before = numbers(workshop, request)
    (thread,) = workshop.threads(request)

    workshop.gitlab.commit(request.project, "feature", {"settings.py": "import os\n" + CLEAN}, author=workshop.ada)
    assert scan(workshop, request, "two") == "failed"
    assert numbers(workshop, request) == before
    (same,) = workshop.threads(request)
    assert same.id == thread.id
    assert not same.resolved
    assert f"In commit `{leak[:12]}`, removed since: rotate it" in same.notes[0].body
    assert "although the head does not have it any more" in same.notes[0].body

    # Another push does not make it new, and moves nothing.
    workshop.gitlab.commit(request.project, "feature", {"other.py": "x = 1\n"}, author=workshop.ada)
    assert scan(workshop, request, "three") == "failed"
    assert numbers(workshop, request) == before
    assert workshop.shown(request) == ("failed", 1, 1, 1)

    workshop.gitlab.commit(
        request.project, "feature", {"settings.py": "import os\n" + CLEAN}, author=workshop.ada, start="main"
    )
    assert scan(workshop, request, "four") == "passed"
    assert workshop.shown(request) == ("success", 1, 0, 1)


def test_a_leak_that_nobody_saw_in_the_head_gets_a_thread_on_the_overview(workshop: Workshop) -> None:
    project = workshop.project()
    workshop.gitlab.commit(project, "feature", {"settings.py": LINE}, author=workshop.ada)
    request = workshop.open({"settings.py": "import os\n" + CLEAN}, project)
    assert scan(workshop, request, "one") == "failed"
    (thread,) = workshop.threads(request)
    assert thread.notes[0].position is None
    assert "settings.py" in thread.notes[0].body
    assert FIRST not in thread.notes[0].body
    (summary,) = workshop.summaries(request)
    assert FIRST not in summary.body
    with session(workshop.services.store) as reading:
        (known,) = findings.page(reading, project_id=project.id).findings
    assert known.finding.rule_id == "github-token"
    assert known.first_seen_at <= datetime.now(UTC)
