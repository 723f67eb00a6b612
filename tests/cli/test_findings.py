"""``mergewarden findings`` and ``mergewarden suppressions``: from the list to a decision, as a person works."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import Result

from bot.cli.common import user_name
from bot.domain.known import Whereabouts
from bot.errors import MergewardenError
from bot.store import findings, suppressions, triage
from bot.store.engine import session, write_session
from tests.cli.conftest import CommandLine
from tests.cli.within import invoke
from tests.store.known import BANK, FEATURE, accepted, add_finding, add_presence, add_projects, add_refs, add_word
from tests.store.samples import DEPENDENCY, NOON, SAST, SECRET
from tests.stores import new_store

NEXT_MONTH = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
POLICY = """\
version: 1
block: []
required_scanners: []
suppressions: {second_person: high, longest_days: 60, unused_days: 30}
"""


class Shop:
    """A data directory with findings, and the commands on it within this process: starting one takes a second."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "mergewarden.toml"
        self.config.write_text(f"data_dir = {json.dumps(str(folder))}\n")
        self.config.chmod(0o600)
        self.engine: Engine = new_store(folder / "mergewarden.db")

    def policy(self, text: str) -> None:
        file = self.folder / "policy.yaml"
        file.write_text(text)
        self.config.write_text(self.config.read_text() + f"policy_file = {json.dumps(str(file))}\n")

    def run(self, *arguments: str | int) -> Result:
        return invoke([*map(str, arguments), "--config", str(self.config)], env={"COLUMNS": "160"})

    def ok(self, *arguments: str | int) -> str:
        done = self.run(*arguments)
        assert (done.exit_code, done.exception) == (0, None), (done.output, done.exception)
        return done.output

    def refused(self, *arguments: str | int) -> str:
        """What is wrong, with the hint; the entry point turns it into exit status 2."""
        done = self.run(*arguments)
        assert isinstance(done.exception, MergewardenError), done.output
        assert done.exception.hint
        return f"{done.exception} {done.exception.hint}"

    def dismiss(self, number: int, by: str = "alice") -> str:
        return self.ok(
            *("findings", "decide", number, "--state", "dismissed", "--as", "false_positive"),
            *("--reason", "a constant", "--until", NEXT_MONTH, "--by", by),
        )


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    with write_session(made.engine) as opened:
        add_projects(opened)
        add_refs(opened)
        add_finding(opened, 1, SAST)
        add_finding(opened, 2, DEPENDENCY, project_id=BANK)
        add_finding(opened, 3, SECRET, whereabouts=Whereabouts.ELSEWHERE)
        add_presence(opened, 1)
        add_presence(opened, 1, FEATURE, explanation="line map: was 9, now 10")
        add_word(opened, 1, 1)
    yield made
    made.engine.dispose()


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"^ *#(\d+) ", text, re.MULTILINE)]


# --- findings ---------------------------------------------------------------------------------------------------------


def test_the_list_has_the_default_branches_unless_asked_for_more(shop: Shop) -> None:
    assert numbers(shop.ok("findings", "list")) == [2, 1]
    assert numbers(shop.ok("findings", "list", "--all")) == [2, 1, 3]
    assert numbers(shop.ok("findings", "list", "--where", "elsewhere")) == [3]
    assert shop.ok("findings", "list", "--where", "nowhere") == "no findings\n"


@pytest.mark.parametrize("name", ["shop/backend", "Shop/Backend", "5"])
def test_a_project_is_named_by_its_path_or_number(shop: Shop, name: str) -> None:
    text = shop.ok("findings", "list", "--project", name, "--all")
    assert numbers(text) == [1, 3]
    assert "bank/core" not in text


def test_an_unknown_project_is_said_to_be_unknown(shop: Shop) -> None:
    assert "no project shop/front" in shop.refused("findings", "list", "--project", "shop/front")


def test_pages_follow_one_another(shop: Shop) -> None:
    first = shop.ok("findings", "list", "--all", "--limit", 2)
    assert numbers(first) == [2, 1]
    (cursor,) = re.findall(r"there are more: --after (\S+)", first)
    rest = shop.ok("findings", "list", "--all", "--limit", 2, "--after", cursor)
    assert (numbers(rest), "there are more" in rest) == ([3], False)


def test_the_list_as_json_can_be_read_on(shop: Shop) -> None:
    document = json.loads(shop.ok("findings", "list", "--all", "--limit", 1, "--format", "json"))
    assert [entry["number"] for entry in document["findings"]] == [2]
    after = json.loads(shop.ok("findings", "list", "--all", "--format", "json", "--after", document["next"]))
    assert ([entry["number"] for entry in after["findings"]], after["next"]) == ([1, 3], None)


