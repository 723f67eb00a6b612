"""Facts about findings: who says what, who says nothing, and in how many statements."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine

from bot.domain.circumstances import Facts
from bot.domain.verdict import Presence, TrackedFinding
from bot.store import licences
from bot.store.engine import session, write_session
from bot.store.exploits import import_epss, import_kev
from bot.store.facts import facts_of
from scanners.finding import Finding
from scanners.imports.model import PackageLicences
from tests.domain.builders import finding, package
from tests.store.counting import counted
from tests.store.known import BANK, FIRST, SHOP, add_finding, add_projects
from tests.store.test_exploits import NOW, epss, kev


def vulnerable(mark: str, *aliases: str, name: str = "requests", version: str = "2.0") -> Finding:
    return replace(package(name, version, advisory=f"GHSA-{mark}", aliases=aliases), fingerprint=mark)


def fill(engine: Engine) -> None:
    with write_session(engine) as writing:
        import_epss(writing, io.BytesIO(epss("CVE-2021-1111,0.2,0.5", "CVE-2021-2222,0.7,0.9")), now=NOW)
        import_kev(writing, io.BytesIO(kev("CVE-2021-1111")), now=NOW)


def facts(engine: Engine, *found: Finding | TrackedFinding, project_id: int | None = SHOP) -> dict[str, Facts]:
    tracked = [one if isinstance(one, TrackedFinding) else TrackedFinding(one, Presence.NEW) for one in found]
    with session(engine) as reading:
        return dict(facts_of(reading, tracked, project_id=project_id))


def test_the_worst_of_all_its_names_counts(engine: Engine) -> None:
    fill(engine)
    assert facts(engine, vulnerable("a", "CVE-2021-1111", "CVE-2021-2222")) == {"a": Facts(epss=0.7, kev=True)}
    assert facts(engine, vulnerable("a", "cve-2021-2222")) == {"a": Facts(epss=0.7, kev=False)}


def test_what_a_list_leaves_out_is_not_known_to_be_exploited_and_has_no_score(engine: Engine) -> None:
    fill(engine)
    assert facts(engine, vulnerable("a", "CVE-2026-9999")) == {"a": Facts(kev=False)}


def test_nothing_is_known_where_nobody_could_look(engine: Engine) -> None:
    assert facts(engine, vulnerable("a", "CVE-2021-1111"), finding(fingerprint="b")) == {}
    fill(engine)
    assert facts(engine, vulnerable("no CVE id"), finding(fingerprint="b")) == {}


def test_fixed_findings_and_those_without_identity_are_left_out(engine: Engine) -> None:
    fill(engine)
    gone = TrackedFinding(vulnerable("a", "CVE-2021-1111"), Presence.FIXED)
    assert facts(engine, gone, vulnerable("", "CVE-2021-1111")) == {}


def test_age_counts_from_when_the_project_saw_it_first(engine: Engine) -> None:
    with write_session(engine) as writing:
        add_projects(writing)
        add_finding(writing, 812)
    known = TrackedFinding(finding(fingerprint="a"), Presence.EXISTING, number=812)
    unheard_of = TrackedFinding(finding(fingerprint="b"), Presence.NEW, number=999)
    assert facts(engine, known, unheard_of) == {"a": Facts(first_seen=FIRST.date())}


def test_licences_are_those_of_the_very_release_in_the_very_project(engine: Engine) -> None:
    with write_session(engine) as writing:
        said = [
            PackageLicences("PyPI", "Requests", "2.0", ("Apache-2.0",)),
            PackageLicences("PyPI", "requests", "3.0", ("AGPL-3.0-only",)),
            PackageLicences("npm", "requests", "2.0", ("MIT",)),
        ]
        assert licences.record(writing, SHOP, said) == 3
    found = vulnerable("a")
    assert facts(engine, found) == {"a": Facts(licences=("Apache-2.0",))}
    assert facts(engine, found, project_id=BANK) == facts(engine, found, project_id=None) == {}


def test_a_later_report_takes_no_licence_away(engine: Engine) -> None:
    """Else whoever may bring a report could bring one that gets a package past a rule."""
    with write_session(engine) as writing:
        licences.record(writing, SHOP, [PackageLicences("PyPI", "requests", "2.0", ("AGPL-3.0-only",))])
        assert licences.record(writing, SHOP, [PackageLicences("PyPI", "requests", "2.0", ("MIT",))]) == 1
        assert licences.record(writing, SHOP, [PackageLicences("PyPI", "requests", "2.0", ("MIT",))]) == 0
        assert licences.record(writing, SHOP, [PackageLicences("PyPI", "requests", "2.0", ())]) == 0
    assert facts(engine, vulnerable("a"))["a"].licences == ("AGPL-3.0-only", "MIT")


def test_a_name_that_no_index_holds_is_left_out(engine: Engine) -> None:
    with write_session(engine) as writing:
        assert licences.record(writing, SHOP, [PackageLicences("npm", "x" * 401, "1", ("MIT",))]) == 0


def test_a_forgotten_project_leaves_nothing(engine: Engine) -> None:
    with write_session(engine) as writing:
        for project in (SHOP, BANK):
            licences.record(writing, project, [PackageLicences("PyPI", "requests", "2.0", ("MIT",))])
        licences.forget_project(writing, SHOP)
    assert facts(engine, vulnerable("a")) == {}
    assert facts(engine, vulnerable("a"), project_id=BANK) == {"a": Facts(licences=("MIT",))}


@pytest.mark.parametrize("count", [2, 2_000])
def test_statements_do_not_grow_with_the_findings(engine: Engine, count: int) -> None:
    fill(engine)
    with write_session(engine) as writing:
        add_projects(writing)
        add_finding(writing, 1)
        licences.record(writing, SHOP, [PackageLicences("PyPI", f"p{n}", "1", ("MIT",)) for n in range(count)])
    tracked = [
        TrackedFinding(
            vulnerable(f"f{n}", f"CVE-2021-{1111 + n}", name=f"p{n}", version="1"), Presence.NEW, number=n + 1
        )
        for n in range(count)
    ]
    with session(engine) as reading, counted(engine) as sent:
        found = facts_of(reading, tracked, project_id=SHOP)
    assert (len(found), len(sent)) == (count, 4)
    assert found["f0"] == Facts(0.2, True, ("MIT",), FIRST.date())
    assert found["f0"].first_seen != date.max
