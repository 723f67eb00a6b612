"""Whatever a page refuses, it says in the reader's language: no refusal is written as a plain English text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from bot.settings import Settings
from bot.store.engine import open_engine
from bot.texts import Language
from tests.pipeline.desk_stage import GRACE, NOW, Stage
from tests.store.known import SHOP
from tests.web.desk_browser import Browser

BOT = Path(__file__).parents[2] / "bot"
FIRST = {
    "Problem": 1,
    "WorkflowError": 1,
    "Refused": 2,
    **dict.fromkeys(
        ("TriageError", "AlreadySo", "SuppressionError", "FilterError", "TokenError", "HookError", "PersonError"), 0
    ),
    **dict.fromkeys(("IncidentError", "NotRetryable", "UnknownRuleFilter"), 0),
}
"""Where the words of a refusal begin, by what makes it."""
WHERE = ("web", "pipeline", "domain", "store")
PROGRAMS_ALONE = frozenset({"web/webhook.py", "web/hook.py", "web/api/routes.py", "web/api/upload.py"})
"""No page shows what is refused here."""


def plain(argument: ast.expr) -> bool:
    """A text, or one that is put together, that nobody marked."""
    if isinstance(argument, ast.IfExp):
        return plain(argument.body) or plain(argument.orelse)
    if isinstance(argument, ast.Constant):
        return argument.value != ""
    told = isinstance(argument, ast.Call) and isinstance(argument.func, ast.Name) and argument.func.id == "str"
    return told or isinstance(argument, (ast.JoinedStr, ast.BinOp))


def unmarked() -> Iterator[str]:
    for part in WHERE:
        for path in sorted((BOT / part).rglob("*.py")):
            name = path.relative_to(BOT).as_posix()
            if name in PROGRAMS_ALONE:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FIRST:
                    if node.func.id == "Problem" and part != "web":
                        continue
                    first = FIRST[node.func.id]
                    if any(plain(argument) for argument in node.args[first : first + 2]):
                        yield f"{name}:{node.lineno}"


def test_no_refusal_is_written_as_a_plain_text() -> None:
    assert list(unmarked()) == []


# --- what a reader sees -----------------------------------------------------------------------------------------------

CJK = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def stage(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Stage]:
    path = tmp_path / "x.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    engine = open_engine(f"sqlite:///{path}")
    yield Stage(engine, tmp_path).fill(3)
    engine.dispose()


@pytest.fixture
def browser(stage: Stage) -> Browser:
    return Browser(stage, language=Language.CHINESE)


def toast(html: str) -> str:
    """What was said after an act."""
    found = re.search(r'<div class="toast.*?</div>', html, re.DOTALL)
    assert found is not None
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", found[0]))).strip()


def act(browser: Browser, word: str, *numbers: int, who: str = "ada", **form: str) -> str:
    pairs = [("act", word), ("next", "/triage"), *form.items(), *(("finding", str(number)) for number in numbers)]
    return toast(browser.after(browser.post("/triage/act", pairs, who), who))


def english_in(text: str) -> list[str]:
    """Runs of two English words or more, but for commands: there is none in a sentence that is Chinese."""
    return re.findall(r"[A-Za-z]{2,} [A-Za-z]{2,}", re.sub(r"mergewarden [a-z -]+", "", text))


def test_what_an_act_refuses_is_said_in_chinese(browser: Browser, stage: Stage) -> None:
    stage.workflow.claim(GRACE, [2])
    until = (NOW + timedelta(days=20)).date().isoformat()
    why = {"justification": "false_positive", "reason": "x"}
    for said, told in {
        "已有人领取。请与其联系，或进行分派。": act(browser, "claim", 2),
        "您在此项目中的角色不包含：裁决（decide）。管理员可以授予包含该权限的角色。": act(
            browser, "confirm", 1, who="dev"
        ),
        "没有这个发现项": act(browser, "confirm", 1001),
        "驳回需要理由": act(browser, "dismiss", 1, **{**why, "reason": ""}, until=until),
        "驳回需要列表中的一种依据": act(browser, "dismiss", 1, reason="x", until=until),
        "驳回需要截止日期": act(browser, "dismiss", 1, **why),
        "'2026' 不是日期": act(browser, "dismiss", 1, **why, until="2026"),
        "例外最长 365 天": act(browser, "dismiss", 1, **why, until=(NOW + timedelta(days=900)).date().isoformat()),
        "把发现项标为已修复需要理由": act(browser, "resolve", 1),
        "搁置需要天数": act(browser, "snooze", 1, days="x"),
        "发现项最多搁置 90 天": act(browser, "snooze", 1, days="99"),
        "没有名为 'nobody' 的人员": act(browser, "assign", 1, person="nobody"),
        "没有这种操作": act(browser, "explode", 1),
        "2 × 没有这个发现项。它可能已不存在": act(browser, "confirm", 1001, 777),
        "没有可以撤回的内容": toast(browser.after(browser.post("/triage/undo", {"batch": "x", "next": "/triage"}))),
        "评论为空": toast(browser.after(browser.post(f"/projects/{SHOP}/findings/1/comment", {"text": ""}))),
        "没有例外 99": toast(browser.after(browser.post("/triage/approve", {"suppression": "99", "next": "/triage"}))),
        "视图名称为 1 到 100 个字符": toast(
            browser.after(browser.post("/triage/views", {"name": "", "query": "", "next": "/triage"}))
        ),
    }.items():
        assert said in told, told
        assert english_in(told) == [], told


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (f"/projects/{SHOP}/findings/999", "没有这个页面"),
        ("/projects/x", "没有这个页面"),
        ("/triage?severity=grave", "severity 不能是 'grave'"),
        ("/triage?by=moon", "不能按此对发现项分组"),
        ("/triage?after=x", "这不是一页的末尾"),
        ("/audit", "您的角色不包含：查看审计日志（read_audit）"),
        ("/jobs?tab=x", "页面没有这个部分"),
        ("/receipts/x", "没有这个凭证"),
        ("/nothing/here", "没有"),
    ],
)
def test_a_problem_page_is_in_chinese_with_its_hint(browser: Browser, path: str, said: str) -> None:
    answer = browser.get(path, Accept_Language="zh-CN")
    assert answer.status_code in (400, 403, 404)
    main = re.sub(r"<[^>]+>", " ", answer.text.partition("<main")[2].partition("</main")[0])
    assert said in unescape(main)
    assert CJK.search(answer.text.partition("<title>")[2].partition("</title>")[0])
    assert english_in(unescape(main)) == []


def test_a_form_that_is_not_ours_is_refused_in_chinese(browser: Browser) -> None:
    answer = browser.post("/triage/act", {"act": "confirm"}, csrf="guessed")
    assert (answer.status_code, "表单不是来自您的页面，或已过旧" in answer.text) == (403, True)


def test_settings_are_described_in_chinese(stage: Stage) -> None:
    browser = Browser(stage, language=Language.CHINESE)
    html = browser.get("/settings", "auditor").text
    assert html.count("<tr>") > len(Settings.model_fields)
    assert "GitLab 的地址，不含 /api/v4" in html
    descriptions = re.findall(r'nowrap">\w+</span><br><span class="muted small">([^<]*)</span>', html)
    assert len(descriptions) == len(Settings.model_fields)
    assert [text for text in descriptions if not CJK.search(text)] == []


def test_english_readers_are_told_in_english(stage: Stage) -> None:
    assert "somebody has it already" not in act(Browser(stage), "claim", 1)
    assert "somebody has it already. Ask him, or assign it." in act(Browser(stage), "claim", 1, who="grace")
