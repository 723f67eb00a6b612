"""Jobs, packages, advisories and policies of a few projects, for the pages about operations."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from bot.domain.priority import Standing
from bot.store.desk_tables import RuleUseRecord
from bot.store.statements import table
from bot.store.tables import (
    AdvisoryAliasRecord,
    AdvisoryPackageRecord,
    AdvisoryRecord,
    AdvisoryStateRecord,
    ExploitFactRecord,
    PackageLicenceRecord,
)
from scanners.finding import Severity
from tests.store.standing import add_group

SHOP, BANK, HIDDEN = 5, 6, 9


def add_licence(session: Session, project: int, package: str, version: str, *licences: str, eco: str = "PyPI") -> None:
    session.execute(
        insert(table(PackageLicenceRecord)).values(
            project_id=project, ecosystem=eco, package=package, version=version, licences=list(licences)
        )
    )


def add_package_findings(
    session: Session, project: int, key: int, package: str, count: int = 1, severity: Severity = Severity.HIGH
) -> None:
    add_group(session, project, key, ("PyPI", package), severity, count, kind="package")


def add_rule_findings(
    session: Session,
    project: int,
    key: int,
    rule: tuple[str, str],
    count: int = 1,
    severity: Severity = Severity.HIGH,
    standing: Standing = Standing.UNDECIDED,
) -> None:
    add_group(session, project, key, rule, severity, count, standing=standing)


def add_use(session: Session, project: int, key: int, findings: int, **values: int) -> None:
    counts = dict.fromkeys(("open", "confirmed", "false_positives", "otherwise_dismissed"), 0) | values
    session.execute(insert(table(RuleUseRecord)).values(project_id=project, rule_key=key, findings=findings, **counts))


def add_advisory(
    session: Session,
    name: str,
    *aliases: str,
    package: str = "flask",
    modified: datetime = datetime(2026, 2, 27, tzinfo=UTC),
    withdrawn: datetime | None = None,
    **document: Any,
) -> None:
    whole = {
        "id": name,
        "summary": f"{package} is weak",
        "aliases": list(aliases),
        "affected": [
            {
                "package": {"ecosystem": "PyPI", "name": package},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.1"}]}],
            }
        ],
    } | document
    session.execute(
        insert(table(AdvisoryRecord)).values(
            id=name,
            digest=b"d",
            modified=modified,
            published=modified,
            withdrawn=withdrawn,
            summary=whole["summary"],
            document=whole,
        )
    )
    session.execute(insert(table(AdvisoryPackageRecord)).values(ecosystem="PyPI", package=package, advisory_id=name))
    for alias in aliases:
        session.execute(insert(table(AdvisoryAliasRecord)).values(alias=alias, advisory_id=name))


def count_advisories(session: Session, documents: int) -> None:
    session.execute(insert(table(AdvisoryStateRecord)).values(id=1, total="0" * 64, documents=documents))


def add_fact(session: Session, cve: str, *, epss: float | None = None, kev: date | None = None) -> None:
    session.execute(insert(table(ExploitFactRecord)).values(cve=cve, epss=epss, percentile=epss, kev_added=kev))
