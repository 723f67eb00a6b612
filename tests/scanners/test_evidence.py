"""What is shown of the code beside a finding: its place is kept, its secrets are not."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from scanners.evidence import Secrets, with_snippet
from scanners.finding import Confidence, Finding, FindingKind, Location, Severity

NO_SECRETS = Secrets(known=True, lines=frozenset(), values=frozenset())


def _finding(line: int, *, end_line: int | None = None) -> Finding:
    return Finding(
        scanner="bandit",
        rule_id="B608",
        kind=FindingKind.SAST,
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        title="SQL",
        message="",
        location=Location(PurePosixPath("app.py"), line, end_line or line),
    )


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("    run(command)", "    run(command)"),
        ("\t\trun(command)", "\t\trun(command)"),
        ("\trun(\tcommand)", "\trun( command)"),
        (" \t \u202e\x1b[31mrun", " \t [31mrun"),
        ("   \t ", ""),
    ],
)
def test_a_snippet_keeps_its_indentation_and_nothing_invisible(line: str, shown: str) -> None:
    assert with_snippet(_finding(1), [line], NO_SECRETS).snippet == shown


def test_lines_of_one_snippet_keep_their_shape() -> None:
    lines = ["    run(", "        command,", "    )"]
    assert with_snippet(_finding(1, end_line=3), lines, NO_SECRETS).snippet == "\n".join(lines)


def test_a_known_secret_is_in_no_snippet() -> None:
    secrets = Secrets(known=True, lines=frozenset(), values=frozenset({"hunter22-hunter22"}))
    shown = with_snippet(_finding(1), ["    login('hunter22-hunter22')"], secrets).snippet
    assert "hunter22" not in shown
    assert shown.startswith("    login(")
