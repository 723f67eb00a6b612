"""Which advisories matter here: what is exploited comes first, and what is not known is not shown as harmless."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine

from bot.domain.priority import Standing
from bot.store.desk import advisory_reads
from bot.store.engine import session, write_session
from scanners.finding import Severity
from tests.store.counting import counted
from tests.store.operations import (
    BANK,
    HIDDEN,
    SHOP,
    add_advisory,
    add_fact,
    add_rule_findings,
    count_advisories,
)
from tests.store.standing import add_project

MINE = frozenset({SHOP, BANK})


@pytest.fixture
def stocked(engine: Engine) -> Engine:
    with write_session(engine) as writing:
        for number, path in ((SHOP, "shop/backend"), (BANK, "bank/core"), (HIDDEN, "secret/plan")):
            add_project(writing, number, path)
        add_advisory(writing, "PYSEC-2026-1", "CVE-2026-1000", "GHSA-aaaa-bbbb-cccc")
        add_advisory(writing, "GHSA-dddd-eeee-ffff", "CVE-2026-2000", package="django")
        add_advisory(writing, "PYSEC-2026-3", package="hidden-thing")
        add_advisory(
            writing,
            "PYSEC-2020-9",
            "CVE-2020-9",
            modified=datetime(2020, 1, 1, tzinfo=UTC),
            withdrawn=datetime(2021, 1, 1, tzinfo=UTC),
        )
        count_advisories(writing, 4)
        add_fact(writing, "CVE-2026-1000", epss=0.5, kev=date(2026, 2, 1))
        add_fact(writing, "CVE-2026-2000", epss=0.01)
        add_rule_findings(writing, SHOP, 1, ("pip-audit", "PYSEC-2026-1"), 2, Severity.LOW)
        add_rule_findings(writing, HIDDEN, 1, ("pip-audit", "PYSEC-2026-1"), 50)
        add_rule_findings(writing, SHOP, 2, ("trivy", "CVE-2026-2000"), 1, Severity.CRITICAL)
        add_rule_findings(writing, BANK, 2, ("trivy", "CVE-2026-2000"), 4, Severity.HIGH)
        add_rule_findings(writing, SHOP, 3, ("trivy", "CVE-1999-0001"), 1, Severity.CRITICAL)
        add_rule_findings(writing, SHOP, 4, ("semgrep", "python.sql-injection"), 9, Severity.CRITICAL)
        add_rule_findings(writing, SHOP, 5, ("pip-audit", "PYSEC-2020-9"), 9, standing=Standing.CLOSED)
        add_rule_findings(writing, HIDDEN, 6, ("pip-audit", "PYSEC-2026-3"), 9)
    return engine


def test_those_that_are_exploited_come_first_then_the_severest(stocked: Engine) -> None:
    with session(stocked) as reading:
        page = advisory_reads.hits(reading, MINE)
    assert [(hit.name, hit.open, hit.projects, hit.worst) for hit in page.hits] == [
        ("PYSEC-2026-1", 2, 1, Severity.LOW),
        ("CVE-2026-2000", 5, 2, Severity.CRITICAL),
        ("CVE-1999-0001", 1, 1, Severity.CRITICAL),
    ]
    exploited, other, unknown = page.hits
    assert exploited.fact is not None
    assert exploited.fact.kev_added == date(2026, 2, 1)
    assert (other.advisory_id, other.summary) == ("GHSA-dddd-eeee-ffff", "django is weak")
    assert (unknown.advisory_id, unknown.fact) == ("", None)
    assert page.next == ""


def test_pages_of_hits_follow_each_other(stocked: Engine) -> None:
    with session(stocked) as reading:
        first = advisory_reads.hits(reading, MINE, limit=2)
        second = advisory_reads.hits(reading, MINE, after=first.next, limit=2)
        assert [hit.name for hit in (*first.hits, *second.hits)] == ["PYSEC-2026-1", "CVE-2026-2000", "CVE-1999-0001"]
        assert second.next == ""
        assert advisory_reads.hits(reading, frozenset()).hits == ()


@pytest.mark.parametrize(
    "text",
    ["PYSEC-2026-1", "cve-2026-1000", "ghsa-AAAA-bbbb-cccc", "CVE-2026-1000 "],
    ids=["id", "cve", "ghsa", "space"],
)
def test_an_advisory_is_found_by_any_of_its_names(stocked: Engine, text: str) -> None:
    with session(stocked) as reading:
        assert [found.id for found in advisory_reads.find(reading, text)] == ["PYSEC-2026-1"]


def test_an_advisory_is_found_by_its_package_and_withdrawn_ones_come_last(stocked: Engine) -> None:
    with session(stocked) as reading:
        found = advisory_reads.find(reading, "Flask")
        assert [one.id for one in found] == ["PYSEC-2026-1", "PYSEC-2020-9"]
        assert found[1].withdrawn is not None
        assert advisory_reads.find(reading, "fla%") == ()


def test_one_advisory_names_the_projects_that_one_sees(stocked: Engine) -> None:
    with session(stocked) as reading:
        known = advisory_reads.dossier(reading, "cve-2026-2000", MINE)
        assert known is not None
        assert known.id == "GHSA-dddd-eeee-ffff"
        assert known.projects == ((BANK, "bank/core", 4), (SHOP, "shop/backend", 1))
        assert known.rules == (("trivy", "CVE-2026-2000"),)
        hidden = advisory_reads.dossier(reading, "PYSEC-2026-3", MINE)
        assert hidden is not None
        assert (hidden.projects, hidden.rules, hidden.fact) == ((), (), None)
        assert advisory_reads.dossier(reading, "CVE-1999-0001", MINE) is None


def test_the_number_of_statements_does_not_follow_the_number_of_advisories(stocked: Engine) -> None:
    def ask() -> tuple[int, int]:
        with counted(stocked) as listed, session(stocked) as reading:
            advisory_reads.hits(reading, MINE)
        with counted(stocked) as searched, session(stocked) as reading:
            advisory_reads.find(reading, "flask")
        return len(listed), len(searched)

    few = ask()
    with write_session(stocked) as writing:
        for number in range(40):
            add_advisory(writing, f"PYSEC-2026-1{number:03}", f"CVE-2026-3{number:03}")
            add_rule_findings(writing, SHOP, 100 + number, ("pip-audit", f"PYSEC-2026-1{number:03}"))
    assert ask() == few == (5, 3)


def test_the_age_of_the_data_is_that_of_the_newest_document(stocked: Engine) -> None:
    with session(stocked) as reading:
        assert advisory_reads.age(reading) == advisory_reads.DataAge(4, date(2026, 2, 27))


def test_without_an_import_there_is_no_age(engine: Engine) -> None:
    with session(engine) as reading:
        assert advisory_reads.age(reading) == advisory_reads.DataAge(0, None)
