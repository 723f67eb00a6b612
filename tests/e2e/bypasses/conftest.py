"""One stand-in and one bot for the whole suite, and one project for each level."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.domain.enforcement import Level
from bot.pipeline.engine import JobQueue
from bot.store.engine import open_engine
from tests.e2e.bypasses.catalogue import claim_of
from tests.e2e.bypasses.quick_bot import QuickBot
from tests.e2e.bypasses.scene import HOOK_SECRET, Bench, Scene
from tests.e2e.stage import Stage, stop_stage
from tests.standin import Standin

POLICY = """\
version: 1
block:
  - {name: whatever is smuggled in, rules: ["smuggled*"]}
  - {name: only what is ready, rules: ["drafty*"], draft: false}
  - {name: only payments, rules: ["labelled*"], labels: [payments]}
required_scanners: [mark]
suppressions: {second_person: low}
people: {break_glass: [grace]}
"""


@pytest.fixture(scope="package")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("bypasses")
    gitlab = Standin(folder / "gitlab").start()
    user = gitlab.create_user("warden", bot=True)
    ada, grace, linus = (gitlab.create_user(name) for name in ("ada", "grace", "linus"))
    policy, data = folder / "policy.yaml", folder / "data"
    policy.write_text(POLICY)
    data.mkdir()
    bot = QuickBot(
        data,
        gitlab.url,
        gitlab.create_token(user),
        POLICY_FILE=str(policy),
        HOOK_SECRET=HOOK_SECRET,
        RECONCILE_INTERVAL_SECONDS="86400",
    )
    bot.start()
    url = f"sqlite:///{data / 'mergewarden.db'}"
    store, queue = open_engine(url), JobQueue(url)
    stage = Stage(gitlab, bot, user, ada, grace, linus)
    made = Bench(stage, store, queue)
    yield made
    made.close()
    queue.close()
    store.dispose()
    stop_stage(stage)


@pytest.fixture
def scene(bench: Bench, level: Level, request: pytest.FixtureRequest) -> Iterator[Scene]:
    claim = claim_of(request.function)
    assert claim is not None, "a test of this suite claims something"
    made = Scene(bench, level, claim)
    yield made
    made.leave()
