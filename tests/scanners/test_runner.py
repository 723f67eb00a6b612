"""All scanners at once: whatever a tool does there is a run, and only a completed one is an answer."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import ClassVar

import pytest
from pydantic import TypeAdapter

from scanners.interface import (
    GapReason,
    ScanFile,
    Scanner,
    ScannerAbsent,
    ScannerRun,
    ScannerStatus,
    ScanTarget,
    Unit,
)
from scanners.registry import all_scanners
from scanners.runner import Assessment, Limits, assess, merge_findings
from tests.scanners.fakes import (
    ADVISORY,
    PLANTED_SECRETS,
    SAMPLES,
    FakeAdvisories,
    FakeCache,
    FakeScanner,
    tree_of,
    write_units,
)
from tests.sentences import assert_runs_translatable

_runs_adapter: TypeAdapter[tuple[ScannerRun, ...]] = TypeAdapter(tuple[ScannerRun, ...])


class Bench:
    """A folder of units, a cache and a place to work."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache = FakeCache()
        (folder / "work").mkdir()

    def units(self, contents: Mapping[str, bytes]) -> tuple[Unit, ...]:
        return write_units(self.folder / "units", contents)

    def assess(self, units: Sequence[Unit], *scanners: Scanner, **more: object) -> Assessment:
        return assess(
            self.folder / "units",
            units,
            scanners,
            workdir=self.folder / "work",
            cache=self.cache,
            **more,  # type: ignore[arg-type]
        )

    def run(self, contents: Mapping[str, bytes], scanner: Scanner, **more: object) -> ScannerRun:
        """One scanner over one tree that holds exactly these files."""
        units = self.units(contents)
        (bound,) = self.assess(units, scanner, **more).bind(tree_of(units))
        assert_runs_translatable([bound])
        return bound


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


class BrokenScanner(FakeScanner):
    name: ClassVar[str] = "broken"
    program: ClassVar[str] = "import sys; print('secret-in-stderr', file=sys.stderr); sys.exit(5)"


class SilentScanner(FakeScanner):
    name: ClassVar[str] = "silent"
    program: ClassVar[str] = ""


class AbsentScanner(FakeScanner):
    name: ClassVar[str] = "absent"

    def version(self) -> str:
        raise ScannerAbsent("absent is not installed; run: pip install absent")


class MissingProgram(FakeScanner):
    name: ClassVar[str] = "missing"

    def command(self, target: ScanTarget, report: Path) -> list[str]:
        return ["no-such-program"]


class VerboseScanner(FakeScanner):
    name: ClassVar[str] = "verbose"
    program: ClassVar[str] = "while True: print('x' * 65536)"


def test_a_finding_is_bound_to_the_path_of_the_tree(bench: Bench) -> None:
    run = bench.run({"000000.py": b"flag\nmore\n", "000001.py": b"clean\n"}, FakeScanner())
    (finding,) = run.findings
    assert run.status is ScannerStatus.COMPLETED
    assert run.files == 2
    assert finding.location.path == PurePosixPath("src/000000.py")
    assert finding.snippet == "flag"
    assert finding.fingerprint
    assert finding.match_hash
    assert [a.version for a in finding.attributions] == ["1"]
    assert run.rules_digest == "d"


def test_base_and_head_are_read_together_and_bound_apart(bench: Bench) -> None:
    units = bench.units({"000000.py": b"flag\n", "000001.py": b"clean\n"})
    scanner = FakeScanner()
    assessment = bench.assess(units, scanner)
    (base,) = assessment.bind([ScanFile(PurePosixPath("old.py"), units[0])])
    (head,) = assessment.bind([ScanFile(PurePosixPath("new.py"), units[0]), ScanFile(PurePosixPath("b.py"), units[1])])
    assert scanner.parsed == [2]
    assert [str(f.location.path) for f in base.findings] == ["old.py"]
    assert [str(f.location.path) for f in head.findings] == ["new.py"]


def test_one_content_under_two_names_is_read_once_and_found_twice(bench: Bench) -> None:
    units = bench.units({"000000.py": b"flag\n"})
    files = [ScanFile(PurePosixPath(path), units[0]) for path in ("a.py", "b.py")]
    (run,) = bench.assess(units, FakeScanner()).bind(files)
    assert [str(f.location.path) for f in run.findings] == ["a.py", "b.py"]
    assert len({f.fingerprint for f in run.findings}) == 2


