"""
``make demo``: the main job, from an opened merge request to a green light, on this machine alone.

A GitLab stand-in with real git over HTTP, and the bot as an operator would start it. The bot has a made-up year behind
it (``tests.history_of_a_year``), so that scores, trends and reports show something. With ``CI=true`` the demo ends by
itself, with status 0 only if everything it shows did happen; otherwise it stays up to be looked at.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown
from rich.panel import Panel
from rich.rule import Rule

from bot.model_files import shipped_models
from bot.observability.logs import configure_logging
from bot.observability.metrics import Metrics
from bot.services import Services
from bot.settings import load_settings
from tests.bot_process import Bot
from tests.history_of_a_year import CAICT, History, write_history
from tests.standin import DEVELOPER, MAINTAINER, ApiError, MergeRequest, Standin, User

WAIT_SECONDS = 60.0

BEFORE = {
    "README.md": "# Shop\n\nSells things.\n",
    "requirements.txt": "flask==3.0.3\nrequests==2.32.3\n",
    "shop/orders.py": """\
import sqlite3

from flask import Flask, request

app = Flask(__name__)


@app.get("/orders")
def orders():
    connection = sqlite3.connect("shop.db")
    return connection.execute("SELECT * FROM orders WHERE id = ?", (request.args["id"],)).fetchall()
""",
}

VULNERABLE = {
    "requirements.txt": "flask==3.0.3\nrequests==2.19.0\n",
    "shop/orders.py": """\
import sqlite3

import yaml
from flask import Flask, request

app = Flask(__name__)


@app.get("/orders")
def orders():
    connection = sqlite3.connect("shop.db")
    name = request.args["name"]
    return connection.execute("SELECT * FROM orders WHERE name = '%s'" % name).fetchall()


@app.post("/import")
def load():
    return yaml.load(request.data, Loader=yaml.Loader)
""",
    "shop/storage.py": '''\
"""Where pictures are kept."""

BUCKET = "shop-pictures"
ACCESS_KEY = "%s"
''',
}

FIXED = {
    "requirements.txt": "flask==3.0.3\nrequests==2.32.3\n",
    "shop/orders.py": VULNERABLE["shop/orders.py"]
    .replace(
        """"SELECT * FROM orders WHERE name = '%s'" % name""", """"SELECT * FROM orders WHERE name = ?", (name,)"""
    )
    .replace("yaml.load(request.data, Loader=yaml.Loader)", "yaml.safe_load(request.data)"),
    "shop/storage.py": '''\
"""Where pictures are kept."""

import os

BUCKET = "shop-pictures"
ACCESS_KEY = os.environ["SHOP_ACCESS_KEY"]
''',
}

# Facts of a published advisory, in the format of https://ossf.github.io/osv-schema/.
ADVISORY = {
    "schema_version": "1.6.0",
    "id": "PYSEC-2018-28",
    "aliases": ["CVE-2018-18074"],
    "modified": "2021-07-15T02:22:17Z",
    "published": "2018-10-09T17:29:00Z",
    "summary": "requests keeps the Authorization header when a redirect leads from https to http",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "requests"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.20.0"}]}],
        }
    ],
}


class Demo:
    """The story, with what must have happened checked on the way."""

    def __init__(self, gitlab: Standin, console: Console, bot_user: User) -> None:
        self.gitlab = gitlab
        self.console = console
        self.bot_user = bot_user
        self.failures: list[str] = []

    def step(self, text: str) -> None:
        self.console.print()
        self.console.print(Rule(text, align="left", style="bold"))

    def check(self, text: str, happened: bool) -> None:
        self.console.print(
            f"  {'✔' if happened else '✘'} {text}", style="green" if happened else "bold red", highlight=False
        )
        if not happened:
            self.failures.append(text)

    def show_conversation(self, request: MergeRequest) -> None:
        for discussion in self.gitlab.discussions(request, self.bot_user):
            note = discussion.notes[0]
            position = note.position or {}
            place = f"{position['new_path']}:{position.get('new_line') or 'file'}" if position else "overview"
            state = (" · resolved" if note.resolved else " · open") if note.resolvable else ""
            body = note.body.split("<!--")[0].replace("<details>", "").replace("</details>", "")
            self.console.print(Panel(Markdown(body), title=f"{place}{state}", title_align="left"))

    def mergeable(self, request: MergeRequest) -> bool:
        return self.gitlab.merge_status(request) == "mergeable"


def play(gitlab: Standin, bot: Bot, demo: Demo, people: dict[str, User]) -> MergeRequest:
    """Everything that the demo shows; what did not happen is in ``demo.failures``."""
    author, maintainer = people["ada"], people["grace"]
    project = gitlab.create_project(
        "acme/shop", BEFORE, members={demo.bot_user: DEVELOPER, author: DEVELOPER, maintainer: MAINTAINER}
    )
    gitlab.settings(project, only_allow_merge_if_pipeline_succeeds=True)
    gitlab.add_hook(project, f"{bot.url}/webhooks/gitlab", token=bot.secret)

    demo.step("Ada opens a merge request: SQL from a request, an unsafe YAML loader, an old package, an access key")
    # Made up here, so that no secret scanner of anybody stumbles over this file.
    key = "AKIAB" + "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(15))
    vulnerable = VULNERABLE | {"shop/storage.py": VULNERABLE["shop/storage.py"] % key}
    gitlab.commit(project, "feature", vulnerable, "Find orders by name", author=author)
    started = time.monotonic()
    request = gitlab.open_merge_request(project, "feature", author=author, title="Find orders by name")
    gitlab.wait_for_status(request, "failed", timeout=WAIT_SECONDS)
    demo.console.print(f"  verdict after {time.monotonic() - started:.1f} s", highlight=False)
    demo.show_conversation(request)
    threads = [d for d in gitlab.discussions(request, demo.bot_user) if d.notes[0].position]
    paths = {d.notes[0].position["new_path"] for d in threads if d.notes[0].position}
    demo.check("comments on the code, the dependency and the secret", paths == set(vulnerable))
    bodies = "".join(note.body for d in gitlab.discussions(request) for note in d.notes)
    demo.check("the access key is in no comment", key not in bodies)
    demo.check("the commit status is red", gitlab.statuses(request, "mergewarden")[-1].state == "failed")
    try:
        gitlab.merge(request, by=maintainer)
        demo.check("the merge is refused", happened=False)
    except ApiError as refusal:
        demo.check(f"the merge is refused ({refusal.status})", happened=True)

    demo.step("Ada changes the key, and pushes the fix over her branch, so that no commit holds the old one")
    started = time.monotonic()
    gitlab.commit(project, "feature", FIXED, "Mend it", author=author, start="main")
    gitlab.wait_for_status(request, "success", timeout=WAIT_SECONDS)
    demo.console.print(f"  verdict after {time.monotonic() - started:.1f} s", highlight=False)
    demo.show_conversation(request)
    threads = [d for d in gitlab.discussions(request, demo.bot_user) if d.notes[0].position]
    demo.check("every thread is resolved", all(d.notes[0].resolved for d in threads))
    demo.check("the commit status is green", gitlab.statuses(request, "mergewarden")[-1].state == "success")
    demo.check("the merge request can be merged", demo.mergeable(request))
    summaries = [d for d in gitlab.discussions(request, demo.bot_user) if d.individual]
    demo.check("there is one summary", len(summaries) == 1)
    return request


def remember_a_year(bot: Bot, demo: Demo, folder: Path) -> History:
    """Give the bot a past, take an evidence pack of it, and have both looked at by the bot's own commands."""
    demo.step("A year of history is made up: 12 projects in 3 groups that were scanned, mended and neglected")
    started = time.monotonic()
    configure_logging("console", "ERROR", [])
    services = Services(load_settings(bot.environment), Metrics())
    rating = [model for model in shipped_models() if model.id in ("engineering", CAICT)]
    history = write_history(services, datetime.now(UTC).date(), nights=2, models=rating)
    services.close()
    demo.console.print(f"  made up in {time.monotonic() - started:.1f} s", highlight=False)
    month = history.months[-1].label
    listed = bot.run("report", "list")
    demo.check(f"there is a compliance summary of {month}", month in listed.stdout)
    pack = folder / f"evidence-{month}.zip"
    made = bot.run("evidence", "pack", "--period", month, "--organisation", "--output", str(pack))
    demo.check(f"an evidence pack of {month} is made ({pack.name})", made.returncode == 0)
    checked = bot.run("evidence", "verify", str(pack))
    demo.check("the pack is whole and signed", checked.returncode == 0)
    return history


