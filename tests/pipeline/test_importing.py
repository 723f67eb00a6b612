"""Reports of other tools get in whole or not at all, once, and with an account of what they brought: both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.known import KnownFinding, Whereabouts
from bot.domain.suppression import Standing, revoke
from bot.domain.triage import Justification, TriageState
from bot.observability.logs import configure_logging
from bot.observability.metrics import Metrics
from bot.pipeline.importing import ImportOutcome, ImportTarget, import_report
from bot.services import Services
from bot.settings import load_settings
from bot.store import audit as audit_log
from bot.store import findings, imports, licences, projects, suppressions, tracking
from bot.store.engine import session, write_session
from bot.store.statements import table
from bot.store.tables import AttributionRecord, FindingRecord, PresenceRecord, ReportImportRecord, StreamRecord
from bot.store.tracking import Ref
from scanners.imports.model import ReportError
from tests.store.counting import counted

PASSWORD = "Tr0ub4dor" + "-9xKq-Zebra"


_TABLES = tuple(
    table(record) for record in (FindingRecord, PresenceRecord, AttributionRecord, StreamRecord, ReportImportRecord)
)


class Desk:
    """A project of a store, and reports for it."""

    def __init__(self, services: Services, folder: Path) -> None:
        self.services = services
        self.folder = folder
        with write_session(services.store) as writing:
            self.project = projects.register_local(writing, "shop/backend")

    def take(self, document: object, name: str = "report.json", **options: Any) -> ImportOutcome:
        path = self.folder / name
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        iid, commit = options.pop("merge_request_iid", None), options.pop("commit", None)
        target = ImportTarget(self.project.id, "main", iid, commit)
        return import_report(self.services, path, target, **{"actor": "ada", **options})

    def known(self) -> list[KnownFinding]:
        with session(self.services.store) as reading:
            found = findings.page(reading, project_id=self.project.id).findings
        return sorted(found, key=lambda item: item.id)

    def rows(self) -> Mapping[str, list[tuple[object, ...]]]:
        with session(self.services.store) as reading:
            return {
                kind.name: [tuple(row) for row in reading.execute(select(kind).order_by(*kind.primary_key.columns))]
                for kind in _TABLES
            }


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    configure_logging("json", "CRITICAL", ())
    environment = {"MERGEWARDEN_DATA_DIR": str(tmp_path / "data"), "MERGEWARDEN_DATABASE_URL": database_url}
    (tmp_path / "data").mkdir()
    services = Services(load_settings(environment), Metrics())
    yield Desk(services, tmp_path)
    services.close()


def logged(desk: Desk) -> list[tuple[str, str, str]]:
    """What the audit log says was done, by whom, and who wrote the document."""
    with session(desk.services.store) as reading:
        return [(one.action, one.actor, one.details["author"]) for one in audit_log.stream(reading)]


def run(*results: Mapping[str, Any], tool: str = "CodeQL", **more: Any) -> dict[str, Any]:
    return {"tool": {"driver": {"name": tool, "version": "2"}}, "results": list(results), **more}


def sarif(*runs: Mapping[str, Any]) -> dict[str, Any]:
    return {"version": "2.1.0", "runs": list(runs)}


def result(rule: str = "py/a", path: str = "a.py", line: int = 1, **more: Any) -> dict[str, Any]:
    region = {"startLine": line, "snippet": {"text": more.pop("code", f"code_{rule}()")}}
    place = {"physicalLocation": {"artifactLocation": {"uri": path}, "region": region}}
    return {"ruleId": rule, "level": "error", "message": {"text": "bad"}, "locations": [place], **more}


def test_a_report_says_what_was_new_known_and_gone(desk: Desk) -> None:
    first = desk.take(sarif(run(result("py/a"), result("py/b", line=5))))
    assert (first.counts["new"], first.counts["known"], first.counts["gone"]) == (2, 0, 0)
    assert first.tools == ("CodeQL 2",)
    second = desk.take(sarif(run(result("py/b", line=7), result("py/c", line=9))))
    assert (second.counts["new"], second.counts["known"], second.counts["gone"]) == (1, 1, 1)
    assert [item.whereabouts for item in desk.known()] == [
        Whereabouts.NOWHERE,
        Whereabouts.DEFAULT_BRANCH,
        Whereabouts.DEFAULT_BRANCH,
    ]


def test_the_same_file_twice_is_once(desk: Desk) -> None:
    document = sarif(run(result()))
    first = desk.take(document)
    before = desk.rows()
    again = desk.take(document)
    assert again.repeated
    assert again.import_id == first.import_id
    assert desk.rows() == before


def test_the_same_findings_in_another_file_change_no_finding(desk: Desk) -> None:
    document = sarif(run(result("py/a"), result("py/a", line=3), result("py/b")))
    desk.take(document)
    before = desk.rows()
    again = desk.take(json.dumps(document) + "\n\n")
    assert not again.repeated
    assert again.counts["known"] == 3
    after = desk.rows()
    assert {name: after[name] for name in ("finding", "presence", "attribution")} == {
        name: before[name] for name in ("finding", "presence", "attribution")
    }


def test_a_file_comes_back_as_news_when_another_came_in_between(desk: Desk) -> None:
    old, new = sarif(run(result("py/a"))), sarif(run(result("py/b")))
    desk.take(old)
    desk.take(new)
    third = desk.take(old)
    assert not third.repeated
    assert (third.counts["returned"], third.counts["new"], third.counts["gone"]) == (1, 0, 1)


def test_a_finding_without_code_comes_back_to_its_place_and_has_to_be_confirmed(desk: Desk) -> None:
    old, new = sarif(run(result("py/a", code=""))), sarif(run(result("py/b", code="")))
    desk.take(old)
    desk.take(new)
    third = desk.take(old)
    assert (third.counts["returned"], third.counts["new"], third.counts["changed"]) == (1, 0, 1)


def test_each_tool_and_category_speaks_for_itself(desk: Desk) -> None:
    desk.take(sarif(run(result("py/a"))))
    desk.take(sarif(run(result("js/a", path="b.js"), automationDetails={"id": "javascript/"})))
    desk.take(sarif(run(tool="OtherTool")))
    assert {item.whereabouts for item in desk.known()} == {Whereabouts.DEFAULT_BRANCH}


def test_a_tool_that_says_it_failed_closes_nothing(desk: Desk) -> None:
    desk.take(sarif(run(result())))
    outcome = desk.take(sarif(run(invocations=[{"executionSuccessful": False}])))
    assert outcome.counts["failed"] == 1
    assert outcome.counts["gone"] == 0
    assert desk.known()[0].whereabouts is Whereabouts.DEFAULT_BRANCH


FAILED: dict[str, Any] = {"invocations": [{"executionSuccessful": False}]}


def heard(desk: Desk, iid: int = 3) -> list[tuple[str | None, str, int]]:
    """What is known of each tool about a merge request: its commit, how it failed, its findings."""
    with session(desk.services.store) as reading:
        said = tracking.said_by_others(reading, Ref(desk.project.id, f"!{iid}", iid, "main"))
    return [(one.state.commit, one.state.looked_with["failed"], len(one.findings)) for one in said]


@pytest.mark.parametrize("results", [(), (result(),)], ids=["nothing", "one result"])
def test_a_tool_that_says_it_failed_is_known_to_have_failed_whatever_it_found(
    desk: Desk, results: tuple[dict[str, Any], ...]
) -> None:
    desk.take(sarif(run(*results, **FAILED)), merge_request_iid=3, commit="a" * 40)
    ((commit, failed, found),) = heard(desk)
    assert (commit, found) == ("a" * 40, len(results))
    assert failed != ""


def test_a_tool_that_failed_takes_no_answer_about_the_same_commit_back(desk: Desk) -> None:
    answer, failure = sarif(run(result())), sarif(run(**FAILED))
    desk.take(answer, merge_request_iid=3, commit="a" * 40)
    desk.take(failure, merge_request_iid=3, commit="a" * 40)
    assert heard(desk) == [("a" * 40, "", 1)]
    # About a later commit nobody knows, until it answers.
    desk.take(failure, merge_request_iid=3, commit="b" * 40)
    ((commit, failed, found),) = heard(desk)
    assert (commit, failed != "", found) == ("b" * 40, True, 1)
    desk.take(sarif(run()), merge_request_iid=3, commit="b" * 40)
    assert heard(desk) == [("b" * 40, "", 0)]


def test_who_does_not_say_what_failed_to_be_looked_at_takes_no_answer_for_one_about_it(desk: Desk) -> None:
    desk.take(sarif(run(result())), merge_request_iid=3)
    desk.take(sarif(run(**FAILED)), merge_request_iid=3)
    ((_, failed, found),) = heard(desk)
    assert (failed != "", found) == (True, 1)


def test_the_report_of_a_tool_that_failed_is_taken_in_once(desk: Desk) -> None:
    failure = sarif(run(**FAILED))
    assert not desk.take(failure, merge_request_iid=3, commit="a" * 40).repeated
    assert desk.take(failure, merge_request_iid=3, commit="a" * 40).repeated


def test_a_branch_is_compared_with_the_last_answer_and_not_with_a_failure(desk: Desk) -> None:
    desk.take(sarif(run(result())), commit="a" * 40)
    before = desk.rows()
    desk.take(sarif(run(**FAILED)), commit="b" * 40)
    after = desk.rows()
    assert {name: after[name] for name in before if name != "report_import"} == {
        name: before[name] for name in before if name != "report_import"
    }


def test_a_rejected_result_is_named_and_keeps_what_it_may_have_been(desk: Desk) -> None:
    desk.take(sarif(run(result())))
    outcome = desk.take(sarif(run(result(path="../../etc/passwd"), result("py/b"))))
    assert outcome.counts["rejected"] == 1
    assert outcome.rejected[0].where == "runs[0].results[0]"
    assert outcome.counts["gone"] == 0


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [{"ruleId"', "report.json"),
        ("[" * 100_000, "report.json"),
        ("", "report.json"),
        ('{"hello": 1}', "report.json"),
    ],
)
def test_a_report_that_cannot_be_trusted_is_refused_and_stores_nothing(desk: Desk, text: str, place: str) -> None:
    desk.take(sarif(run(result())), "good.json")
    before = desk.rows()
    with pytest.raises(ReportError, match=place):
        desk.take(text)
    assert desk.rows() == before


def test_a_result_that_breaks_off_in_the_middle_of_the_second_tool_stores_nothing_of_the_first(desk: Desk) -> None:
    text = json.dumps(sarif(run(result()), run(result("py/b"), tool="Second")))
    with pytest.raises(ReportError):
        desk.take(text[:-40])
    assert desk.rows()["finding"] == []
    assert desk.rows()["report_import"] == []


def test_no_value_of_a_secret_is_stored(desk: Desk) -> None:
    leak = {
        "RuleID": "generic-api-key",
        "Description": "key",
        "StartLine": 3,
        "EndLine": 3,
        "Match": f'password = "{PASSWORD}"',
        "Secret": PASSWORD,
        "File": "a.py",
        "Commit": "",
        "Fingerprint": "a.py:generic-api-key:3",
    }
    desk.take([leak])
    assert len(desk.known()) == 1
    assert PASSWORD not in repr(desk.rows())


def test_two_tools_that_mean_one_weakness_are_one_finding(desk: Desk) -> None:
    cwe = {"properties": {"tags": ["external/cwe/cwe-089"]}}
    first = run(result("py/sql", line=5))
    first["tool"]["driver"]["rules"] = [{"id": "py/sql", **cwe}]
    second = run(result("S3649", line=5), tool="Sonar")
    second["tool"]["driver"]["rules"] = [{"id": "S3649", **cwe}]
    desk.take(sarif(first))
    outcome = desk.take(sarif(second))
    assert (outcome.counts["new"], outcome.counts["known"]) == (0, 1)
    (item,) = desk.known()
    with session(desk.services.store) as reading:
        seen = {w.scanner: w.explanation for w in findings.witnesses(reading, item.id)}
    assert seen["CodeQL"] == ""
    assert f"same as #{item.id}: CodeQL reports a related weakness (CWE-89)" in seen["Sonar"]


def vex(status: str, **more: Any) -> dict[str, Any]:
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.com/vex-1",
        "author": "Product Security",
        "timestamp": "2026-03-01T12:00:00Z",
        "version": 1,
        "statements": [
            {
                "vulnerability": {"name": "CVE-2099-1"},
                "products": [{"@id": "pkg:pypi/requests@2.0"}],
                "status": status,
                **more,
            }
        ],
    }


def audit() -> dict[str, Any]:
    return {
        "dependencies": [
            {
                "name": "requests",
                "version": "2.0",
                "vulns": [
                    {"id": "PYSEC-2099-1", "fix_versions": ["2.1"], "aliases": ["CVE-2099-1"], "description": "x"}
                ],
            }
        ],
        "fixes": [],
    }


def test_a_vex_document_makes_an_exception_that_ends_and_the_same_again_makes_none(desk: Desk) -> None:
    desk.take(audit())
    assert not desk.known()[0].suppressed
    document = vex("not_affected", justification="vulnerable_code_not_in_execute_path")
    outcome = desk.take(document, "vex.json")
    assert outcome.counts["statements"] == 1
    desk.take(json.dumps(document) + "\n", "vex.json")
    with session(desk.services.store) as reading:
        (made,) = suppressions.all_for(reading, desk.project.id)
    assert (made.advisory, made.package) == ("CVE-2099-1", "requests")
    assert made.justification is Justification.NOT_APPLICABLE
    assert "vulnerable_code_not_in_execute_path" in made.reason
    assert made.created_by == "Product Security"
    assert (made.expires_at - made.created_at).days == 365
    (item,) = desk.known()
    assert item.suppressed
    assert item.judgement.state is TriageState.DETECTED
    assert logged(desk) == [("suppression.made", "ada", "Product Security")]


@pytest.mark.parametrize("actor", ["pipeline 17", "token 3 (shop-ci)"])
def test_what_a_pipeline_says_is_no_exception_before_a_person_agrees(desk: Desk, actor: str) -> None:
    """Whoever opens a merge request can make its pipeline say anything, in anybody's name."""
    desk.take(audit())
    desk.take(vex("not_affected", justification="component_not_present"), "vex.json", actor=actor)
    with session(desk.services.store) as reading:
        (made,) = suppressions.all_for(reading, desk.project.id)
    assert made.standing(made.created_at) is Standing.WAITING
    assert not desk.known()[0].suppressed


