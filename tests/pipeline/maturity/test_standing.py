"""How projects, groups and everything stand, and what a change does to a score, from what is in the store."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text, update

from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.triage import Justification, TriageState
from bot.domain.verdict import Presence, ScanReport, Suppressed, TrackedFinding
from bot.observability.metrics import Metrics
from bot.pipeline.maturity.snapshots import take_night
from bot.pipeline.maturity.standing import effect_of, project_url, score_lines, standing_of
from bot.services import Services
from bot.settings import Settings
from bot.store import suppressions
from bot.store.engine import write_session
from bot.store.maturity import attestations, counting
from bot.store.maturity_tables import ProjectDayRecord
from bot.store.projects import Project, upsert_projects
from bot.store.statements import table
from scanners.finding import Severity
from tests.domain.maturity import worlds
from tests.domain.maturity.projects import SCANNERS
from tests.domain.maturity.test_change_effect import FINE
from tests.reports import samples
from tests.store.counting import counted
from tests.store.maturity.story import SHOP, Story, at, code, exception

NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)
PATHS = {1: "shop/web", 2: "shop/core", 3: "bank/core"}
GOOD = FINE.tally()
BAD = FINE.without(SCANNERS[0]).tally()
CRITICAL = replace(
    samples.PASSED, tracked=(TrackedFinding(replace(samples.SQL, severity=Severity.CRITICAL), Presence.NEW),)
)


@pytest.fixture
def services(database_url: str, tmp_path: Path) -> Iterator[Services]:
    made = with_settings(database_url, tmp_path)
    with write_session(made.store) as writing:
        upsert_projects(writing, [Project(number, path, default_branch="main") for number, path in PATHS.items()])
    yield made
    made.close()


def with_settings(database_url: str, folder: Path, **more: object) -> Services:
    settings = Settings(data_dir=folder, database_url=SecretStr(database_url), **more)  # type: ignore[arg-type]
    return Services(settings, Metrics())


def count(services: Services, number: int, tally: Mapping[str, int], day: date | None = None) -> None:
    with write_session(services.store) as writing:
        counting.keep_days(writing, {(number, day or NOW.date() - timedelta(days=1)): tally})


def test_what_was_never_counted_has_no_standing(services: Services) -> None:
    assert standing_of(services, Scope.of_project(1), "shop/web", NOW) is None
    assert standing_of(services, Scope.of_group("shop"), "", NOW) is None
    assert standing_of(services, ORGANISATION, "", NOW) is None
    assert effect_of(services, 1, "shop/web", samples.PASSED, NOW) is None
    assert [(line.project.path, line.counted, line.score) for line in score_lines(services, "engineering", NOW)] == [
        ("bank/core", False, None),
        ("shop/core", False, None),
        ("shop/web", False, None),
    ]


def test_without_a_snapshot_it_is_rated_now_and_with_one_that_counts(services: Services) -> None:
    for number in PATHS:
        count(services, number, GOOD if number != 3 else BAD)
    for scope, path in ((Scope.of_project(1), "shop/web"), (Scope.of_group("shop"), ""), (ORGANISATION, "")):
        now = standing_of(services, scope, path, NOW)
        assert now is not None
        assert now.snapshot is None
    take_night(services, NOW)
    lines = score_lines(services, "engineering", NOW)
    assert {line.day for line in lines} == {NOW.date() - timedelta(days=1)}
    for scope, path in ((Scope.of_project(1), "shop/web"), (Scope.of_group("shop"), ""), (ORGANISATION, "")):
        kept = standing_of(services, scope, path, NOW)
        assert kept is not None
        assert kept.snapshot is not None
        assert set(kept.models) == {result.model_digest for result in kept.content.results}


def test_what_is_rated_now_is_what_the_next_snapshot_says(services: Services) -> None:
    for number in PATHS:
        count(services, number, GOOD if number != 3 else BAD)
    before = {
        line.project.id: (line.score, line.level, line.known) for line in score_lines(services, "engineering", NOW)
    }
    now = {scope: standing_of(services, scope, "", NOW) for scope in (Scope.of_group("shop"), ORGANISATION)}
    take_night(services, NOW)
    after = {
        line.project.id: (line.score, line.level, line.known) for line in score_lines(services, "engineering", NOW)
    }
    assert before == after
    assert before[1][0] != before[3][0]
    for scope, rated in now.items():
        kept = standing_of(services, scope, "", NOW)
        assert rated is not None
        assert kept is not None
        assert rated.content.results == kept.content.results


def test_only_projects_that_are_served_count(services: Services, database_url: str, tmp_path: Path) -> None:
    for number in PATHS:
        count(services, number, GOOD)
    narrow = with_settings(database_url, tmp_path, projects=("shop/*",))
    assert [line.project.path for line in score_lines(narrow, "engineering", NOW)] == ["shop/core", "shop/web"]
    found = standing_of(narrow, ORGANISATION, "", NOW)
    assert found is not None
    assert [number for number, _ in found.content.inputs.projects or ()] == [1, 2]
    narrow.close()


def test_the_number_of_statements_does_not_depend_on_the_number_of_projects(services: Services) -> None:
    for number in PATHS:
        count(services, number, GOOD)
    with counted(services.store) as statements:
        score_lines(services, "engineering", NOW)
    assert len(statements) <= 4
    with counted(services.store) as statements:
        standing_of(services, ORGANISATION, "", NOW)
    assert len(statements) <= 6


DROPPED = replace(samples.PASSED, tracked=(TrackedFinding(code("old"), Presence.FIXED),))
"""A change that takes the code of a finding away."""


def before_and_after(
    services: Services, report: ScanReport, suppressed: Collection[Suppressed] = ()
) -> tuple[int | None, int | None]:
    found = effect_of(services, SHOP, "shop/backend", report, NOW, suppressed=suppressed)
    assert found is not None
    assert found.after is not None
    return found.before.score, found.after.score


def test_what_was_dismissed_is_not_mended_by_taking_its_code_away(services: Services) -> None:
    story = Story(services.store)
    dismissed, _ = story.sees(at(0), code("old"), code("real"))
    story.judges(at(1), dismissed, TriageState.DISMISSED, Justification.ACCEPTABLE_RISK)
    with write_session(services.store) as writing:
        suppressions.create(writing, exception(finding_id=dismissed, code="old"))
    count(services, SHOP, GOOD | {"open.high": 1})
    before, after = before_and_after(services, DROPPED)
    assert before == after
    # Nor by editing it: as it is then, nobody has judged it.
    edited = replace(code("old"), match_hash="edited", fingerprint="edited")
    changed = TrackedFinding(edited, Presence.CHANGED, previous=code("old"), number=dismissed)
    before, after = before_and_after(services, replace(samples.PASSED, tracked=(changed,)))
    worse = TrackedFinding(edited, Presence.NEW)
    assert (before, after) == before_and_after(services, replace(samples.PASSED, tracked=(worse,)))


def test_what_lies_open_is_mended_by_taking_its_code_away(services: Services) -> None:
    story = Story(services.store)
    (number,) = story.sees(at(0), code("old"))
    count(services, SHOP, GOOD | {"open.high": 1})
    with counted(services.store) as statements:
        before, after = before_and_after(services, DROPPED)
    assert len(statements) <= 3
    assert (before or 0) < (after or 0)
    edited = TrackedFinding(code("old", Severity.INFO), Presence.CHANGED, previous=code("old"), number=number)
    assert before_and_after(services, replace(samples.PASSED, tracked=(edited,))) == (before, after)


def test_an_exception_that_the_gate_does_not_need_keeps_a_finding_from_the_score(services: Services) -> None:
    Story(services.store).sees(at(0), code("old"))
    count(services, SHOP, GOOD)
    assert not CRITICAL.decision.suppressed
    mark = CRITICAL.tracked[0].finding.fingerprint
    before, worse = before_and_after(services, CRITICAL)
    assert (worse or 0) < (before or 0)
    assert before_and_after(services, CRITICAL, [Suppressed(mark, 7, "by rule")]) == (before, before)
    # A comment in the code closes nothing on the default branch.
    assert before_and_after(services, CRITICAL, [Suppressed(mark, None, "# nosec")]) == (before, worse)


def test_a_change_that_brings_something_lowers_the_score_in_two_statements(services: Services) -> None:
    count(services, 1, GOOD)
    with counted(services.store) as statements:
        found = effect_of(services, 1, "shop/web", CRITICAL, NOW)
    assert len(statements) <= 2
    assert found is not None
    assert found.before.score is not None
    assert found.after is not None
    assert found.after.score is not None
    assert found.after.score < found.before.score
    assert found.before.level is not None
    assert found.inferred


def test_peoples_words_count_where_a_model_asks_people(services: Services) -> None:
    count(services, 1, GOOD)
    with write_session(services.store) as writing:
        word = replace(worlds.attestation(of="caict-ydt3763-6"), made_at=NOW - timedelta(days=2))
        kept = attestations.add(writing, replace(word, demand_id="6.5-2-03"))
        attestations.add(writing, replace(word, demand_id="6.5-2-01"))
    found = standing_of(services, Scope.of_project(1), "shop/web", NOW)
    assert found is not None
    result = found.content.result("caict-ydt3763-6")
    assert result is not None
    assert result.item("6.5").level == 2
    assert [one.attestation_id for one in result.item("6.5").demands] == [None, None, kept.id, None, None, None]


def test_a_model_that_is_not_there_leaves_the_line_out(database_url: str, tmp_path: Path) -> None:
    other = with_settings(database_url, tmp_path, maturity_model="forgotten")
    assert effect_of(other, 1, "shop/web", samples.PASSED, NOW) is None
    other.close()


def test_whatever_goes_wrong_leaves_the_line_out(services: Services) -> None:
    """A verdict must not wait for this line, and must not fail because of it."""
    count(services, 1, GOOD)
    assert effect_of(services, 1, "shop/web", samples.PASSED, NOW) is not None
    with write_session(services.store) as writing:
        writing.execute(text("ALTER TABLE attestation RENAME TO elsewhere"))
    assert effect_of(services, 1, "shop/web", samples.PASSED, NOW) is None


def test_damaged_counts_cost_a_project_its_score_and_nobody_else(services: Services) -> None:
    for number in PATHS:
        count(services, number, GOOD)
    days = table(ProjectDayRecord)
    with write_session(services.store) as writing:
        writing.execute(update(days).where(days.c.project_id == 1).values(counters=[1]))
    assert effect_of(services, 1, "shop/web", samples.PASSED, NOW) is None
    scores = {line.project.id: line.score for line in score_lines(services, "engineering", NOW)}
    assert scores[1] is None
    assert scores[2] == scores[3]
    assert scores[2] is not None
    found = standing_of(services, ORGANISATION, "", NOW)
    assert found is not None
    assert len(found.content.inputs.projects or ()) == 3


def test_a_customers_model_rates_merge_requests(services: Services, database_url: str, tmp_path: Path) -> None:
    from tests.domain.maturity.test_model_file import SMALL

    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "ours.yaml").write_text(SMALL, encoding="utf-8")
    (folder / "broken.yaml").write_text("id: [", encoding="utf-8")
    count(services, 1, GOOD)
    own = with_settings(database_url, tmp_path, maturity_model="ours", maturity_folder=folder)
    found = effect_of(own, 1, "shop/web", samples.PASSED, NOW)
    assert found is not None
    assert (found.before.score, found.before.level, found.inferred) == (50, 1, False)
    own.close()


def test_the_page_of_a_project_has_an_address_where_we_have_one(tmp_path: Path) -> None:
    assert project_url(Settings(data_dir=tmp_path), 7) is None
    there = Settings(data_dir=tmp_path, public_url="https://gate.example.com")
    assert project_url(there, 7) == "https://gate.example.com/projects/7"
