"""What a project says about vulnerabilities, in CycloneDX and OpenVEX."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pytest

from bot.domain.known import KnownFinding, Whereabouts
from bot.domain.triage import Judgement, Justification, TriageState
from bot.reports.exports.purl import project_purl, purl_of
from bot.reports.exports.subject import ExportSubject
from bot.reports.exports.vex import statements
from scanners.finding import Dependency, Location
from tests.reports.exports.samples import BY_ADVISORY, NOW, RICH, SUBJECT, export, known
from tests.reports.samples import DEPENDENCY, UNFIXED_DEPENDENCY

DJANGO = "pkg:pypi/django@3.2.1"
REASON = "the vulnerable form is not used"


def said(state: TriageState, justification: Justification | None = None) -> Judgement:
    return Judgement(state, justification, REASON, "anna", NOW)


def dismissed(justification: Justification) -> KnownFinding:
    return known(DEPENDENCY, 9, judgement=said(TriageState.DISMISSED, justification), suppressed=True)


def openvex(*found: KnownFinding) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = json.loads(export("openvex", found))["statements"]
    return made


def cyclonedx(*found: KnownFinding) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(export("cyclonedx-vex", found))
    return made


@pytest.mark.parametrize(
    ("item", "status", "justification", "state", "cyclonedx_justification"),
    [
        (known(DEPENDENCY, 9), "under_investigation", None, "in_triage", None),
        (known(DEPENDENCY, 9, judgement=said(TriageState.CONFIRMED)), "affected", None, "exploitable", None),
        (dismissed(Justification.ACCEPTABLE_RISK), "affected", None, "exploitable", None),
        (
            dismissed(Justification.FALSE_POSITIVE),
            "not_affected",
            "vulnerable_code_not_present",
            "false_positive",
            None,
        ),
        (
            dismissed(Justification.NOT_APPLICABLE),
            "not_affected",
            "vulnerable_code_not_in_execute_path",
            "not_affected",
            "code_not_reachable",
        ),
        (
            dismissed(Justification.USED_IN_TESTS),
            "not_affected",
            "vulnerable_code_not_in_execute_path",
            "not_affected",
            "requires_environment",
        ),
        (
            dismissed(Justification.MITIGATING_CONTROL),
            "not_affected",
            "inline_mitigations_already_exist",
            "not_affected",
            "protected_by_mitigating_control",
        ),
        (
            replace(dismissed(Justification.FALSE_POSITIVE), suppressed=False),
            "under_investigation",
            None,
            "in_triage",
            None,
        ),
        (known(DEPENDENCY, 9, judgement=said(TriageState.RESOLVED)), "fixed", None, "resolved", None),
        (known(DEPENDENCY, 9, where=Whereabouts.NOWHERE), "fixed", None, "resolved", None),
    ],
    ids=lambda value: value.judgement.state.value if isinstance(value, KnownFinding) else None,
)
def test_judgements_become_statuses(
    item: KnownFinding, status: str, justification: str | None, state: str, cyclonedx_justification: str | None
) -> None:
    (statement,) = openvex(item)
    assert (statement["status"], statement.get("justification")) == (status, justification)
    (vulnerability,) = cyclonedx(item)["vulnerabilities"]
    analysis = vulnerability["analysis"]
    assert (analysis["state"], analysis.get("justification")) == (state, cyclonedx_justification)


def test_a_suppression_by_advisory_is_a_statement_too() -> None:
    item = known(DEPENDENCY, 9, suppression=BY_ADVISORY)
    (statement,) = openvex(item)
    assert (statement["status"], statement["justification"]) == ("not_affected", "vulnerable_code_not_in_execute_path")
    assert statement["impact_statement"] == "the vendor says so"
    assert statement["status_notes"] == (
        "Mergewarden finding #9: dismissed as not_applicable by bo + anna on 2026-05-04"
    )
    # What a person called true of this finding is true, whatever was said about the advisory.
    (confirmed,) = openvex(replace(item, judgement=said(TriageState.CONFIRMED)))
    assert confirmed["status"] == "affected"


def test_an_accepted_risk_says_so_and_is_never_called_harmless() -> None:
    item = dismissed(Justification.ACCEPTABLE_RISK)
    (statement,) = openvex(item)
    assert REASON in statement["action_statement"]
    assert statement["action_statement_timestamp"] == "2026-05-04T09:30:00Z"
    assert cyclonedx(item)["vulnerabilities"][0]["analysis"]["response"] == ["will_not_fix"]


def test_what_is_confirmed_says_which_version_helps() -> None:
    (statement,) = openvex(known(DEPENDENCY, 9, judgement=said(TriageState.CONFIRMED)))
    assert "3.2.20" in statement["action_statement"]
    (unfixed,) = openvex(known(UNFIXED_DEPENDENCY, 9, judgement=said(TriageState.CONFIRMED)))
    assert unfixed["action_statement"]


def test_a_vulnerability_is_named_as_most_readers_know_it() -> None:
    (statement,) = openvex(known(DEPENDENCY, 9))
    assert statement["vulnerability"]["name"] == "CVE-2023-36053"
    assert statement["vulnerability"]["aliases"] == ["GHSA-2hrw-hx67-34x6"]
    (vulnerability,) = cyclonedx(known(DEPENDENCY, 9))["vulnerabilities"]
    assert vulnerability["id"] == "CVE-2023-36053"
    assert vulnerability["source"]["name"] == "NVD"
    assert [reference["id"] for reference in vulnerability["references"]] == ["GHSA-2hrw-hx67-34x6"]
    assert vulnerability["cwes"] == [1333]
    assert vulnerability["ratings"][0]["severity"] == "high"
    assert [advisory["url"] for advisory in vulnerability["advisories"]] == list(DEPENDENCY.references)


def test_the_gravest_word_counts_when_a_package_is_used_twice() -> None:
    tests = replace(DEPENDENCY, location=Location(PurePosixPath("tests/requirements.txt"), 1))
    silenced = replace(dismissed(Justification.USED_IN_TESTS), finding=tests, id=10)
    for order in ((known(DEPENDENCY, 9), silenced), (silenced, known(DEPENDENCY, 9))):
        (statement,) = openvex(*order)
        assert statement["status"] == "under_investigation"
        assert statement["status_notes"] == "Mergewarden finding #9, #10: not judged yet"
        (vulnerability,) = cyclonedx(*order)["vulnerabilities"]
        assert vulnerability["analysis"]["state"] == "in_triage"


def test_names_in_common_make_one_vulnerability_of_several() -> None:
    """Three tools, two of which share no name: the third one ties them together."""
    assert DEPENDENCY.dependency is not None
    other, third = (
        replace(
            DEPENDENCY, rule_id=ids[0], dependency=replace(DEPENDENCY.dependency, advisory_ids=ids), fingerprint=ids[0]
        )
        for ids in (("PYSEC-2023-100",), ("PYSEC-2023-100", "GHSA-2hrw-hx67-34x6"))
    )
    found = [known(DEPENDENCY, 1), known(other, 2), known(third, 3)]
    (statement,) = list(statements(SUBJECT, found))
    assert set(statement.names) == {"CVE-2023-36053", "GHSA-2hrw-hx67-34x6", "PYSEC-2023-100"}
    assert (statement.findings, statement.numbers) == (3, (1, 2, 3))


def test_a_statement_names_only_the_first_of_many_findings() -> None:
    (statement,) = statements(SUBJECT, (known(DEPENDENCY, number) for number in range(1, 31)))
    assert statement.notes.endswith("#20 and 10 more: not judged yet")


def test_only_dependencies_are_in_it() -> None:
    assert {s["vulnerability"]["name"] for s in openvex(*RICH)} == {"CVE-2023-36053", "PYSEC-2099-1"}


def test_the_product_is_the_project_and_the_package_its_part() -> None:
    (product,) = openvex(known(DEPENDENCY, 9))[0]["products"]
    assert product["@id"].startswith("pkg:generic/shop/payments?vcs_url=git%2Bhttps:")
    assert [part["identifiers"]["purl"] for part in product["subcomponents"]] == [DJANGO]


def test_every_reference_of_cyclonedx_has_its_component() -> None:
    document = cyclonedx(*RICH)
    refs = {component["bom-ref"] for component in document["components"]}
    assert {affected["ref"] for v in document["vulnerabilities"] for affected in v["affects"]} == refs
    assert DJANGO in refs
    assert document["metadata"]["component"]["name"] == "shop/payments"
    assert document["metadata"]["tools"]["components"][0]["name"] == "mergewarden"


def test_a_document_keeps_its_id_and_raises_its_version() -> None:
    later = ExportSubject(SUBJECT.project, SUBJECT.project_url, NOW.replace(hour=10), "0.1.0")
    first, second = (json.loads(export("openvex", RICH, subject)) for subject in (SUBJECT, later))
    assert first["@id"] == second["@id"]
    assert first["version"] < second["version"]
    assert [s["@id"] for s in first["statements"]] == [s["@id"] for s in second["statements"]]
    assert (
        json.loads(export("openvex", (), replace(SUBJECT, project="shop/web", project_url="")))["@id"] != first["@id"]
    )


@pytest.mark.parametrize(
    ("dependency", "expected"),
    [
        (("PyPI", "django", "3.2.1"), "pkg:pypi/django@3.2.1"),
        (("npm", "@angular/core", "17.0.0"), "pkg:npm/%40angular/core@17.0.0"),
        (("npm", "left-pad", ""), "pkg:npm/left-pad"),
        (
            ("Maven", "org.apache.logging.log4j:log4j-core", "2.14.1"),
            "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
        ),
        (("Go", "golang.org/x/net", "v0.7.0"), "pkg:golang/golang.org/x/net@v0.7.0"),
        (("crates.io", "time", "0.1.0"), "pkg:cargo/time@0.1.0"),
        (("Packagist", "symfony/http-kernel", "5.4.0"), "pkg:composer/symfony/http-kernel@5.4.0"),
        (("Debian:12", "openssl", "3.0.9-1"), "pkg:deb/debian/openssl@3.0.9-1?distro=debian-12"),
        (("Alpine:v3.18", "musl", "1.2.4"), "pkg:apk/alpine/musl@1.2.4?distro=alpine-v3.18"),
        (("Unheard Of", "x y", "1"), "pkg:generic/x%20y@1"),
        (("PyPI", "", ""), "pkg:generic/unknown"),
        (("npm", " / ", "1"), "pkg:generic/unknown@1"),
    ],
)
def test_packages_have_their_url(dependency: tuple[str, str, str], expected: str) -> None:
    ecosystem, package, version = dependency
    assert purl_of(Dependency(ecosystem, package, version, ())) == expected


def test_a_project_without_an_address_is_a_package_all_the_same() -> None:
    assert project_purl("shop/payments", "") == "pkg:generic/shop/payments"
    assert project_purl("shop/payments", "javascript:alert(1)") == "pkg:generic/shop/payments"
    assert project_purl("shop/payments", "http://[not-an-address") == "pkg:generic/shop/payments"