def test_what_was_read_before_is_not_read_again(bench: Bench) -> None:
    first = bench.run({"000000.py": b"flag\n", "000001.py": b"odd\n"}, FakeScanner())
    scanner = FakeScanner()
    again = bench.run({"000007.py": b"flag\n", "000008.py": b"odd\n"}, scanner)
    assert scanner.parsed == []
    assert (again.files, again.cached_files, again.seconds) == (2, 2, 0.0)
    assert [f.match_hash for f in again.findings] == [f.match_hash for f in first.findings]
    assert [(str(g.path), g.reason) for g in again.gaps] == [("src/000008.py", GapReason.PARSE_ERROR)]


def test_only_what_changed_is_read(bench: Bench) -> None:
    bench.run({"000000.py": b"one\n", "000001.py": b"two\n"}, FakeScanner())
    scanner = FakeScanner()
    run = bench.run({"000000.py": b"one\n", "000001.py": b"three\n"}, scanner)
    assert scanner.parsed == [1]
    assert (run.files, run.cached_files) == (2, 1)


@pytest.mark.parametrize("scanner", [FakeScanner(version="2"), FakeScanner(digest="e")])
def test_a_new_version_or_new_rules_read_everything_again(bench: Bench, scanner: FakeScanner) -> None:
    bench.run({"000000.py": b"one\n"}, FakeScanner())
    assert bench.run({"000000.py": b"one\n"}, scanner).cached_files == 0
    assert scanner.parsed == [1]


def test_another_kind_of_file_with_the_same_content_is_read_again(bench: Bench) -> None:
    bench.run({"000000.py": b"one\n"}, FakeScanner())
    scanner = FakeScanner(suffix=".js")
    bench.run({"000000.js": b"one\n"}, scanner)
    assert scanner.parsed == [1]


def test_a_damaged_cache_entry_is_as_none(bench: Bench) -> None:
    bench.run({"000000.py": b"flag\n"}, FakeScanner())
    bench.cache.entries = dict.fromkeys(bench.cache.entries, b'{"findings": [{"scanner": 1}]}')
    run = bench.run({"000000.py": b"flag\n"}, FakeScanner())
    assert (run.cached_files, len(run.findings)) == (0, 1)


@pytest.mark.parametrize("guilty", [0, 3, 6])
def test_a_file_that_crashes_the_scanner_takes_no_other_with_it(bench: Bench, guilty: int) -> None:
    contents = {f"00000{i}.py": b"crash\n" if i == guilty else f"flag\n{i}\n".encode() for i in range(7)}
    run = bench.run(contents, FakeScanner())
    assert run.status is ScannerStatus.COMPLETED
    assert len(run.findings) == 6
    assert [(str(g.path), g.reason) for g in run.gaps] == [(f"src/00000{guilty}.py", GapReason.SCANNER_ERROR)]


def test_a_crash_is_not_cached(bench: Bench) -> None:
    bench.run({"000000.py": b"crash\n", "000001.py": b"fine\n"}, FakeScanner())
    scanner = FakeScanner()
    again = bench.run({"000000.py": b"crash\n", "000001.py": b"fine\n"}, scanner)
    assert again.cached_files == 1
    assert again.gaps


def test_when_too_many_files_crash_it_the_scanner_has_failed(bench: Bench) -> None:
    contents = {f"0000{i:02}.py": f"crash\n{i}\n".encode() for i in range(20)}
    run = bench.run(contents, FakeScanner(), limits=Limits(extra_runs=4))
    assert run.status is ScannerStatus.FAILED
    assert "SIGABRT" in run.reason


@pytest.mark.parametrize(
    ("scanner", "status", "reason"),
    [
        (BrokenScanner(), ScannerStatus.FAILED, "exit code 5"),
        (SilentScanner(), ScannerStatus.FAILED, "half a report"),
        (VerboseScanner(), ScannerStatus.FAILED, "report of more than 1 MiB"),
        (AbsentScanner(), ScannerStatus.ABSENT, "pip install absent"),
        (MissingProgram(), ScannerStatus.ABSENT, "not installed"),
    ],
)
def test_no_answer_is_not_a_good_answer(bench: Bench, scanner: Scanner, status: ScannerStatus, reason: str) -> None:
    run = bench.run({"000000.py": b"one\n", "000001.py": b"two\n"}, scanner, limits=Limits(report_bytes=2**20))
    assert run.status is status
    assert not run.assessed
    assert reason in run.reason
    assert "secret-in-stderr" not in run.reason
    assert bench.cache.entries == {}


def test_a_scanner_that_is_broken_is_not_tried_file_by_file(bench: Bench) -> None:
    scanner = SilentScanner()
    bench.run({f"0000{i:02}.py": f"{i}\n".encode() for i in range(32)}, scanner)
    assert len(scanner.parsed) == 2  # once in earnest, once on an empty file