@pytest.mark.parametrize("wrong", [("--after", "rubbish"), ("--limit", "0"), ("--limit", "1001")])
def test_wrong_use_of_the_list_is_refused(shop: Shop, wrong: tuple[str, str]) -> None:
    shop.refused("findings", "list", *wrong)


def test_a_finding_is_shown_with_all_that_is_known(shop: Shop, tmp_path: Path) -> None:
    text = shop.ok("findings", "show", "#1")
    for expected in ("#1", "shop/backend", "main", "!7", "same as #1: line map: was 57, now 63", "semgrep"):
        assert expected in text
    document = json.loads(shop.ok("findings", "show", 1, "--format", "json"))
    assert [seen["ref"] for seen in document["sightings"]] == ["main", "!7"]
    page = tmp_path / "page.html"
    assert shop.ok("findings", "show", 1, "--format", "html", "-o", str(page), "--language", "zh-CN") == ""
    assert "与 #1 相同" in page.read_text()
    assert "同" in shop.ok("findings", "show", 1, "--language", "zh-CN")


@pytest.mark.parametrize("number", ["99", "#99"])
def test_an_unknown_finding_is_said_to_be_unknown(shop: Shop, number: str) -> None:
    assert "there is no finding #99" in shop.refused("findings", "show", number)
    assert "there is no finding #99" in shop.refused("findings", "decide", number, "--state", "confirmed")


@pytest.mark.parametrize("number", ["one", "", "1.5", "٣", "9" * 40])
def test_what_is_no_number_is_refused(shop: Shop, number: str) -> None:
    assert "not the number of a finding" in shop.refused("findings", "show", number)


# --- decisions --------------------------------------------------------------------------------------------------------


def test_a_dismissal_is_kept_shown_and_taken_back(shop: Shop) -> None:
    said = shop.dismiss(1)
    assert "#1 is dismissed now; it was detected" in said
    assert f"suppression 1 is made, until {NEXT_MONTH}" in said
    assert "suppressed" in shop.ok("findings", "list", "--project", "5")
    shown = shop.ok("findings", "show", 1)
    assert f"called a false positive by alice until {NEXT_MONTH}: a constant" in shown
    back = shop.ok("findings", "decide", 1, "--state", "detected", "--reason", "was mistaken", "--by", "bob")
    assert "suppression 1 is revoked" in back
    assert "suppressed" not in shop.ok("findings", "list")
    with session(shop.engine) as opened:
        assert [(event.actor, event.source) for event in triage.history(opened, 1)] == [
            ("alice", "cli"),
            ("bob", "cli"),
        ]


def test_who_decides_is_the_user_of_the_operating_system(shop: Shop) -> None:
    shop.ok("findings", "decide", 1, "--state", "confirmed")
    with session(shop.engine) as opened:
        known = findings.get(opened, 1)
    assert known is not None
    assert known.judgement.actor == user_name() != ""


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (("--state", "dismissed", "--reason", "x", "--until", NEXT_MONTH), "needs a justification"),
        (("--state", "dismissed", "--as", "false_positive", "--until", NEXT_MONTH), "needs a reason"),
        (("--state", "dismissed", "--as", "false_positive", "--reason", "x"), "needs an end"),
        (("--state", "dismissed", "--as", "false_positive", "--reason", "x", "--until", "soon"), "is not a date"),
        (("--state", "dismissed", "--as", "false_positive", "--reason", "x", "--until", "2001-01-01"), "ended already"),
        (("--state", "dismissed", "--as", "false_positive", "--reason", "x", "--until", "9999-12-31"), "may last"),
        (("--state", "confirmed", "--by", "mergewarden"), "the program itself"),
        (("--state", "detected", "--reason", "x"), "is detected already"),
        (("--state", "confirmed", "--until", NEXT_MONTH), "has no end"),
    ],
)
def test_a_decision_that_lacks_something_is_refused_and_changes_nothing(
    shop: Shop, arguments: tuple[str, ...], wrong: str
) -> None:
    assert wrong in shop.refused("findings", "decide", 1, *arguments)
    with session(shop.engine) as opened:
        assert triage.history(opened, 1) == ()
        assert suppressions.for_review(opened, revoked=True) == ()


def test_a_word_that_is_none_is_wrong_use(shop: Shop) -> None:
    done = shop.run("findings", "decide", 1, "--state", "ignored")
    assert done.exit_code == 2
    assert "dismissed" in done.output


