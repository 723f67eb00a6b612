"""Terminal text: what is only information is counted, and the excerpt of the code points at the right place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from bot.domain.verdict import Effect, GateDecision, Outcome, Presence, ScanReport, TrackedFinding, Violation
from bot.reports.text import render_text
from bot.texts import Language
from scanners.finding import Finding, Location, Severity
from tests.reports import samples


def _information(line: int, rule: str = "B101") -> Finding:
    return replace(
        samples.SQL,
        rule_id=rule,
        title="assert used as a check" if rule == "B101" else "subprocess imported",
        severity=Severity.INFO,
        location=Location(PurePosixPath("app/db.py"), line, line),
        fingerprint=f"{line:064x}",
    )


def _report(*findings: Finding, blocks: Finding | None = None) -> ScanReport:
    decision = GateDecision(Outcome.PASSED)
    if blocks:
        decision = GateDecision(Outcome.FAILED, (Violation(blocks.fingerprint, "everything", Effect.BLOCK),))
    return replace(samples.PASSED, tracked=tuple(TrackedFinding(f, Presence.NEW) for f in findings), decision=decision)


INFORMATION = [*(_information(line) for line in (301, 302, 303)), _information(304, "B404")]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (
            Language.ENGLISH,
            "Info 4 findings are only counted here, --all shows them: "
            "3 × assert used as a check (B101) · 1 × subprocess imported (B404)",
        ),
        (
            Language.CHINESE,
            "提示 4 个发现项仅在此计数，使用 --all 可查看全部：3 × assert used as a check (B101) · "
            "1 × subprocess imported (B404)",
        ),
    ],
    ids=["en", "zh"],
)
def test_what_is_only_information_is_counted_by_rule(language: Language, sentence: str) -> None:
    text = render_text(_report(samples.SQL, *INFORMATION), language, lookup=lambda *_: None, width=200)
    assert sentence in " ".join(text.split())
    assert "SQL built from user input" in text
    assert not any(str(f.location.start_line) in text for f in INFORMATION)


def test_everything_is_shown_when_everything_is_asked_for() -> None:
    text = render_text(_report(*INFORMATION), Language.ENGLISH, lookup=lambda *_: None, everything=True)
    assert all(f"  {f.location.start_line}  " in text for f in INFORMATION)
    assert "--all" not in text


def test_what_blocks_is_shown_in_full_however_harmless_it_is_called() -> None:
    blocking = _information(305)
    text = render_text(_report(*INFORMATION, blocking, blocks=blocking), Language.ENGLISH, lookup=lambda *_: None)
    assert "  305  " in text
    assert "4 findings are only counted" in text


def test_a_report_without_information_does_not_speak_of_it() -> None:
    assert "--all" not in render_text(_report(samples.SQL), Language.ENGLISH)


@pytest.mark.parametrize(
    ("snippet", "columns", "flagged"),
    [
        ("        run(command)", (13, 20), "command"),
        ("\t\trun(command)", (7, 14), "command"),
        ("run(command)", (1, 13), "run(command)"),
        ("        run(名称, command)", (17, 24), "command"),
        ('        login("***", command)', (9, 20), 'login("***", command)'),
        ("        run(command)", (3, 21), "run(command)"),
        ("        run(command)", (None, None), "run(command)"),
    ],
)
def test_the_mark_stands_under_what_is_meant(
    snippet: str, columns: tuple[int | None, int | None], flagged: str
) -> None:
    place = Location(PurePosixPath("app.py"), 7, 7, *columns)
    lines = render_text(_report(replace(samples.SQL, snippet=snippet, location=place)), Language.ENGLISH).split("\n")
    code = next(i for i, line in enumerate(lines) if line.strip().startswith("7 │"))
    shown, mark = lines[code], lines[code + 1]
    cells = "".join(char * (2 if char > "\u2e80" else 1) for char in shown)
    assert mark.count("^") == len(flagged)
    assert cells[mark.index("^") : mark.rindex("^") + 1] == flagged
    assert shown.split("│ ")[1] == snippet.strip()


def test_lines_of_one_excerpt_keep_their_shape() -> None:
    finding = replace(samples.SQL, snippet="    run(\n        command,\n    )", location=samples.SQL.location)
    text = render_text(_report(finding), Language.ENGLISH)
    assert "│ run(\n" in text
    assert "│     command,\n" in text
