"""``mergewarden subscription add`` for a chat."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import CommandLine

TOKEN = "TIiajkdnlazkcOXrIdevi7FQ"
CHAT = ("--channel", "chat", "--by", "ada")


def test_a_chat_is_kept_and_its_address_is_not_shown(tmp_path: Path) -> None:
    mergewarden = CommandLine(tmp_path, {"LOG_LEVEL": "DEBUG"})
    made = mergewarden("subscription", "add", "Team", f"slack://T1JJ3T3L2/A1BRTD4JD/{TOKEN}", *CHAT)
    assert made.returncode == 0, made.stderr
    listed = mergewarden("subscription", "list", "--format", "json")
    assert [one["target"] for one in json.loads(listed.stdout)["subscriptions"]] == ["slack://…"]
    assert TOKEN not in made.stdout + made.stderr + listed.stdout


def test_what_cannot_be_is_refused_and_not_shown(tmp_path: Path) -> None:
    mergewarden = CommandLine(tmp_path, {"LOG_LEVEL": "DEBUG"})
    for target, says in (
        (f"slack://T1JJ3T3L2/A1BRTD4JD/{TOKEN}-x", "does not take such an address"),
        (f"slack://T1JJ3T3L2/A1BRTD4JD/{TOKEN}?template=/etc/passwd", "an option that is not taken"),
        (f"gotify://127.0.0.1/{TOKEN}", "leads to this host"),
    ):
        refused = mergewarden("subscription", "add", "Team", target, *CHAT)
        assert refused.returncode == 2
        assert says in refused.stderr
        assert TOKEN not in refused.stdout + refused.stderr
    assert json.loads(mergewarden("subscription", "list", "--format", "json").stdout)["subscriptions"] == []