def test_the_policy_asks_for_a_second_person(shop: Shop) -> None:
    shop.policy(POLICY)
    assert "mergewarden suppressions approve 1" in shop.dismiss(1)
    assert "suppressed" not in shop.ok("findings", "list")
    assert "cannot approve it as well" in shop.refused("suppressions", "approve", 1, "--by", "Alice")
    assert "approved by bob" in shop.ok("suppressions", "approve", 1, "--by", "bob")
    assert "suppressed" in shop.ok("findings", "list")
    assert "was approved already" in shop.refused("suppressions", "approve", 1, "--by", "carol")
    # Severity info is below what the policy names.
    assert "approve" not in shop.dismiss(3)


# --- suppressions -----------------------------------------------------------------------------------------------------


def add(*about: str) -> tuple[str, ...]:
    return ("suppressions", "add", *about, "--as", "used_in_tests", "--reason", "samples", "--until", NEXT_MONTH)


def test_a_rule_and_an_advisory_are_suppressed_for_one_project_or_all(shop: Shop) -> None:
    shop.ok(*add("--scanner", "semgrep", "--rule", SAST.rule_id, "--path", "src/", "--project", "shop/backend"))
    assert "suppressed" not in shop.ok("findings", "list", "--project", "5")
    shop.ok(*add("--scanner", "bandit", "--rule", "B608", "--project", "shop/backend"))
    assert "suppressed" in shop.ok("findings", "list", "--project", "5")
    assert "suppressed" not in shop.ok("findings", "list", "--project", "6")
    shop.ok(*add("--advisory", "cve-2099-1", "--package", "Sample"))
    assert "suppressed" in shop.ok("findings", "list", "--project", "6")
    listed = shop.ok("suppressions", "list")
    assert "semgrep python.sql-injection src/" in listed
    assert "every project" in listed
    assert "cve-2099-1" not in json.dumps(
        [s for s in json.loads(shop.ok("suppressions", "list", "-f", "json"))["suppressions"] if s["project_id"] == 5]
    )


@pytest.mark.parametrize(
    ("about", "wrong"),
    [
        ((), "names neither"),
        (("--rule", "B101", "--advisory", "CVE-1"), "names both"),
        (("--rule", "B101"), "names a scanner and its rule"),
        (("--advisory", "CVE-1", "--path", "x"), "no scanner and no path"),
        (("--scanner", "bandit", "--rule", "B101", "--package", "x"), "a rule has no package"),
        (("--scanner", "bandit", "--rule", "B101", "--path", "../x"), "the path cannot be used"),
        (("--scanner", "bandit", "--rule", "B101", "--project", "no/where"), "no project"),
    ],
)
def test_a_suppression_that_is_about_nothing_is_refused(shop: Shop, about: tuple[str, ...], wrong: str) -> None:
    assert wrong in shop.refused(*add(*about))


def test_what_is_revoked_is_listed_only_with_all(shop: Shop) -> None:
    shop.dismiss(1)
    assert "revoked by bob" in shop.ok("suppressions", "revoke", 1, "--by", "bob")
    assert "was revoked by bob" in shop.refused("suppressions", "revoke", 1)
    assert "there is no suppression 9" in shop.refused("suppressions", "revoke", 9)
    assert shop.ok("suppressions", "list") == "no suppressions\n"
    (entry,) = json.loads(shop.ok("suppressions", "list", "--all", "--format", "json"))["suppressions"]
    assert (entry["standing"], entry["revoked_by"], entry["finding"]) == ("revoked", "bob", 1)


def test_the_report_names_what_somebody_should_look_at(shop: Shop) -> None:
    shop.policy(POLICY)
    now = datetime.now(UTC)
    with write_session(shop.engine) as opened:
        for change in (
            {"needs_approval": True},
            {"expires_at": now + timedelta(days=3), "created_at": now},
            {"expires_at": NOON, "created_at": NOON - timedelta(days=9)},
            {"created_at": now - timedelta(days=31)},
            {"created_at": now - timedelta(days=29)},
        ):
            suppressions.create(opened, accepted(1, **change))
    document = json.loads(shop.ok("suppressions", "report", "--format", "json"))
    found = {name: [made["id"] for made in document[name]] for name in ("waiting", "expiring", "expired", "unused")}
    assert found == {"waiting": [1], "expiring": [2], "expired": [3], "unused": [4]}
    assert shop.ok("suppressions", "report", "--soon", 1).count("(1)") == 3
    assert shop.ok("suppressions", "report", "--project", "bank/core").count("(0)") == 4


def test_errors_are_told_as_a_person_reads_them(tmp_path: Path) -> None:
    line = CommandLine(tmp_path)
    done = line("findings", "show", "7")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("mergewarden: there is no finding #7\n  ")
    assert line("findings", "list").stdout == "no findings\n"
    for command in ("findings", "suppressions"):
        assert "Usage" in line(command, "--help").stdout
