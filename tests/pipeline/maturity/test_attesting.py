"""Who may attest what, that a second person confirms it, and that all of it is in the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, text

from bot.domain.audit import Entry
from bot.domain.maturity.attestation import MOST_BYTES, MOST_OPEN, Attestation, attachment
from bot.domain.maturity.model import Attest
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.roles import Kind, Permission, Principal, Role
from bot.domain.workflow import Fault, WorkflowError
from bot.model_files import shipped_models
from bot.observability.metrics import Metrics
from bot.pipeline.desk_work import Tools
from bot.pipeline.maturity.attesting import attest, confirm, may_attest, withdraw
from bot.services import Services
from bot.settings import Settings
from bot.store import audit
from bot.store.engine import session, write_session
from bot.store.maturity import attestations
from bot.store.projects import Project, upsert_projects
from tests.domain.maturity.worlds import END
from tests.domain.maturity.worlds import attestation as word
from tests.pipeline.desk_stage import person

TILL, API, CORE = 1, 2, 3
MODEL = next(model for model in shipped_models() if any(isinstance(d.asks, Attest) for _, d in model.demands))
ASKED = next(demand.id for _, demand in MODEL.demands if isinstance(demand.asks, Attest))
PROBED = next(demand.id for _, demand in MODEL.demands if not isinstance(demand.asks, Attest))
MINE = Scope.of_project(TILL)
SHOP = Scope.of_group("shop")
ADA = person("ada", Role.TRIAGER, number=1, projects=(TILL, API))
GRACE = person("grace", Role.TRIAGER, number=2, projects=(TILL,))
DEV = person("dev", Role.DEVELOPER, number=3, projects=(TILL,))
AUDITOR = person("auditor", number=4, instance_roles=frozenset({Role.AUDITOR}), everything=True, projects=())
LEAD = person("lead", Role.SECURITY_LEAD, number=5, projects=(TILL, API))
ADMIN = person("root", number=6, instance_roles=frozenset({Role.ADMIN}), everything=True, projects=())
BOSS = person("boss", number=7, instance_roles=frozenset({Role.SECURITY_LEAD}), projects=(TILL,))
NOBODYS = person(
    "token 7 (shop-ci)", kind=Kind.TOKEN, instance_roles=frozenset({Role.SECURITY_LEAD}), everything=True, projects=()
)
READING = person("ada (token 9)", Role.TRIAGER, number=1, projects=(TILL,), limits=frozenset({Permission.READ}))


@pytest.fixture
def tools(engine: Engine, database_url: str, tmp_path: Path) -> Iterator[Tools]:
    services = Services(Settings(data_dir=tmp_path, database_url=SecretStr(database_url)), Metrics())
    with write_session(services.store) as writing:
        paths = {TILL: "Shop/till", API: "shop/api", CORE: "bank/core"}
        upsert_projects(writing, [Project(number, path) for number, path in paths.items()])

    def no_queue() -> Any:
        raise AssertionError("nothing is submitted")

    yield Tools(services, no_queue, lambda: END)
    services.close()


def say(tools: Tools, who: Principal, scope: Scope = MINE, **more: Any) -> Attestation:
    values = {"model_id": MODEL.id, "demand_id": ASKED, "text": "We meet each week and write it down."}
    return attest(tools, who, scope=scope, address="192.0.2.7", **{**values, **more})


def entries(tools: Tools) -> list[Entry]:
    with session(tools.services.store) as reading:
        return list(audit.stream(reading))


def test_one_says_it_another_confirms_it_and_it_is_taken_back(tools: Tools) -> None:
    file = attachment("minutes.txt", b"We met.")
    made = say(tools, ADA, attachment=file, expires_at=END + timedelta(days=9))
    confirmed = confirm(tools, GRACE, made.id)
    assert (confirmed.made_by, confirmed.made_by_id, confirmed.confirmed_by) == ("ada", 1, "grace")
    withdraw(tools, ADA, made.id, reason="no longer so")
    with session(tools.services.store) as reading:
        kept = attestations.get(reading, made.id)
        assert attestations.content_of(reading, file.digest) == b"We met."
    assert kept is not None
    assert (kept.confirmed_at, kept.withdrawn_at, kept.withdrawn_by) == (END, END, "ada")
    log = entries(tools)
    assert [entry.action for entry in log] == ["attestation.made", "attestation.confirmed", "attestation.withdrawn"]
    assert [entry.actor for entry in log] == ["ada", "grace", "ada"]
    assert {entry.subject for entry in log} == {f"attestation {made.id}"}
    assert {entry.project_id for entry in log} == {TILL}
    assert (log[0].details["sha256"], log[0].address) == (file.digest, "192.0.2.7")
    assert log[2].details["reason"] == "no longer so"


@pytest.mark.parametrize("who", [ADA, person("Ada", Role.ADMIN, number=8, projects=(TILL,))])
def test_nobody_confirms_his_own(tools: Tools, who: Principal) -> None:
    made = say(tools, ADA)
    with pytest.raises(WorkflowError, match="is yours"):
        confirm(tools, who, made.id)
    assert len(entries(tools)) == 1


@pytest.mark.parametrize(
    ("who", "scope", "fault"),
    [
        (DEV, Scope.of_project(TILL), Fault.FORBIDDEN),
        (AUDITOR, Scope.of_project(TILL), Fault.FORBIDDEN),
        (READING, Scope.of_project(TILL), Fault.FORBIDDEN),
        (NOBODYS, Scope.of_project(TILL), Fault.FORBIDDEN),
        (ADA, Scope.of_project(CORE), Fault.NOT_FOUND),
        (ADMIN, Scope.of_project(99), Fault.NOT_FOUND),
        (ADA, SHOP, Fault.FORBIDDEN),
        (BOSS, SHOP, Fault.FORBIDDEN),
        (LEAD, Scope.of_group("bank"), Fault.NOT_FOUND),
        (ADMIN, Scope.of_group("nowhere"), Fault.NOT_FOUND),
        (LEAD, ORGANISATION, Fault.FORBIDDEN),
        (ADA, ORGANISATION, Fault.FORBIDDEN),
        (AUDITOR, ORGANISATION, Fault.FORBIDDEN),
    ],
)
def test_who_may_not_is_refused(tools: Tools, who: Principal, scope: Scope, fault: Fault) -> None:
    with pytest.raises(WorkflowError) as caught:
        say(tools, who, scope)
    assert caught.value.fault is fault
    with session(tools.services.store) as reading:
        assert not may_attest(reading, who, scope)
        assert attestations.page(reading, now=END) == ()
    assert entries(tools) == []


@pytest.mark.parametrize(
    ("who", "scope"),
    [(ADA, Scope.of_project(API)), (LEAD, SHOP), (ADMIN, SHOP), (ADMIN, ORGANISATION), (BOSS, ORGANISATION)],
)
def test_who_may_does(tools: Tools, who: Principal, scope: Scope) -> None:
    assert say(tools, who, scope).made_by == who.actor
    with session(tools.services.store) as reading:
        assert may_attest(reading, who, scope)


def test_who_may_not_make_it_neither_confirms_nor_takes_it_back(tools: Tools) -> None:
    made = say(tools, LEAD, SHOP)
    for who in (ADA, DEV, AUDITOR, NOBODYS):
        for act in (confirm, withdraw):
            with pytest.raises(WorkflowError) as caught:
                act(tools, who, made.id)
            assert caught.value.fault is Fault.FORBIDDEN
    hidden = say(tools, ADMIN, Scope.of_project(CORE))
    with pytest.raises(WorkflowError, match=f"no attestation {hidden.id}"):
        withdraw(tools, ADA, hidden.id)
    with pytest.raises(WorkflowError, match="no attestation 4711"):
        confirm(tools, ADMIN, 4711)
    assert len(entries(tools)) == 2


def test_it_is_confirmed_and_taken_back_once(tools: Tools) -> None:
    made = say(tools, ADA)
    confirm(tools, GRACE, made.id)
    with pytest.raises(WorkflowError, match="confirmed by grace already"):
        confirm(tools, LEAD, made.id)
    withdraw(tools, LEAD, made.id)
    with pytest.raises(WorkflowError, match="taken back by lead already"):
        withdraw(tools, ADA, made.id)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"model_id": "nowhere"}, "no model nowhere"),
        ({"demand_id": "nowhere"}, "has no demand nowhere"),
        ({"demand_id": PROBED}, "answered by data"),
        ({"text": "ok"}, "says what is done"),
        ({"expires_at": END + timedelta(days=9999)}, "days at most"),
    ],
)
def test_what_is_wrong_is_told(tools: Tools, more: dict[str, Any], words: str) -> None:
    with pytest.raises(WorkflowError, match=words):
        say(tools, ADA, **more)


def test_a_secret_in_what_is_said_is_kept_nowhere(tools: Tools) -> None:
    made = say(tools, ADA, text="Sign in with glpat-abcdefghijklmnopqrst to see it.")
    assert "glpat" not in made.text
    assert "glpat" not in str(entries(tools))


def test_whoever_sees_nothing_of_a_group_is_told_of_no_word_for_it(tools: Tools) -> None:
    bank, whole = say(tools, ADMIN, Scope.of_group("bank")), say(tools, ADMIN, ORGANISATION)
    for made in (bank, whole):
        for act in (confirm, withdraw):
            with pytest.raises(WorkflowError, match=f"no attestation {made.id}") as caught:
                act(tools, LEAD, made.id)
            assert caught.value.fault is Fault.NOT_FOUND
    assert confirm(tools, BOSS, whole.id).confirmed_by == "boss"


def test_there_are_so_many_for_one_demand_and_scope_and_no_more(tools: Tools) -> None:
    last = [say(tools, ADA) for _ in range(MOST_OPEN)][-1]
    with pytest.raises(WorkflowError, match="attestations for this demand already") as caught:
        say(tools, GRACE)
    assert caught.value.fault is Fault.INVALID
    assert len(entries(tools)) == MOST_OPEN, "what was refused is written down nowhere"
    say(tools, ADA, Scope.of_project(API))
    say(tools, LEAD, SHOP)
    withdraw(tools, GRACE, last.id)
    assert say(tools, GRACE).made_by == "grace"


def test_files_of_a_scope_have_a_limit_and_what_was_taken_back_still_counts(tools: Tools) -> None:
    sent, most = attachment("sent.txt", b"What was sent before."), MOST_BYTES - 10
    with write_session(tools.services.store) as writing:
        attestations.add(writing, word(scope=MINE, file_digest=sent.digest, withdrawn_at=END), sent)
        # As many bytes as that in a file, without carrying them about.
        lite = writing.get_bind().dialect.name == "sqlite"
        zeros = "zeroblob(:most)" if lite else "convert_to(repeat('0', :most), 'UTF8')"
        writing.execute(text(f"UPDATE attachment SET content = {zeros}"), {"most": most})
    with pytest.raises(WorkflowError, match="may have 100 MB") as caught:
        say(tools, ADA, attachment=attachment("one.txt", b"eleven more"))
    assert caught.value.fault is Fault.INVALID
    assert say(tools, ADA).file_name == "", "without one he may"
    assert say(tools, ADA, attachment=attachment("two.txt", b"ten are ok")).file_name == "two.txt"
    assert say(tools, ADA, Scope.of_project(API), attachment=attachment("one.txt", b"eleven more")).file_digest
    with session(tools.services.store) as reading:
        found = reading.execute(text("SELECT count(*) FROM attachment WHERE length(content) = :most"), {"most": most})
        assert found.scalar_one() == 1, "a snapshot may name it"