def test_a_scanner_that_takes_too_long_timed_out(bench: Bench) -> None:
    run = bench.run({"000000.py": b"hang\n", "000001.py": b"flag\n"}, FakeScanner(), limits=Limits(seconds=1))
    assert run.status is ScannerStatus.TIMED_OUT
    assert run.seconds < 20
    assert bench.cache.entries == {}


def test_a_scanner_is_stopped_when_nobody_wants_the_answer(bench: Bench) -> None:
    wanted = threading.Event()
    timer = threading.Timer(0.3, wanted.set)
    timer.start()
    run = bench.run({"000000.py": b"hang\n"}, FakeScanner(), cancelled=wanted.is_set)
    assert run.status is ScannerStatus.CANCELLED
    assert run.seconds < 20


def test_one_scanner_that_fails_does_not_touch_the_others(bench: Bench) -> None:
    units = bench.units({"000000.py": b"flag\n"})
    broken, fine = bench.assess(units, BrokenScanner(), FakeScanner()).bind(tree_of(units))
    assert broken.status is ScannerStatus.FAILED
    assert (fine.status, len(fine.findings)) == (ScannerStatus.COMPLETED, 1)


def test_a_tree_whose_answers_are_all_known_is_assessed_although_the_other_is_not(bench: Bench) -> None:
    bench.run({"000000.py": b"known\n"}, FakeScanner())
    units = bench.units({"000000.py": b"known\n", "000001.py": b"hang\n"})
    assessment = bench.assess(units, FakeScanner(), limits=Limits(seconds=0.5))
    assert assessment.bind(tree_of(units[:1]))[0].status is ScannerStatus.COMPLETED
    assert assessment.bind(tree_of(units))[0].status is ScannerStatus.TIMED_OUT


def test_a_scanner_with_nothing_to_read_is_not_applicable_and_not_started(bench: Bench) -> None:
    scanner = AbsentScanner(suffix=".java")
    run = bench.run({"000000.py": b"one\n"}, scanner)
    assert run.status is ScannerStatus.NOT_APPLICABLE
    assert run.assessed


def test_a_file_that_nobody_could_read_is_a_gap_for_those_who_would_have(bench: Bench) -> None:
    files = [
        ScanFile(PurePosixPath("big.py"), None, "too_large"),
        ScanFile(PurePosixPath("big.java"), None, "too_large"),
        ScanFile(PurePosixPath("picture.py"), None),
    ]
    (run,) = bench.assess((), FakeScanner()).bind(files)
    assert [(str(g.path), g.reason) for g in run.gaps] == [("big.py", GapReason.TOO_LARGE)]
    assert run.status is ScannerStatus.COMPLETED


def test_a_scanner_is_not_given_what_is_too_large_for_it(bench: Bench) -> None:
    class Small(FakeScanner):
        max_unit_bytes: ClassVar[int | None] = 10

    scanner = Small()
    run = bench.run({"000000.py": b"flag\n" * 10, "000001.py": b"flag\n"}, scanner)
    assert scanner.parsed == [1]
    assert [(str(g.path), g.reason) for g in run.gaps] == [("src/000000.py", GapReason.TOO_LARGE)]
    assert len(run.findings) == 1


def test_findings_without_end_are_cut_and_said_to_be(bench: Bench) -> None:
    class Chatty(FakeScanner):
        program: ClassVar[str] = "print('000000.py flag\\n' * 40 + 'end')"

    run = bench.run({"000000.py": b"flag\n"}, Chatty(), limits=Limits(findings_per_unit=10))
    assert len(run.findings) == 10
    assert [gap.reason for gap in run.gaps] == [GapReason.TOO_LARGE]


def test_nothing_of_the_work_is_left_behind(bench: Bench) -> None:
    bench.run({"000000.py": b"crash\n", "000001.py": b"flag\n"}, FakeScanner())
    assert list((bench.folder / "work").iterdir()) == []


def test_progress_is_told(bench: Bench) -> None:
    told: list[tuple[str, str]] = []
    for _ in range(2):
        bench.run({"000000.py": b"flag\n"}, FakeScanner(), progress=lambda scanner, word: told.append((scanner, word)))
    assert told == [("fake", "started"), ("fake", "completed"), ("fake", "cached")]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, tuple[ScannerRun, ...]]:
    bench = Bench(tmp_path_factory.mktemp("real"))
    units = bench.units(SAMPLES)
    return bench, bench.assess(units, *all_scanners(FakeAdvisories(ADVISORY))).bind(tree_of(units))


