"""Scanners and git may number lines differently, which must not pass a new weakness off as an old one."""

from __future__ import annotations

from pathlib import Path

from bot.domain.verdict import Presence
from bot.pipeline.assess import Tools, assess_tree
from bot.pipeline.git import Repository
from bot.pipeline.workspace import Limits
from scanners.adapters.bandit import Bandit
from scanners.runner import Limits as ScannerLimits
from tests.pipeline.git.builder import Builder
from tests.scanners.fakes import FakeCache

OLD = "exec(a)"
FILLER = [f"y{number} = 0" for number in range(10)]


def test_new_weakness_moved_onto_the_number_of_an_old_one_is_new(
    builder: Builder, repository: Repository, tmp_path: Path
) -> None:
    base = builder.commit({"a.py": "\n".join(["x = 1", *FILLER, OLD, "z = 1", ""])})
    # The old line stays as it is, but in a text. Git counts one more line before it, and so it is at 14 there; Python
    # counts every carriage return, so that the new one is at its line 14.
    planted = "q = 1" + "\r" * 12 + "exec(b)"
    head = builder.commit({"a.py": "\n".join(["x = 1", planted, *FILLER, "s = '''", OLD, "'''", "z = 1", ""])})
    tools = Tools([Bandit()], FakeCache(), tmp_path / "data", Limits(), ScannerLimits())
    tracked = assess_tree(repository, base=base, head=head, tools=tools).tracked
    found = [(item.presence, item.finding.location.start_line) for item in tracked if item.finding.rule_id == "B102"]
    assert (Presence.NEW, 14) in found
    assert Presence.EXISTING not in [presence for presence, _ in found]
