"""The scanner of suppressions, from its own process to findings that keep their identity."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import catalog
from scanners.adapters.suppressions import Suppressions
from scanners.correlate import correlate
from scanners.finding import Confidence, Finding, FindingKind, Reach, Severity, Silences
from scanners.interface import MalformedReport, ScanFile, Scanner, ScannerStatus, ScanTarget
from scanners.offline.ignore_files import READERS
from scanners.offline.markers import MARKERS
from scanners.process import run
from scanners.registry import all_scanners
from scanners.runner import assess
from scanners.units import unit_name, unit_suffix
from tests.scanners.fakes import PLANTED_PASSWORD, FakeCache, sast, target_of, tree_of, write_units

BASELINE = b'{"results": {"a.py": [{"hashed_secret": "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8", "line_number": 1}]}}\n'


def read(tmp_path: Path, entry: dict[str, object], name: str = "000000.py") -> tuple[Finding, ...]:
    """What the adapter makes of one entry of a report."""
    whole: dict[str, object] = {"unit": name, "rule": "in-code-nosec", "tool": "bandit", "reach": "line", "ids": None}
    whole |= {"line": 1, "column": 1, "end_line": 1, "end_column": 8, **entry}
    target = ScanTarget(tmp_path, write_units(tmp_path, {name: b"x\n"}), tmp_path)
    raw = json.dumps({"results": [whole], "errors": [], "scanned": [name]}).encode()
    return Suppressions().parse(raw, target).findings


def scan(tmp_path: Path, contents: dict[str, bytes]) -> tuple[Finding, ...]:
    """The suppressions of these units, by the real process."""
    (findings,) = scan_all(tmp_path, contents, Suppressions())
    return findings


def scan_all(tmp_path: Path, contents: dict[str, bytes], *scanners: Scanner) -> list[tuple[Finding, ...]]:
    """What each of the scanners found, by their real processes."""
    root, work = tmp_path / "units", tmp_path / "work"
    work.mkdir(parents=True, exist_ok=True)
    units = write_units(root, contents)
    runs = assess(root, units, scanners, workdir=work, cache=FakeCache()).bind(tree_of(units))
    assert [run_.status for run_ in runs] == [ScannerStatus.COMPLETED] * len(runs)
    return [run_.findings for run_ in runs]


def test_a_bare_marker_is_worse_than_one_that_names_rules(tmp_path: Path) -> None:
    (bare,) = read(tmp_path, {"ids": None})
    (named,) = read(tmp_path, {"ids": ["B602"]})
    assert (bare.rule_id, bare.severity, bare.confidence) == ("in-code-nosec-all", Severity.MEDIUM, Confidence.HIGH)
    assert (named.rule_id, named.severity, named.confidence) == ("in-code-nosec", Severity.LOW, Confidence.HIGH)
    assert named.silences == Silences("bandit", Reach.LINE, ("B602",))
    assert {bare.kind, named.kind} == {FindingKind.SUPPRESSION}
    assert (bare.cwes, bare.owasp) == ((), ())


def test_a_test_of_bandit_named_by_its_name_has_its_id(tmp_path: Path) -> None:
    (finding,) = read(tmp_path, {"ids": ["subprocess_popen_with_shell_equals_true", "B101", "no_such_test"]})
    assert finding.silences == Silences("bandit", Reach.LINE, ("B602", "B101"))


def test_a_nosec_that_names_no_test_of_bandit_means_all_as_it_does_to_bandit(tmp_path: Path) -> None:
    (finding,) = read(tmp_path, {"ids": ["some_function", "B999"]})
    assert finding.rule_id == "in-code-nosec-all"
    assert finding.silences == Silences("bandit", Reach.LINE, None)


def test_names_that_cannot_be_read_are_not_all_rules(tmp_path: Path) -> None:
    (finding,) = read(tmp_path, {"rule": "in-code-nosemgrep", "tool": "semgrep", "ids": []})
    assert finding.silences == Silences("semgrep", Reach.LINE, ())


@pytest.mark.parametrize(
    "hostile", ["@root /close", "a`b", "x\n/merge", "<b>", "a" * 101, "http://x", 7, None, ["B602"]]
)
def test_what_is_no_id_is_dropped(hostile: object, tmp_path: Path) -> None:
    (finding,) = read(tmp_path, {"rule": "in-code-nosemgrep", "tool": "semgrep", "ids": [hostile, "a.b-c"]})
    assert finding.silences == Silences("semgrep", Reach.LINE, ("a.b-c",))


@pytest.mark.parametrize(
    "entry",
    [
        {"reach": "everything"},
        {"reach": 3},
        {"ids": "B602"},
        {"tool": "Bandit!"},
        {"tool": None},
        {"rule": "../x"},
        {"line": 0},
        {"column": "1"},
        {"unit": "etc/passwd"},
    ],
)
def test_an_entry_that_the_child_never_writes_is_malformed(entry: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(MalformedReport):
        read(tmp_path, entry)


def test_the_catalogue_has_words_for_every_marker_and_every_file() -> None:
    known = set(catalog.rule_ids("suppressions"))
    for marker in MARKERS:
        assert any(rule.startswith(marker.rule) for rule in known), marker.rule
    bases = {marker.rule for marker in MARKERS} | {rule for rule in known if rule.startswith("ignore-file-")}
    for rule in known - {"many-suppressions"}:
        assert any(rule == base or rule in {f"{base}-all", f"{base}-file", f"{base}-wide"} for base in bases), rule


def test_identity_is_that_of_the_marker_and_not_of_the_rest_of_the_line(tmp_path: Path) -> None:
    (before,) = scan(tmp_path / "1", {"000000.py": b"run(a)  # nosec B602\n"})
    (after,) = scan(tmp_path / "2", {"000000.py": b"\n\nrun(a, other=b)  # nosec  B602  because it is fine\n"})
    (other,) = scan(tmp_path / "3", {"000000.py": b"run(a)  # nosec B101\n"})
    assert (before.fingerprint, before.match_hash) == (after.fingerprint, after.match_hash)
    assert before.match_hash != other.match_hash


def test_a_line_that_is_added_to_an_ignore_file_is_one_finding_more(tmp_path: Path) -> None:
    before = scan(tmp_path / "1", {"000000.semgrepignore.txt": b"tests/\n"})
    after = scan(tmp_path / "2", {"000000.semgrepignore.txt": b"# ours\nvendor/\ntests/\n"})
    assert len(before) == 1
    assert [finding.location.start_line for finding in after] == [2, 3]
    assert {finding.fingerprint for finding in before} < {finding.fingerprint for finding in after}


def test_a_suppression_and_the_weakness_on_its_line_stay_two_findings(tmp_path: Path) -> None:
    code = f'''\
import subprocess
subprocess.call(x, shell=True)  # nosec
password = "{PLANTED_PASSWORD}"  # pragma: allowlist secret
'''
    scanners = all_scanners(None)[1:3]
    found = scan_all(tmp_path, {"000000.py": code.encode()}, *scanners, Suppressions())
    merged = correlate(finding for findings in found for finding in findings)
    on_two = {(f.scanner, f.kind) for f in merged if f.location.start_line == 2}
    assert {("bandit", FindingKind.SAST), ("suppressions", FindingKind.SUPPRESSION)} <= on_two
    on_three = {f.kind for f in merged if f.location.start_line == 3}
    assert on_three == {FindingKind.SECRET, FindingKind.SUPPRESSION}
    assert all({a.scanner for a in f.attributions} == {"suppressions"} for f in merged if f.scanner == "suppressions")


@given(
    st.sampled_from([FindingKind.SAST, FindingKind.SECRET, FindingKind.SUPPRESSION]),
    st.sampled_from([(), (798,), (89,)]),
)
def test_no_kind_is_merged_with_a_suppression(kind: FindingKind, cwes: tuple[int, ...]) -> None:
    left = sast(kind=kind, cwes=cwes, scanner="detect-secrets")
    right = sast(kind=FindingKind.SUPPRESSION, cwes=cwes, scanner="suppressions", rule_id="in-code-nosec")
    assert len(correlate([left, replace(right, fingerprint="b")])) == 2


def test_a_secret_beside_a_marker_is_shown_by_neither_finding(tmp_path: Path) -> None:
    code = f'password = "{PLANTED_PASSWORD}"  # pragma: allowlist secret\n'.encode()
    secrets, marks = scan_all(tmp_path, {"000000.py": code}, all_scanners(None)[2], Suppressions())
    assert len(secrets) == len(marks) == 1
    assert PLANTED_PASSWORD not in repr((secrets, marks))
    assert "pragma: allowlist secret" in marks[0].snippet


def test_a_hash_of_a_secret_in_a_baseline_is_not_shown(tmp_path: Path) -> None:
    name = unit_name(1, unit_suffix(PurePosixPath(".secrets.baseline"), BASELINE) or "")
    _, marks = scan_all(tmp_path, {name: BASELINE}, all_scanners(None)[2], Suppressions())
    assert [finding.rule_id for finding in marks] == ["ignore-file-detect-secrets"]
    assert "5baa61e4" not in repr(marks)


def test_detect_secrets_reads_ignore_files_as_before(tmp_path: Path) -> None:
    content = f"password: {PLANTED_PASSWORD}\n".encode()
    plain, marked = (
        scan_all(tmp_path / name, {f"000000{name}": content}, all_scanners(None)[2])[0]
        for name in (".yaml", ".trivyignoreyaml.yaml")
    )
    assert [(f.rule_id, f.location.start_line, f.location.start_column) for f in plain] == [
        (f.rule_id, f.location.start_line, f.location.start_column) for f in marked
    ]
    assert plain


def test_the_child_needs_nothing_but_the_standard_library(tmp_path: Path) -> None:
    target = target_of(tmp_path, {"000000.py": b"x()  # nosec\n"}, Suppressions().applies_to)
    command = Suppressions().command(target, tmp_path / "report")
    assert "-S" in command
    completed = run(command, cwd=target.root, timeout=30)
    assert completed.exit_code == 0
    assert [finding.rule_id for finding in Suppressions().parse(completed.stdout, target).findings] == [
        "in-code-nosec-all"
    ]


def test_prose_is_not_given_to_the_scanner_and_an_ignore_file_is(tmp_path: Path) -> None:
    applies = Suppressions().applies_to
    target = target_of(tmp_path, {"0.txt": b"x", "1.json": b"{}", "2.semgrepignore.txt": b"x", "3.py": b"x"}, applies)
    assert [unit.name for unit in target.units] == ["2.semgrepignore.txt", "3.py"]


def test_a_file_that_nobody_could_read_is_a_gap_only_where_the_scanner_would_have_read_it(tmp_path: Path) -> None:
    files = [
        ScanFile(PurePosixPath("a.py"), None, "too_large"),
        ScanFile(PurePosixPath("README.md"), None, "too_large"),
        ScanFile(PurePosixPath(".semgrepignore"), None, "too_large"),
    ]
    (tmp_path / "work").mkdir()
    (run_,) = assess(tmp_path, (), [Suppressions()], workdir=tmp_path / "work", cache=FakeCache()).bind(files)
    assert [str(gap.path) for gap in run_.gaps] == [".semgrepignore", "a.py"]


def test_every_reader_names_rules_that_the_catalogue_knows() -> None:
    known = set(catalog.rule_ids("suppressions"))
    texts = {
        "trivyignoreyaml": "vulnerabilities:\n- id: CVE-2020-1\n",
        "secretsbaseline": BASELINE.decode(),
    }
    for mark, reader in READERS.items():
        for entry in reader(texts.get(mark, "x\n")):
            assert f"ignore-file-{entry.tool}{'-wide' if entry.wide else ''}" in known