class TestRealTools:
    """The tools over the samples, once."""

    def test_all_of_them_answer(self, real: tuple[Bench, tuple[ScannerRun, ...]]) -> None:
        assert {run.scanner: (run.status, run.reason) for run in real[1]} == dict.fromkeys(
            ("semgrep", "bandit", "detect-secrets", "pip-audit", "suppressions"), (ScannerStatus.COMPLETED, "")
        )

    def test_comments_in_the_code_switch_nothing_off(self, real: tuple[Bench, tuple[ScannerRun, ...]]) -> None:
        found = {
            (f.scanner, f.location.start_line)
            for run in real[1]
            for f in run.findings
            if "000000.py" in str(f.location.path)
        }
        assert ("bandit", 7) in found  # nosec
        assert ("bandit", 8) in found
        assert ("detect-secrets", 16) in found  # pragma: allowlist secret
        assert ("semgrep", 2) in {
            (f.scanner, f.location.start_line) for r in real[1] for f in r.findings if ".js" in str(f.location.path)
        }

    def test_a_planted_secret_is_nowhere(
        self, real: tuple[Bench, tuple[ScannerRun, ...]], caplog: pytest.LogCaptureFixture
    ) -> None:
        bench, runs = real
        kept = _runs_adapter.dump_json(runs) + b"".join(bench.cache.entries.values()) + caplog.text.encode()
        assert b'password = \\"***\\"' in kept
        for secret in PLANTED_SECRETS:
            assert secret.encode() not in kept

    def test_a_vulnerable_package_is_found_in_the_tree_that_has_it(
        self, real: tuple[Bench, tuple[ScannerRun, ...]]
    ) -> None:
        (run,) = [run for run in real[1] if run.scanner == "pip-audit"]
        (finding,) = run.findings
        assert finding.dependency is not None
        assert (finding.dependency.package, finding.dependency.version) == ("django", "3.2.0")
        assert finding.snippet == "django==3.2.0"
        assert run.data_date is not None

    def test_one_weakness_is_one_finding(self, real: tuple[Bench, tuple[ScannerRun, ...]]) -> None:
        merged = merge_findings(real[1])
        by_line = [f for f in merged if str(f.location.path) == "src/000000.py" and f.location.start_line == 13]
        assert len(by_line) == 1
        assert {a.scanner for a in by_line[0].attributions} == {"semgrep", "bandit"}
        assert len({finding.fingerprint for finding in merged}) == len(merged)

    def test_a_second_assessment_starts_nothing_and_says_the_same(
        self, real: tuple[Bench, tuple[ScannerRun, ...]]
    ) -> None:
        bench, first = real
        units = bench.units(SAMPLES)
        again = bench.assess(units, *all_scanners(FakeAdvisories(ADVISORY))).bind(tree_of(units))
        assert [run.seconds for run in again] == [0.0] * 5
        assert [run.findings for run in again] == [run.findings for run in first]
        assert [run.gaps for run in again] == [run.gaps for run in first]

    def test_configuration_of_a_stranger_has_no_name_to_act_under(
        self, real: tuple[Bench, tuple[ScannerRun, ...]], tmp_path: Path
    ) -> None:
        bench = Bench(tmp_path)
        contents = {**SAMPLES, "000010.toml": b"[tool.bandit]\nskips = ['B602']\n", "000011.txt": b"*\n"}
        units = bench.units(contents)
        runs = bench.assess(units, *all_scanners(FakeAdvisories(ADVISORY))).bind(tree_of(units))
        assert [run.findings for run in runs] == [run.findings for run in real[1]]

    def test_without_knowledge_of_secrets_no_literal_is_shown(self, tmp_path: Path) -> None:
        bench = Bench(tmp_path)
        units = bench.units({"000000.py": SAMPLES["000000.py"]})
        only = [s for s in all_scanners(None) if s.name == "bandit"]
        runs = bench.assess(units, *only).bind(tree_of(units))
        kept = _runs_adapter.dump_json(runs) + b"".join(bench.cache.entries.values())
        assert runs[0].findings
        for secret in PLANTED_SECRETS:
            assert secret.encode() not in kept

    def test_pip_audit_without_advisories_is_absent_only_where_it_is_needed(self, tmp_path: Path) -> None:
        bench = Bench(tmp_path)
        units = bench.units({"000000.requirements.txt": b"a==1\n", "000001.txt": b"x\n"})
        (scanner,) = [s for s in all_scanners(None) if s.name == "pip-audit"]
        assessment = bench.assess(units, scanner)
        (needed,) = assessment.bind(tree_of(units))
        (not_needed,) = assessment.bind(tree_of(units[1:]))
        assert needed.status is ScannerStatus.ABSENT
        assert "mergewarden advisories import" in needed.reason
        assert_runs_translatable([needed, not_needed])
        assert not_needed.status is ScannerStatus.NOT_APPLICABLE
