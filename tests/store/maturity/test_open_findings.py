"""Which findings a change can take away: those that count as open on the default branch, found in one statement."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from bot.domain.maturity.change_effect import OpenFinding
from bot.domain.suppression import Scope
from bot.domain.triage import Justification, TriageState
from bot.store import suppressions
from bot.store.engine import session, write_session
from bot.store.maturity.open_findings import open_among
from bot.store.tracking import Ref
from scanners.finding import Finding, FindingKind, Severity
from tests.store.counting import counted
from tests.store.maturity.story import BANK, SHOP, Story, at, code, exception, merge_request, package, secret


@pytest.fixture
def story(engine: Engine) -> Story:
    return Story(engine)


def excepts(story: Story, **about: object) -> None:
    with write_session(story.engine) as writing:
        suppressions.create(writing, exception(**about))


def found(story: Story, *findings: Finding, numbers: tuple[int, ...] = (), project_id: int = SHOP) -> list[OpenFinding]:
    with session(story.engine) as reading:
        return list(open_among(reading, project_id, numbers, findings))


def test_what_is_open_there_is_found_by_number_and_by_name(story: Story) -> None:
    one, two, three, four = story.sees(at(0), code("a"), code("b", Severity.LOW), secret(), package())
    as_counted = [
        OpenFinding(one, "a", Severity.HIGH, FindingKind.SAST),
        OpenFinding(two, "b", Severity.LOW, FindingKind.SAST),
        OpenFinding(three, "key", secret().severity, FindingKind.SECRET),
        OpenFinding(four, package().fingerprint, package().severity, FindingKind.DEPENDENCY),
    ]
    assert found(story, code("a"), code("b"), secret(), package()) == as_counted
    assert found(story, numbers=(one, two, three, four)) == as_counted
    assert found(story, code("a"), numbers=(one, two)) == as_counted[:2]
    # As the branch counts it, whatever a scan with newer rules says of it.
    assert found(story, code("a", Severity.INFO)) == as_counted[:1]


def test_what_does_not_count_there_is_not_found(story: Story) -> None:
    dismissed, resolved, _ = story.sees(at(0), code("a"), code("b"), code("gone"))
    story.sees(at(1), code("a"), code("b"))
    (elsewhere,) = story.sees(at(1), code("c"), ref=merge_request(7))
    story.judges(at(1), dismissed, TriageState.DISMISSED, Justification.ACCEPTABLE_RISK)
    excepts(story, finding_id=dismissed, code="a")
    story.judges(at(1), resolved, TriageState.RESOLVED)
    assert found(story, code("a"), code("b"), code("c"), code("gone"), numbers=(dismissed, resolved, elsewhere)) == []


def test_an_exception_by_rule_closes_what_it_covers(story: Story) -> None:
    one, two = story.sees(at(0), code("a"), code("b"))
    excepts(story, scope=Scope.RULE, scanner=code().scanner, rule_id=code().rule_id, path="a.py")
    assert [item.number for item in found(story, numbers=(one, two))] == [two]
    # One that is over covers nothing.
    excepts(story, scope=Scope.RULE, scanner=code().scanner, rule_id=code().rule_id, path="b.py", expires_at=at(2))
    assert [item.number for item in found(story, numbers=(one, two))] == [two]


def test_the_same_code_of_another_file_or_project_is_another_finding(story: Story) -> None:
    story.sees(at(0), code("a"))
    (theirs,) = story.sees(at(0), code("b"), ref=Ref(BANK, "main", is_default=True))
    assert found(story, replace(code("a"), fingerprint="elsewhere"), numbers=(theirs,)) == []
    assert [item.number for item in found(story, code("b"), project_id=BANK)] == [theirs]


def test_it_is_one_statement_for_all_and_none_for_nothing(story: Story) -> None:
    findings = [code(f"f{n}") for n in range(60)]
    numbers = story.sees(at(0), *findings)
    with counted(story.engine) as seen:
        assert len(found(story, *findings, numbers=numbers)) == 60
    assert len(seen) == 1
    with counted(story.engine) as seen:
        assert found(story) == []
    assert len(seen) == 0


def test_without_a_mark_of_its_own_a_finding_is_known_by_its_number_alone(story: Story) -> None:
    nameless = replace(code("a"), fingerprint="", match_hash="")
    (one,) = story.sees(at(0), nameless)
    story.sees(at(0) + timedelta(hours=1), nameless, replace(nameless, rule_id="other"))
    assert [item.number for item in found(story, numbers=(one,))] == [one]
    assert found(story, nameless) == []
