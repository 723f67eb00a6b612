"""Compliance summaries to draw: a group after a year, hostile names everywhere, and nothing known at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

from bot.domain.maturity.model import Area, Attest, Demand, DemandKind, Item, LevelName, Model, Probe, Scheme, Text
from bot.domain.maturity.period import Period, PeriodKind, period_of
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.maturity.snapshot import (
    Content,
    Snapshot,
    SnapshotRow,
    content_digest,
    group_content,
    project_content,
    row_digest,
)
from bot.domain.maturity.summarising import Lists, Making, compose
from bot.domain.maturity.summary import (
    AdvisoryLine,
    DutyKind,
    DutyLine,
    ExceptionLine,
    HoleLine,
    IncidentLine,
    Listed,
    ProjectLine,
    Score,
    Summary,
    TrendPoint,
)
from bot.texts import Language

OCTOBER = period_of(PeriodKind.MONTH, date(2026, 10, 1))
MADE = datetime(2026, 11, 2, 6, 15, tzinfo=UTC)
HOSTILE = '=HYPERLINK("http://x","y") @all <script>alert(1)</script> | \u202e#1 `x` {U} ![a](http://b.c)\n/close'
LONG_CHINESE = (
    "经安全团队与业务负责人共同评估，该组件仅在内部批处理任务中使用，外部不可达，且已在网关层启用访问控制与流量审计；"
    "计划随第四季度的框架升级一并替换，升级前每两周复核一次，若出现公开利用代码则立即下线该任务并通知管理层。"
)

_ITEMS = (
    ("6.1", "Organisation and people", "组织建设和人员管理", None),
    ("6.2", "Security toolchain", "安全工具链", "sast"),
    ("6.3", "Infrastructure", "基础设施管理", None),
    ("6.4", "Third parties", "第三方管理", "licences_known"),
    ("6.5", "Data", "数据管理", None),
    ("6.6", "Metrics and feedback", "度量与反馈改进", "sla_hit_rate"),
    ("7.1", "Requirements", "需求管理", None),
    ("7.2", "Design", "设计管理", None),
    ("7.3", "Development process", "开发过程管理", "merges_scanned"),
    ("8.1", "Configuration", "配置管理", "protected"),
    ("8.2", "Build", "构建管理", "pinned"),
    ("8.3", "Testing", "测试管理", "dependency_scan"),
    ("8.4", "Release", "部署与发布管理", "releases_cleared"),
    ("9.1", "Monitoring", "安全监控", None),
    ("9.2", "Operations", "运营安全", None),
    ("9.3", "Response", "应急响应", "reaction_time"),
    ("9.4", "Feedback from operations", "运营反馈", None),
)


def _levels_item(item_id: str, en: str, zh: str, measure: str | None) -> Item:
    demands = []
    for level in (2, 3):
        asks: Probe | Attest = Attest() if measure is None else Probe(measure, 0.5 if level == 2 else 0.9)
        if measure == "reaction_time":
            asks = Probe(measure, 172_800.0 if level == 2 else 14_400.0)
        kind = DemandKind.OUTCOME if measure in ("sla_hit_rate", "reaction_time") else DemandKind.PRACTICE
        text = Text("asked", "要求")
        demands.append(Demand(f"{item_id}-{level}-01", level, kind, text, text, asks, share=0.5))
    return Item(item_id, Text(en, zh), Text("", ""), tuple(demands), ceiling=4 if measure else None)


LEVELS = Model(
    id="assessed-levels",
    version="1.0",
    title=Text("Levels of security and risk management", "安全及风险管理能力分级"),
    notice=Text(
        "These ratings are an inference of Mergewarden from its own data, and no official rating by anybody.",
        "这些评级由 Mergewarden 根据自身数据推断得出，并非任何机构的官方评级。",
    ),
    source="written for tests",
    scheme=Scheme.LEVELS,
    levels=tuple(
        LevelName(n, Text(en, zh), Text("", ""))
        for n, en, zh in ((1, "Initial", "初始级"), (2, "Foundation", "基础级"), (3, "Comprehensive", "全面级"))
    ),
    areas=(Area("all", Text("Security", "安全"), tuple(_levels_item(*one) for one in _ITEMS)),),
    digest="a1" * 32,
)
POINTS = Model(
    id="engineering",
    version="2.1",
    title=Text("Engineering score", "工程得分"),
    notice=Text("", ""),
    source="written for tests",
    scheme=Scheme.POINTS,
    levels=(),
    areas=(
        Area(
            "all",
            Text("Engineering", "工程"),
            tuple(
                Item(
                    name,
                    Text(en, zh),
                    Text("", ""),
                    (Demand(f"{name}-1", 1, kind, Text("", ""), Text("", ""), Probe(name, threshold, steps=steps)),),
                )
                for name, en, zh, kind, threshold, steps in (
                    ("scanned", "Scanned lately", "近期已扫描", DemandKind.PRACTICE, 1.0, ((0.5, 0.5),)),
                    ("unit_coverage_existing", "Unit tests", "单元测试", DemandKind.PRACTICE, 0.8, ((0.4, 0.5),)),
                    ("open_critical", "No critical finding", "无严重发现项", DemandKind.OUTCOME, 0.0, ()),
                    ("overdue", "Nothing overdue", "无逾期", DemandKind.OUTCOME, 0.0, ()),
                )
            ),
        ),
    ),
    digest="b2" * 32,
)
MODELS = {model.digest: model for model in (LEVELS, POINTS)}

GOOD = {
    "projects": 1,
    "projects.ever_scanned": 1,
    "projects.scanned": 1,
    "projects.sast": 1,
    "projects.dependency": 1,
    "projects.secret": 1,
    "projects.required_answered": 1,
    "projects.assessed": 1,
    "projects.level_known": 1,
    "projects.protected": 1,
    "projects.pinned": 1,
    "projects.coverage_known": 1,
    "coverage.permille": 712,
    "code.lines": 48_200,
    "code.scannable_lines": 40_100,
    "code.read_lines": 31_800,
    "open.critical": 0,
    "open.high": 3,
    "open.medium": 11,
    "open.low": 24,
    "open.info": 2,
    "overdue": 0,
    "undecided": 4,
    "components": 220,
    "components.licensed": 212,
    "scans": 61,
    "scans.ended": 60,
    "verdicts": 58,
    "verdict.seconds": 4_930,
    "merges": 44,
    "merges.scanned": 44,
    "merges.cleared": 43,
    "merges.timed": 44,
    "merge.seconds": 9_200_000,
    "changed.lines": 5_100,
    "changed.read_lines": 4_400,
    "found.critical": 1,
    "found.high": 4,
    "found.medium": 9,
    "found.low": 14,
    "found.info": 1,
    "escaped": 1,
    "fixed.critical": 1,
    "fixed.high": 5,
    "fixed.medium": 7,
    "fixed.low": 6,
    "fixed.info": 0,
    "fixed_seconds.critical": 86_400,
    "fixed_seconds.high": 2_100_000,
    "fixed_seconds.medium": 6_300_000,
    "fixed_seconds.low": 9_900_000,
    "fixed.in_time": 17,
    "fixed.late": 2,
    "reopened": 1,
    "decided": 16,
    "decided.false_positive": 3,
    "reactions": 3,
    "reaction.seconds": 130_000,
    "incidents.uncleared": 0,
    "incidents.break_glass": 0,
    "incidents.tampering": 0,
    "pipelines": 80,
    "pipelines.timed": 79,
    "pipeline.seconds": 33_000,
    "jobs": 640,
    "jobs.ok": 633,
    "red.times": 6,
    "red.seconds": 15_600,
    "releases": 4,
    "releases.judged": 4,
    "releases.cleared": 4,
    "release.leads": 40,
    "release.lead_seconds": 14_000_000,
    "days.store": 31,
    "days.gitlab": 31,
    "days.merges": 31,
    "days.releases": 31,
}
_POOR = GOOD | {
    "coverage.permille": 388,
    "open.critical": 2,
    "open.high": 19,
    "overdue": 7,
    "fixed.late": 9,
    "merges.scanned": 31,
    "incidents.uncleared": 1,
    "incidents.break_glass": 1,
    "pipeline.seconds": 61_000,
    "red.seconds": 41_000,
    "days.gitlab": 26,
    "days.merges": 26,
    "days.releases": 26,
}
_UNSCANNED = {"projects": 1, "days.store": 31}
_TALLIES = {"good": GOOD, "poor": _POOR, "unscanned": _UNSCANNED}


def snapshot(content: Content, scope: Scope, period: Period, number: int) -> Snapshot:
    """A stored snapshot of this content."""
    digest = content_digest(content)
    row = SnapshotRow(scope, period, 1, digest, "", row_digest(scope, period, 1, digest, ""), MADE, number)
    return Snapshot(row, content)


def making(scope: Scope, path: str, language: Language, period: Period = OCTOBER) -> Making:
    return Making(
        scope=scope,
        path=path,
        organisation="gitlab.example.com",
        period=period,
        language=language,
        made_by="schedule",
        made_at=MADE,
        tool="0.1.0",
    )


def _ago(days: int) -> datetime:
    return MADE - timedelta(days=days)


def _year() -> tuple[TrendPoint, ...]:
    """Eleven months before October; of the second nobody knows."""
    points = []
    for n in range(11):
        month = (11 + n) % 12 or 12
        period = period_of(PeriodKind.MONTH, date(2025 if month > 10 else 2026, month, 1))
        known = n != 1
        points.append(
            TrendPoint(
                label=period.label,
                last=period.last,
                scores=(
                    Score(LEVELS.id, 22 + 2 * n if known else None, 1 if known else None),
                    Score(POINTS.id, 41 + 3 * n if known else None, None),
                ),
                critical=max(0, 9 - n) if known else None,
                high=(40 - 2 * n) if known else None,
                medium=(60 - n) if known else None,
                low=70 if known else None,
                overdue=max(0, 22 - 2 * n) if known else None,
            )
        )
    return tuple(points)


EXCEPTIONS = (
    ExceptionLine(
        id=41,
        project="shop/payments",
        what="semgrep python.sql-injection src/legacy/**",
        justification="mitigating_control",
        standing="in_force",
        reason="The legacy report runs on a read-only replica and takes no input from outside; it goes in December.",
        made_by="mei.lin",
        made_at=_ago(60),
        needs_approval=True,
        approved_by="zhang.wei",
        approved_at=_ago(59),
        expires_at=_ago(-30),
        revoked_by="",
        revoked_at=None,
    ),
    ExceptionLine(
        id=44,
        project="",
        what="GHSA-aaaa-bbbb-cccc requests",
        justification="not_applicable",
        standing="waiting",
        reason=LONG_CHINESE,
        made_by="王小明",
        made_at=_ago(5),
        needs_approval=True,
        approved_by="",
        approved_at=None,
        expires_at=_ago(-85),
        revoked_by="",
        revoked_at=None,
    ),
    ExceptionLine(
        id=39,
        project="shop/web",
        what="#812",
        justification="false_positive",
        standing="revoked",
        reason="",
        made_by="Łukasz Müller-Lüdenscheidt",
        made_at=_ago(40),
        needs_approval=False,
        approved_by="",
        approved_at=None,
        expires_at=_ago(-10),
        revoked_by="zhang.wei",
        revoked_at=_ago(3),
    ),
)
OVERRIDES = (
    IncidentLine(
        id=7,
        kind="break_glass_merge",
        project="shop/payments",
        iid=231,
        ref="main",
        sha="4f2a" * 10,
        actor="oncall.chen",
        first_at=_ago(20),
        last_at=_ago(20),
        count=1,
        closed_at=_ago(18),
        closed_by="zhang.wei",
        closed_reason="Payment outage of 13 October; the change was scanned the same evening and is clean.",
    ),
    IncidentLine(
        id=9,
        kind="forged_status",
        project="shop/web",
        iid=None,
        ref="feature/checkout-with-a-very-long-branch-name-that-goes-on-and-on-and-on",
        sha="",
        actor="",
        first_at=_ago(9),
        last_at=_ago(8),
        count=3,
        closed_at=None,
        closed_by="",
        closed_reason="",
    ),
)
UNCLEARED = (
    IncidentLine(
        id=11,
        kind="uncleared_commit",
        project="shop/payments",
        iid=None,
        ref="release/2026.10",
        sha="9c" * 20,
        actor="dev.ops",
        first_at=_ago(6),
        last_at=_ago(6),
        count=1,
        closed_at=None,
        closed_by="",
        closed_reason="",
    ),
)
HOLES = (
    HoleLine("shop/archive", ("never_scanned",), None, ()),
    HoleLine("shop/firmware", ("no_answer", "stale"), _ago(31), ("semgrep", "pip-audit")),
)
ADVISORIES = (
    AdvisoryLine(
        id="GHSA-9wx4-h78v-vm56",
        title="requests: certificate check stays off for the whole session once it was switched off",
        severity="high",
        projects=12,
        findings=19,
        still_open=4,
        exploited=False,
        published=_ago(25),
    ),
    AdvisoryLine("CVE-2026-11111", "", "critical", 1, 1, 0, True, None),
    AdvisoryLine("PYSEC-2026-77", "lib: something", "medium", 2, 3, 3, None, None),
)
DUTIES = (
    DutyLine(DutyKind.EXCEPTION, "王小明", "44: GHSA-aaaa-bbbb-cccc requests", "", _ago(5), _ago(-85), 1),
    DutyLine(DutyKind.CONFIRM, "hr.liu", "assessed-levels 6.1-2-01", "", _ago(12), _ago(-300), 1),
    DutyLine(DutyKind.RENEW, "infra.sun", "assessed-levels 6.3-2-01", "shop", _ago(350), _ago(2), 1),
    DutyLine(DutyKind.OVERDUE, "Mei Lin (mei.lin)", "", "shop/payments", _ago(33), None, 5),
    DutyLine(DutyKind.OVERDUE, "", "", "", _ago(15), None, 2),
    DutyLine(DutyKind.INCIDENT, "", "", "shop/web", _ago(9), None, 2),
    DutyLine(DutyKind.ACKNOWLEDGE, "Board", "17", "", _ago(28), None, 1),
)


@cache
def _part(period: Period, tally: str) -> tuple[str, Content]:
    content = project_content((LEVELS, POINTS), period, _TALLIES[tally], shared={})
    return content_digest(content), content


def _scores(period: Period, tally: str) -> tuple[Score, ...]:
    return tuple(Score(one.model_id, one.score, one.level) for one in _part(period, tally)[1].results)


def _project(number: int, path: str, name: str) -> ProjectLine:
    tally = _TALLIES[name]
    return ProjectLine(
        id=number,
        path=path,
        scores=_scores(OCTOBER, name),
        scores_before=_scores(OCTOBER.previous, "good"),
        critical=tally.get("open.critical"),
        high=tally.get("open.high"),
        overdue=tally.get("overdue"),
        assessed=bool(tally.get("projects.assessed")),
    )


def group_summary(language: Language, *, projects: int = 4) -> Summary:
    """A group in October 2026, after a year of months, with something red in every list."""
    scope = Scope.of_group("shop")
    paths = {1: "shop/payments", 2: "shop/web", 3: "shop/archive", 4: "shop/backend/api-gateway"}
    tallies = {1: "poor", 2: "good", 3: "unscanned", 4: "good"}
    for number in range(5, projects + 1):
        paths[number] = f"shop/team-{number % 40:02}/服务-{number:04}-with-a-long-name"
        tallies[number] = ("good", "poor", "good", "unscanned")[number % 4]
    now = {number: _part(OCTOBER, tally) for number, tally in tallies.items()}
    before = {number: _part(OCTOBER.previous, "good") for number in tallies}
    lists = Lists(
        overdue={"critical": 1, "high": 4, "medium": 2},
        tolerated=2,
        exceptions=Listed(EXCEPTIONS, 57),
        overrides=Listed(OVERRIDES, 2),
        uncleared=Listed(UNCLEARED, 1),
        holes=Listed(HOLES, 2),
        advisories=Listed(ADVISORIES, 3),
        duties=Listed(DUTIES, 7),
        projects=Listed(tuple(_project(n, paths[n], tallies[n]) for n in tallies), len(tallies)),
        projects_of=len(tallies),
    )
    return compose(
        making(scope, "shop", language),
        snapshot(group_content((LEVELS, POINTS), OCTOBER, now, shared={}), scope, OCTOBER, 8),
        snapshot(group_content((LEVELS, POINTS), OCTOBER.previous, before, shared={}), scope, OCTOBER.previous, 7),
        MODELS,
        _year(),
        lists,
    )


def project_summary(language: Language) -> Summary:
    """One project of that group in October 2026."""
    scope = Scope.of_project(1)
    lists = replace(
        no_lists(projects_of=1),
        overdue={"critical": 1, "high": 4, "medium": 2},
        exceptions=Listed(EXCEPTIONS, 3),
        overrides=Listed(OVERRIDES, 2),
        uncleared=Listed(UNCLEARED, 1),
        advisories=Listed(ADVISORIES, 3),
        duties=Listed(DUTIES, 7),
    )
    return compose(
        making(scope, "shop/payments", language),
        snapshot(_part(OCTOBER, "poor")[1], scope, OCTOBER, 8),
        snapshot(_part(OCTOBER.previous, "good")[1], scope, OCTOBER.previous, 7),
        MODELS,
        _year(),
        lists,
    )


def hostile_summary(language: Language) -> Summary:
    """A project all of whose texts are a stranger's."""
    scope = Scope.of_project(5)
    content = project_content((LEVELS, POINTS), OCTOBER, _POOR, shared={})
    exception = ExceptionLine(
        1, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE * 4, HOSTILE, MADE, True, HOSTILE, MADE, MADE, HOSTILE, MADE
    )
    incident = IncidentLine(
        2, HOSTILE, HOSTILE, 1, HOSTILE, HOSTILE, HOSTILE, MADE, MADE, 1, MADE, HOSTILE, "-1+1|cmd" + HOSTILE
    )
    lists = Lists(
        overdue={},
        tolerated=0,
        exceptions=Listed((exception,), 1),
        overrides=Listed((incident,), 1),
        uncleared=Listed((incident,), 1),
        holes=Listed((HoleLine(HOSTILE, (HOSTILE,), None, (HOSTILE,)),), 1),
        advisories=Listed((AdvisoryLine(HOSTILE, HOSTILE, HOSTILE, 1, 1, 1, None, None),), 1),
        duties=Listed(tuple(DutyLine(kind, HOSTILE, HOSTILE, HOSTILE, MADE, MADE, 1) for kind in DutyKind), 6),
        projects=Listed((), 0),
        projects_of=1,
    )
    made = making(scope, f"a/{'x' * 150}/{HOSTILE}", language)
    return compose(made, snapshot(content, scope, OCTOBER, 1), None, MODELS, (), lists)


def no_lists(*, projects_of: int) -> Lists:
    """Nothing in any list."""
    return Lists(
        overdue={},
        tolerated=0,
        exceptions=Listed((), 0),
        overrides=Listed((), 0),
        uncleared=Listed((), 0),
        holes=Listed((), 0),
        advisories=Listed((), 0),
        duties=Listed((), 0),
        projects=Listed((), 0),
        projects_of=projects_of,
    )


def unknown_summary(language: Language) -> Summary:
    """The organisation before anything was ever counted."""
    content = group_content((LEVELS, POINTS), OCTOBER, {}, shared={})
    lists = no_lists(projects_of=0)
    return compose(
        making(ORGANISATION, "", language), snapshot(content, ORGANISATION, OCTOBER, 1), None, MODELS, (), lists
    )
