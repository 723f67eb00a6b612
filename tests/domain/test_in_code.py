"""Which findings a comment in the code silences, for a policy that honours such comments."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.in_code import silenced
from scanners.finding import Finding, FindingKind, Reach, Silences
from tests.domain.builders import finding


def mark(
    tool: str = "bandit",
    *ids: str,
    line: int = 1,
    reach: Reach = Reach.LINE,
    path: str = "app.py",
    every: bool = False,
    fingerprint: str = "mark",
) -> Finding:
    """A suppression; without ids, or with ``every``, of all rules."""
    made = finding(
        path, line, rule="in-code", scanner="suppressions", kind=FindingKind.SUPPRESSION, fingerprint=fingerprint
    )
    return replace(made, silences=Silences(tool, reach, None if every or not ids else ids))


def weakness(
    rule: str = "B602",
    scanner: str = "bandit",
    *,
    line: int = 1,
    end: int | None = None,
    path: str = "app.py",
    also: tuple[tuple[str, str], ...] = (),
    fingerprint: str = "weak",
) -> Finding:
    return finding(path, line, end, rule=rule, scanner=scanner, also=also, fingerprint=fingerprint)


@pytest.mark.parametrize(
    ("suppression", "about"),
    [
        (mark("bandit"), weakness()),
        (mark("bandit", "B101", "B602"), weakness()),
        (mark("bandit", line=3), weakness(line=2, end=4)),
        (mark("bandit", "B602"), weakness("python-command", "semgrep", also=(("bandit", "B602"),))),
        (mark("semgrep"), weakness("python-command", "semgrep")),
        (mark("semgrep", "python-command"), weakness("python-command", "semgrep")),
        (mark("semgrep", "rules.ours.python-command"), weakness("python-command", "semgrep")),
        (mark("semgrep", "python-command"), weakness("rules.ours.python-command", "semgrep")),
        (mark("semgrep", reach=Reach.NEXT_LINE), weakness("python-command", "semgrep", line=2)),
        (mark("detect-secrets"), weakness("AWSKeyDetector", "detect-secrets")),
        (mark("detect-secrets", reach=Reach.NEXT_LINE), weakness("AWSKeyDetector", "detect-secrets", line=2)),
        (mark("bandit", line=9, reach=Reach.FILE), weakness(line=2)),
    ],
)
def test_a_comment_silences_what_its_tool_would_not_report(suppression: Finding, about: Finding) -> None:
    assert silenced([about, suppression]) == {"weak": suppression}


@pytest.mark.parametrize(
    ("suppression", "about"),
    [
        (mark("bandit", "B101"), weakness()),
        (mark("bandit"), weakness(line=2)),
        (mark("bandit", line=2), weakness()),
        (mark("bandit", path="other.py"), weakness()),
        (mark("bandit"), weakness("python-command", "semgrep")),
        (mark("semgrep", line=3), weakness("python-command", "semgrep", line=2, end=4)),
        (mark("semgrep", "other.rule"), weakness("one.rule-two", "semgrep")),
        (mark("semgrep", "a.python-command"), weakness("b.python-command", "semgrep")),
        (mark("semgrep", reach=Reach.NEXT_LINE), weakness("python-command", "semgrep")),
        (mark("detect-secrets", reach=Reach.NEXT_LINE), weakness("AWSKeyDetector", "detect-secrets", line=3)),
        (mark("ruff", "S602"), weakness()),
        (mark("gitleaks"), weakness("AWSKeyDetector", "detect-secrets")),
        (mark("bandit", reach=Reach.PROJECT), weakness()),
        (mark("bandit", reach=Reach.DECLARATION), weakness()),
        (replace(mark("semgrep"), silences=Silences("semgrep", Reach.LINE, ())), weakness("r", "semgrep")),
        (replace(mark("bandit"), silences=None), weakness()),
        (mark("bandit"), weakness(fingerprint="")),
    ],
)
def test_a_comment_silences_nothing_else(suppression: Finding, about: Finding) -> None:
    assert silenced([suppression, about]) == {}


def test_a_suppression_cannot_be_silenced() -> None:
    loud = mark("suppressions", every=True, reach=Reach.FILE, fingerprint="loud")
    assert silenced([loud, mark(fingerprint="other")]) == {}


def test_of_several_comments_the_first_that_fits_is_named() -> None:
    about = weakness(line=2, end=4)
    wrong, first, second = mark("bandit", "B101", line=2), mark(line=3), mark(line=4, fingerprint="second")
    assert silenced([second, about, first, wrong]) == {"weak": first}


def test_each_file_has_its_own() -> None:
    one, two = mark(path="a.py", fingerprint="one"), mark(path="b.py", fingerprint="two")
    findings = [two, weakness(path="b.py", fingerprint="b"), one, weakness(path="a.py", fingerprint="a")]
    assert silenced(findings) == {"a": one, "b": two}


_MARKS = st.builds(
    lambda tool, ids, line, reach, number: mark(tool, *ids, line=line, reach=reach, fingerprint=f"m{number}"),
    st.sampled_from(["bandit", "semgrep", "detect-secrets", "ruff"]),
    st.lists(st.sampled_from(["B602", "B101", "r"]), max_size=2),
    st.integers(1, 5),
    st.sampled_from(Reach),
    st.integers(0, 9),
)
_WEAKNESSES = st.builds(
    lambda rule, scanner, line, length, number: weakness(
        rule, scanner, line=line, end=line + length, fingerprint=f"w{number}"
    ),
    st.sampled_from(["B602", "r"]),
    st.sampled_from(["bandit", "semgrep", "detect-secrets"]),
    st.integers(1, 5),
    st.integers(0, 2),
    st.integers(0, 9),
)


@given(st.lists(_MARKS | _WEAKNESSES, max_size=8, unique_by=lambda f: f.fingerprint), st.randoms())
def test_the_order_does_not_matter_and_only_weaknesses_are_silenced_by_suppressions(
    findings: list[Finding], random: object
) -> None:
    shuffled = list(findings)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    found = silenced(findings)
    assert found == silenced(shuffled)
    by_fingerprint = {item.fingerprint: item for item in findings}
    for fingerprint, suppression in found.items():
        assert by_fingerprint[fingerprint].kind is not FindingKind.SUPPRESSION
        assert suppression in findings
        assert suppression.silences is not None
        assert suppression.silences.tool == by_fingerprint[fingerprint].scanner


def test_very_long_findings_cost_no_more() -> None:
    findings = [mark(line=n, fingerprint=f"m{n}") for n in range(1, 2_000)]
    findings += [weakness(line=n, end=2**31, fingerprint=f"w{n}") for n in range(1, 2_000)]
    assert len(silenced(findings)) == 1_999