def make_administrator(bot: Bot, folder: Path) -> str:
    """An administrator for the pages; returns his password."""
    password = secrets.token_urlsafe(18)
    place = folder / "password"
    place.touch(mode=0o600)
    place.write_text(password)
    bot.run("admin", "create", "demo", "--password-file", str(place))
    return password


def main() -> int:
    console = Console(width=110 if os.environ.get("CI") else None)
    ci = os.environ.get("CI", "").lower() in ("1", "true", "yes")
    with tempfile.TemporaryDirectory(prefix="mergewarden-demo-") as folder, Standin(Path(folder) / "gitlab") as gitlab:
        people = {name: gitlab.create_user(name.lower(), name.title()) for name in ("ada", "grace")}
        bot_user = gitlab.create_user("mergewarden", "Mergewarden", bot=True)
        data_dir = Path(folder) / "data"
        data_dir.mkdir()
        # Not tonight: a night's work would count the last weeks anew, of which there are only the sums.
        bot = Bot(data_dir, gitlab.url, gitlab.create_token(bot_user), NIGHTLY_HOUR="23")
        demo = Demo(gitlab, console, bot_user)
        demo.step("Setting up: a GitLab stand-in, one imported advisory, the bot")
        advisory = Path(folder) / "advisory.json"
        advisory.write_text(json.dumps(ADVISORY))
        imported = bot.run("advisories", "import", str(advisory))
        demo.check(f"advisories imported ({imported.stdout.strip()})", imported.returncode == 0)
        remember_a_year(bot, demo, Path(folder))
        try:
            bot.start()
            request = play(gitlab, bot, demo, people)
            page = gitlab.page_url(request)
            if not ci:
                password = make_administrator(bot, Path(folder))
                console.print(
                    f"\nLook at it: {page}\nScores and trends of the made-up year: {bot.url}/maturity\n"
                    f"Its compliance summary: {bot.url}/reports\nSign in there as demo with {password}\n"
                    f"The bot's metrics: {bot.url}/metrics\nCtrl-C ends the demo.",
                    highlight=False,
                )
                with suppress(KeyboardInterrupt):
                    signal.pause()
        except (TimeoutError, RuntimeError) as error:
            demo.check(f"the story goes on: {error}", happened=False)
        finally:
            bot.stop()
        if demo.failures:
            console.print(bot.log.read_text()[-6000:] if bot.log.exists() else "", markup=False, highlight=False)
            console.print(f"{len(demo.failures)} things did not happen", style="bold red")
            return 1
        console.print("\nAll of that happened.", style="bold green")
        return 0


if __name__ == "__main__":
    sys.exit(main())
