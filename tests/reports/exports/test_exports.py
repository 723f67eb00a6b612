"""Every export: valid by its schema whatever the findings are, and written as they come."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from bot.domain.known import KnownFinding
from bot.errors import ConfigurationError
from bot.reports.exports.registry import EXPORTS, exporter
from bot.reports.exports.subject import ExportSubject
from bot.texts import Language
from tests.examples import examples
from tests.reports.exports.samples import NOW, RICH, SUBJECT, anything, export, known, subjects
from tests.reports.exports.samples import SQL as SQL_FINDING

SCHEMAS = Path(__file__).parents[2] / "assets" / "schemas"


def by_schema(name: str) -> Callable[[bytes], list[str]]:
    schema = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)

    def problems(raw: bytes) -> list[str]:
        return [f"{list(error.path)} {error.message}" for error in validator.iter_errors(json.loads(raw))]

    return problems


def by_library(raw: bytes) -> list[str]:
    text = raw.decode()
    errors = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text, all_errors=True)
    return [str(error) for error in errors or ()]


PROBLEMS: dict[str, Callable[[bytes], list[str]]] = {
    "sarif": by_schema("sarif-2.1.0.json"),
    "gitlab-sast": by_schema("gitlab-sast.json"),
    "code-quality": by_schema("gitlab-code-quality.json"),
    "openvex": by_schema("openvex-0.2.0.json"),
    "cyclonedx-vex": by_library,
}
FEW = settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("format", sorted(PROBLEMS))
def test_the_samples_are_valid_by_the_schema(format: str) -> None:
    assert PROBLEMS[format](export(format, RICH)) == []


@pytest.mark.parametrize("format", sorted(PROBLEMS))
def test_no_findings_are_a_valid_document(format: str) -> None:
    assert PROBLEMS[format](export(format, ())) == []


# Findings are made once for all formats: that takes longer than writing them in each.
@given(found=anything, subject=subjects)
@FEW
def test_whatever_the_findings_are_every_document_is_valid(found: list[KnownFinding], subject: ExportSubject) -> None:
    for format, problems in sorted(PROBLEMS.items()):
        assert problems(export(format, found, subject)) == [], format


@given(found=anything, subject=subjects)
@settings(FEW, max_examples=15)
def test_the_same_findings_give_the_same_bytes_and_text_is_utf8_that_ends_with_a_line(
    found: list[KnownFinding], subject: ExportSubject
) -> None:
    for format in sorted(EXPORTS):
        written = export(format, found, subject)
        assert export(format, found, subject) == written, format
        if format != "parquet":
            text = written.decode("utf-8")
            assert text.endswith("\n") or (format == "jsonl" and not found), format


class Meter(io.RawIOBase):
    """A stream that knows how much has arrived, and keeps none of it."""

    def __init__(self) -> None:
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.size += len(data)
        return len(data)


@pytest.mark.parametrize("format", ["code-quality", "csv", "gitlab-sast", "jsonl"])
def test_findings_are_written_as_they_come(format: str) -> None:
    out = Meter()
    sizes: list[int] = []

    def many() -> Iterator[KnownFinding]:
        for number in range(1, 30):
            sizes.append(out.size)
            yield known(SQL_FINDING, number)

    assert exporter(format).write(out, SUBJECT, many()) == 29  # type: ignore[arg-type]
    assert all(later > earlier for earlier, later in pairwise(sizes[2:]))


@pytest.mark.parametrize("format", sorted(EXPORTS))
def test_what_the_findings_raise_goes_through(format: str) -> None:
    def broken() -> Iterator[KnownFinding]:
        yield RICH[3]
        raise LookupError("the database went away")

    with pytest.raises(LookupError, match="went away"):
        exporter(format).write(io.BytesIO(), SUBJECT, broken())


@pytest.mark.parametrize("format", sorted(EXPORTS))
def test_the_number_of_rows_is_what_was_written(format: str) -> None:
    out = io.BytesIO()
    count = exporter(format).write(out, SUBJECT, RICH)
    assert count == {"gitlab-sast": 6, "code-quality": 6, "cyclonedx-vex": 2, "openvex": 2}.get(format, len(RICH))


def test_an_unknown_format_is_refused_with_the_list_of_those_that_exist() -> None:
    with pytest.raises(ConfigurationError) as caught:
        exporter("xlsx")
    assert "'xlsx'" in str(caught.value)
    assert all(format in caught.value.hint for format in EXPORTS)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        ExportSubject("a/b", "", NOW.replace(tzinfo=None), "0")


def test_titles_are_in_the_language_asked_for() -> None:
    chinese = ExportSubject("a/b", "", NOW, "0", language=Language.CHINESE, lookup=SUBJECT.lookup)
    for format in ("sarif", "jsonl", "csv"):
        assert "使用用户输入拼接 SQL" in export(format, RICH, chinese).decode()
        assert "使用用户输入拼接 SQL" not in export(format, RICH).decode()


def loaded(format: str, found: Iterable[KnownFinding] = RICH) -> Any:
    return json.loads(export(format, found))


# --- SARIF ------------------------------------------------------------------------------------------------------------


def results() -> dict[int, dict[str, Any]]:
    return {r["properties"]["number"]: r for run in loaded("sarif")["runs"] for r in run["results"]}


def test_sarif_has_one_run_per_scanner_whose_indexes_hold() -> None:
    runs = loaded("sarif")["runs"]
    names = [run["tool"]["driver"]["name"] for run in runs]
    assert names == sorted({item.finding.scanner for item in RICH})
    for run in runs:
        for result in run["results"]:
            assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
            for taxon in result.get("taxa", ()):
                assert run["taxonomies"][0]["taxa"][taxon["index"]]["id"] == taxon["id"]


def test_sarif_says_of_every_finding_whether_it_is_suppressed() -> None:
    said = {n: [(s["status"], s["justification"]) for s in r["suppressions"]] for n, r in results().items()}
    assert said[812] == said[813] == []
    assert said[814] == [("accepted", "dismissed as false_positive: not reachable from outside")]
    # Its suppression has ended or waits for a second person, so that it counts.
    assert said[816] == [("underReview", "dismissed as false_positive: not reachable from outside")]
    assert said[817] == [("accepted", "suppressed")]


def test_sarif_identities_last_from_export_to_export() -> None:
    later = ExportSubject(SUBJECT.project, SUBJECT.project_url, NOW.replace(year=2027), "9", lookup=SUBJECT.lookup)
    first, second = (json.loads(export("sarif", RICH[:1], s))["runs"][0]["results"][0] for s in (SUBJECT, later))
    assert first["correlationGuid"] == second["correlationGuid"]
    assert first["guid"] != second["guid"]
    assert first["partialFingerprints"]["mergewarden/v1"] == SQL_FINDING.fingerprint
    assert first["provenance"]["firstDetectionTimeUtc"] == "2026-04-01T08:00:00.250000Z"


def test_sarif_related_locations_say_where_the_data_comes_from() -> None:
    (place,) = results()[812]["relatedLocations"]
    assert place["message"]["text"] == "the name comes from the request"
    assert place["physicalLocation"]["region"] == {"startLine": 3, "endLine": 3, "startColumn": 5}


def test_sarif_of_a_finding_that_is_gone_is_no_open_result() -> None:
    assert (results()[818]["kind"], results()[818]["level"]) == ("pass", "none")


def test_sarif_of_nothing_still_names_who_found_nothing() -> None:
    (run,) = loaded("sarif", ())["runs"]
    assert (run["tool"]["driver"]["name"], run["results"]) == ("mergewarden", [])


# --- GitLab -----------------------------------------------------------------------------------------------------------


def test_gitlab_is_not_told_of_what_is_gone() -> None:
    assert len(loaded("code-quality")) == len(loaded("gitlab-sast")["vulnerabilities"]) == 6


def test_what_does_not_count_stays_in_with_the_reason() -> None:
    entries = loaded("code-quality")
    dismissed = next(e for e in entries if "dismissed as false_positive: not reachable" in e["description"])
    assert dismissed["severity"] == "info"
    assert [e["severity"] for e in entries if "(suppressed)" in e["description"]] == ["info"]
    descriptions = [v["description"] for v in loaded("gitlab-sast")["vulnerabilities"]]
    assert sum(text.startswith("Dismissed as false") for text in descriptions) == 1


def test_two_findings_with_one_fingerprint_stay_two() -> None:
    twins = [known(SQL_FINDING, 1), known(SQL_FINDING, 2)]
    entries = loaded("code-quality", twins)
    assert entries[0]["fingerprint"] == SQL_FINDING.fingerprint
    assert len({entry["fingerprint"] for entry in entries}) == 2
    assert len({v["id"] for v in loaded("gitlab-sast", twins)["vulnerabilities"]}) == 2