def test_what_is_said_for_a_merge_request_is_no_exception_either(desk: Desk) -> None:
    desk.take(audit())
    desk.take(vex("not_affected", justification="component_not_present"), "vex.json", merge_request_iid=3)
    assert not desk.known()[0].suppressed


def test_an_exception_that_a_person_ended_does_not_begin_anew_with_the_next_report(desk: Desk) -> None:
    desk.take(audit())
    document = vex("not_affected", justification="component_not_present")
    desk.take(document, "vex.json")
    with write_session(desk.services.store) as writing:
        (made,) = suppressions.all_for(writing, desk.project.id)
        suppressions.revoke(writing, revoke(made, actor="grace", now=made.created_at))
    desk.take(json.dumps(document) + "\n", "vex.json")
    assert not desk.known()[0].suppressed


def test_a_vex_document_that_says_affected_confirms(desk: Desk) -> None:
    desk.take(audit())
    desk.take(vex("affected", action_statement="update"), "vex.json")
    (item,) = desk.known()
    assert (item.judgement.state, item.judgement.actor) == (TriageState.CONFIRMED, "Product Security")
    assert logged(desk) == [("finding.decided", "ada", "Product Security")]


def test_who_says_affected_takes_back_his_own_exception(desk: Desk) -> None:
    desk.take(audit())
    desk.take(vex("not_affected", justification="component_not_present"), "vex.json")
    assert desk.known()[0].suppressed
    desk.take(vex("affected", action_statement="update"), "vex.json")
    assert not desk.known()[0].suppressed
    assert [action for action, _, _ in logged(desk)] == ["suppression.made", "suppression.revoked", "finding.decided"]


