"""A folder of rules is taken over whole and good, or refused with everything that is wrong."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
import yaml

from bot.domain.rule_shape import read_yaml
from bot.domain.rule_version import WrongRules
from bot.pipeline.rule_reading import files_in, languages_of, read_version
from bot.pipeline.rule_trial import try_rules
from bot.pipeline.throwaway import throwaway_folder
from rules.build import Rule, load_rules
from rules.packs import PACKS
from tests.pipeline.own_rules import PLACE, RULE, SAMPLE, SOURCE, other_rule, version_of, write


def refused(folder: Path, files: dict[str, str]) -> list[str]:
    with pytest.raises(WrongRules) as caught:
        version_of(folder, files)
    assert all(problem.mend or problem.text for problem in caught.value.problems)
    return [str(problem) for problem in caught.value.problems]


def test_good_rules_become_a_version(tmp_path: Path) -> None:
    version = version_of(tmp_path, SOURCE | other_rule("raw-audit", "audit.raw(...)", "audit.raw(2)"))
    assert list(version.entries) == ["org-python-raw-audit", "org-python-raw-ledger"]
    entry = version.entries["org-python-raw-ledger"]
    assert (entry["mode"], entry["cwes"], entry["owasp"], entry["severity"]) == ("monitor", [841], [], "high")
    assert entry["text"]["en"]["title"] == "Ledger written past the billing service"
    compiled = json.loads(version.compiled()["python"])["rules"]
    # Semgrep gets no words: it would put code into them.
    assert {rule["message"] for rule in compiled} == set(version.entries)
    assert all("metadata" not in rule for rule in compiled)
    assert version.samples["org-python-raw-ledger"] == (("raw-ledger.py", SAMPLE),)
    assert version.weaknesses["org-python-raw-ledger"] == "billing"


def test_the_same_files_are_the_same_version(tmp_path: Path) -> None:
    assert version_of(tmp_path / "a", SOURCE).digest == version_of(tmp_path / "b", SOURCE).digest


def test_our_shared_lists_and_their_own_can_be_used(tmp_path: Path) -> None:
    rule = RULE.replace(
        "    pattern: ledger.write(...)\n",
        "    mode: taint\n    pattern-sources:\n      - shared: web-sources\n"
        "    pattern-sinks:\n      - pattern: ledger.write(...)\n",
    )
    names = [line.rstrip(":") for line in _our_shared("python") if line.endswith(":")]
    mine = {"python/shared.yaml": "web-sources:\n  - pattern: web.input(...)\n"}
    sample = SAMPLE.replace("ledger.write(1)", "ledger.write(web.input())").replace("billing.post", "ledger.write")
    files = {f"{PLACE}.yaml": rule, f"{PLACE}.py": sample}
    assert version_of(tmp_path, files | mine).entries
    ours = {f"{PLACE}.yaml": rule.replace("web-sources", names[0]), f"{PLACE}.py": sample}
    assert not any("no shared list" in problem for problem in _problems(tmp_path, ours))
    assert any(
        "a list of ours has that name" in p
        for p in refused(tmp_path, ours | {"python/shared.yaml": f"{names[0]}: []\n"})
    )


PATTERN = "    pattern: ledger.write(...)\n"
TAINT = "    mode: taint\n    pattern-sources: [{pattern: a}]\n    pattern-sinks: [{pattern: b}]\n"


def _with(old: str, new: str) -> dict[str, str]:
    assert old in RULE
    return SOURCE | {f"{PLACE}.yaml": RULE.replace(old, new)}


def _our_shared(pack: str) -> list[str]:
    from rules.build import ROOT

    text = (ROOT / "semgrep" / pack / "shared.yaml").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and line[0].isalpha()]


def _problems(folder: Path, files: dict[str, str]) -> list[str]:
    try:
        version_of(folder, files)
    except WrongRules as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "there is no rule"),
        ({"README.md": "hello"}, "there is no rule"),
        ({f"{PLACE}.yaml": RULE}, "no sample file beside"),
        (SOURCE | {f"{PLACE}.py": "ledger.write(1)\n"}, "flags line 1"),
        (SOURCE | {f"{PLACE}.py": SAMPLE.replace("# ok: org-python-raw-ledger\n", "")}, "no sample has a false case"),
        (SOURCE | {f"{PLACE}.py": "# ok: org-python-raw-ledger\nx()\n"}, "no sample has a true case"),
        (SOURCE | {f"{PLACE}.py": SAMPLE.replace("ledger.write(1)", "pass")}, "misses line 5 of raw-ledger.py"),
        (SOURCE | {f"{PLACE}.yaml": RULE.replace("ledger.write(...)", "ledger.write(... ")}, "semgrep cannot read"),
        (SOURCE | {f"{PLACE}.yaml": RULE.replace("org-python", "python")}, "does not begin with org-"),
        (SOURCE | {f"{PLACE}.yaml": RULE.replace("org-python-raw", "org-python-weak")}, "the id is not org-python-raw"),
        (SOURCE | {f"{PLACE}.yaml": RULE.replace("[python]", "[java]")}, "java is not read by this pack"),
        (SOURCE | {f"{PLACE}.yaml": RULE.replace("past its", "past $X")}, "interpolates a metavariable"),
        (SOURCE | {f"{PLACE}.yaml": "rules: [" + RULE}, "not plain YAML"),
        ({f"python/Bad Name/x.{s}": t for s, t in (("yaml", RULE), ("py", SAMPLE))}, "small letters and hyphens"),
        (
            SOURCE | {f"{PLACE}.yaml": RULE.replace("pattern: ledger.write(...)", "pattern-regex: '(l+)+x'")},
            "repeats itself",
        ),
        (_with("severity: high", "severity: [high]"), "metadata.severity: it is none"),
        (_with("severity: high", "severity: {a: b}"), "metadata.severity: it is none"),
        (_with("confidence: high", "confidence: [high]"), "confidence"),
        (_with("[841]", "[99999999999999999999]"), "metadata.cwe"),
        (_with("[841]", "[-1]"), "metadata.cwe"),
        (_with(PATTERN, f"{TAINT}    options: [a]\n"), "options: it is not a mapping"),
        (_with(PATTERN, f"{TAINT}    options: a\n"), "options: it is not a mapping"),
        (_with(PATTERN, f"{TAINT}    options:\n"), "options: it is not a mapping"),
        (_with(PATTERN, f"{PATTERN}    options: {{a: .nan}}\n"), "neither text nor number"),
        (_with(PATTERN, "    patterns: [{shared: [a]}]\n"), "no shared list"),
        (_with(PATTERN, "    patterns: [{shared: {a: b}}]\n"), "no shared list"),
        (_with(PATTERN, f"    patterns: {'[' * 500}{']' * 500}\n"), "nested too deeply"),
        (_with("Call billing.post.", '"a \\ud800"'), "cannot be shown"),
        (_with("Call billing.post.", '"a \\0"'), "cannot be shown"),
        (_with("Call billing.post.", '"a \\u202e"'), "cannot be shown"),
        (_with("ledger.write(...)", '"ledger.write(\\ud800)"'), "cannot be shown"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, files: dict[str, str], said: str) -> None:
    problems = refused(tmp_path, files)
    assert any(said in problem for problem in problems), problems


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    bad = {f"{PLACE}.yaml": RULE.replace("severity: high", "severity: grave").replace("cwe: [841]", "cwe: x")}
    problems = refused(tmp_path, SOURCE | bad)
    assert [problem.split(": ")[:3] for problem in problems] == [
        [f"{PLACE}.yaml", "org-python-raw-ledger", "metadata.severity"],
        [f"{PLACE}.yaml", "org-python-raw-ledger", "metadata.cwe"],
    ]


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text(SAMPLE)
    folder = write(tmp_path / "rules", {f"{PLACE}.yaml": RULE})
    (folder / f"{PLACE}.py").symlink_to(outside)
    (folder / "java").symlink_to(tmp_path)
    assert [str(file.path) for file in files_in(folder)] == [f"{PLACE}.yaml"]


def test_a_file_of_many_keys_is_read_in_no_time() -> None:
    """Each file may be 64 KiB, and a hundred of them are looked at."""
    keys = "\n".join(f"k{number}: 1" for number in range(6_000)).encode()
    started = time.process_time()
    document, problem = read_yaml("x.yaml", keys)
    assert (len(document), problem) == (6_000, None)
    assert time.process_time() - started < 5
    assert "stands twice" in str(read_yaml("x.yaml", keys + b"\nk3: 2")[1])


def test_what_cannot_be_read_is_told_and_not_left_out(tmp_path: Path) -> None:
    folder = write(tmp_path / "rules", SOURCE)
    assert len(files_in(folder)) == 2
    # A path that is too long for the system: permissions do not keep out whoever may run the tests as root.
    here = os.open(folder, os.O_RDONLY)
    for _ in range(25):
        os.mkdir("a" * 200, dir_fd=here)
        inner = os.open("a" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    with pytest.raises(WrongRules, match="cannot be read"):
        files_in(folder)


def test_a_name_that_is_no_utf_8_is_told_in_characters_that_can_be_stored(tmp_path: Path) -> None:
    folder = write(tmp_path / "rules", SOURCE)
    (folder / "python" / "billing" / os.fsdecode(b"\xff.yaml")).write_text(RULE)
    with pytest.raises(WrongRules) as caught, throwaway_folder(None) as scratch:
        read_version(files_in(folder), scratch)
    assert str(caught.value).encode("utf-8")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(WrongRules, match="no such folder"):
        files_in(tmp_path / "nowhere")


def test_a_rule_that_is_slow_on_its_own_samples_is_to_blame_and_no_other(tmp_path: Path) -> None:
    version_of(tmp_path, SOURCE)
    body = {**yaml.safe_load(RULE)["rules"][0], "severity": "ERROR"}
    rule = Rule(tmp_path / f"{PLACE}.yaml", "python", body, "org-")
    # No program starts within a hundredth of a second.
    (slow,) = try_rules([rule], tmp_path / "scratch", rule_seconds=0.01, start_seconds=0.01)
    assert slow.problems == ("it takes longer than 0.01 seconds over its own samples",)
    # What is too slow together is tried alone before anybody is blamed.
    (alone,) = try_rules([rule], tmp_path / "scratch", rule_seconds=30.0, start_seconds=-3.0)
    assert alone.passed


@pytest.mark.parametrize("pack", PACKS)
def test_a_pack_reads_some_language(pack: str) -> None:
    assert languages_of(pack) or pack not in {rule.language for rule in load_rules()}
