"""Which policies decisions were made by, and the newest decision of a project; and when a rule's findings began."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session

from bot.domain.policy import Policy
from bot.domain.verdict import Outcome
from bot.store.desk import policy_reads, rule_reads
from bot.store.desk_tables import TriageItemRecord
from bot.store.engine import session, write_session
from bot.store.policies import keep_snapshot
from bot.store.short_hash import token_of
from bot.store.statements import table
from bot.store.tables import DecisionRecord
from tests.store.counting import counted
from tests.store.known import add_finding, add_projects
from tests.store.operations import BANK, SHOP
from tests.store.samples import NOON, SAST
from tests.store.standing import add_scan

WEEK = NOON - timedelta(days=7)


def decide(writing: Session, scan: str, project: int, digest: str, at: datetime, *layers: str) -> None:
    add_scan(writing, scan, project, iid=7)
    writing.execute(
        insert(table(DecisionRecord)).values(
            scan_id=scan,
            project_id=project,
            iid=7,
            at=at,
            because="scan",
            outcome=Outcome.FAILED,
            policy_digest=digest,
            inputs={"layers": list(layers)},
            result={},
        )
    )


def test_policies_are_counted_by_the_decisions_that_one_sees(engine: Engine) -> None:
    digest = Policy().digest
    with write_session(engine) as writing:
        keep_snapshot(writing, Policy(), NOON - timedelta(days=30))
        decide(writing, "a", SHOP, digest, NOON)
        decide(writing, "b", BANK, digest, NOON)
        decide(writing, "c", BANK, "f" * 64, NOON - timedelta(hours=1))
        decide(writing, "d", SHOP, "e" * 64, WEEK - timedelta(seconds=1))
    with counted(engine) as statements, session(engine) as reading:
        found = policy_reads.used(reading, None, since=WEEK)
        mine = policy_reads.used(reading, frozenset({SHOP}), since=WEEK)
    assert [(one.digest, one.decisions, one.projects) for one in found] == [(digest, 2, 2), ("f" * 64, 1, 1)]
    assert (found[0].first_used_at, found[1].first_used_at) == (NOON - timedelta(days=30), None)
    assert [(one.digest, one.decisions) for one in mine] == [(digest, 1)]
    assert len(statements) == 2


def test_the_last_word_of_a_project_is_its_newest_decision(engine: Engine) -> None:
    with write_session(engine) as writing:
        decide(writing, "a", SHOP, "a" * 64, NOON, "policy.yml", ".mergewarden.yml@abc")
        decide(writing, "b", SHOP, "b" * 64, NOON - timedelta(days=1))
        decide(writing, "c", BANK, "c" * 64, NOON + timedelta(days=1))
    with session(engine) as reading:
        last = policy_reads.last_word(reading, SHOP)
        assert last is not None
        assert (last.policy_digest, last.iid, last.outcome) == ("a" * 64, 7, Outcome.FAILED)
        assert last.layers == ("policy.yml", ".mergewarden.yml@abc")
        assert policy_reads.last_word(reading, 77) is None


def test_findings_of_a_rule_are_counted_by_the_month_in_which_they_were_first_seen(engine: Engine) -> None:
    with write_session(engine) as writing:
        add_projects(writing)
        for number in (1, 2, 3):
            add_finding(writing, number, SAST)
    # The rows of the desk are written with the transaction that changes the finding.
    with write_session(engine) as writing:
        items = table(TriageItemRecord)
        for number, month in enumerate((1, 1, 3), start=1):
            first = datetime(2026, month, 15, tzinfo=UTC)
            changed = {"first_seen_at": first, "rule_key": token_of("semgrep", "x")}
            writing.execute(items.update().where(items.c.finding_id == number).values(**changed))
    with session(engine) as reading:
        months = rule_reads.by_month(reading, ("semgrep", "x"), None, until=datetime(2026, 3, 31, tzinfo=UTC), months=4)
        assert [(one.month.month, one.findings) for one in months] == [(12, 0), (1, 2), (2, 0), (3, 1)]
        assert not any(
            one.findings for one in rule_reads.by_month(reading, ("semgrep", "x"), frozenset({99}), until=NOON)
        )