def test_the_licences_of_a_bill_of_materials_are_kept_for_the_project(desk: Desk) -> None:
    component = {"name": "requests", "purl": "pkg:pypi/requests@2.0", "licenses": [{"license": {"id": "Apache-2.0"}}]}
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [component], "vulnerabilities": []}
    for _ in range(2):
        assert desk.take(bom).counts["rejected"] == 0
    release = ("PyPI", "requests", "2.0")
    with session(desk.services.store) as reading:
        assert licences.licences_of(reading, desk.project.id, [release]) == {release: ("Apache-2.0",)}
        assert licences.licences_of(reading, desk.project.id + 1, [release]) == {}


def test_the_account_of_an_import_can_be_read_later(desk: Desk) -> None:
    outcome = desk.take(sarif(run(result(), result(path="/abs/x.py"))), commit="a" * 40)
    with session(desk.services.store) as reading:
        recorded = imports.get_import(reading, desk.project.id, outcome.import_id)
    assert recorded is not None
    assert recorded.counts == dict(outcome.counts)
    assert recorded.commit == "a" * 40
    assert [where for where, _ in recorded.rejected] == ["runs[0].results[1]"]


def test_the_number_of_statements_does_not_grow_with_the_findings(desk: Desk) -> None:
    numbers = []
    for size in (4, 400):
        results = [result(f"py/{n % 5}", f"{size}/{n % 9}.py", n + 1, code=f"c{n}") for n in range(size)]
        changed = [result(f"py/{n % 5}", f"{size}/{n % 9}.py", n + 9, code=f"c{n}") for n in range(size // 2)]
        counts = []
        for part in (results, changed):
            with counted(desk.services.store) as statements:
                desk.take(sarif(run(*part, tool=f"Tool{size}")))
            counts.append(len(statements))
        numbers.append(counts)
    assert numbers[0] == numbers[1]


def test_a_report_above_the_limit_is_refused(desk: Desk) -> None:
    settings = desk.services.settings.model_copy(update={"max_report_bytes": 20_000})
    desk.services.settings = settings
    with pytest.raises(ReportError, match=r"report\.json"):
        desk.take(sarif(run(*(result(line=n + 1) for n in range(500)))))
    assert desk.rows()["finding"] == []
