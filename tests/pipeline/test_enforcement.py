"""How strongly a gate holds is read from GitLab as it is, and a step back is an incident."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.enforcement import Facts, Level, Need
from bot.domain.enforcement_plan import ForbidForce, Protect, SetSetting, plan_for
from bot.domain.incident import IncidentKind, KnownIncident
from bot.domain.job import CheckProject
from bot.domain.policy import People, Policy
from bot.pipeline.enforcement import Reading, branches_of, read_project, store_reading
from bot.pipeline.enforcing import apply_changes
from bot.store import enforcement, incidents
from bot.store.enforcement import StoredEnforcement
from bot.store.engine import session, write_session
from tests.pipeline.workshop import Workshop
from tests.standin import DEVELOPER, MAINTAINER, OWNER, Project

GATE = {
    "only_allow_merge_if_pipeline_succeeds": True,
    "allow_merge_on_skipped_pipeline": False,
    "only_allow_merge_if_all_discussions_are_resolved": True,
    "resolve_outdated_diff_discussions": False,
}
BREAK_GLASS = Policy(people=People(security_group=None, break_glass=frozenset({"grace"})))


def locked(workshop: Workshop) -> Project:
    """Only the bot, and Grace as a break-glass person, merge."""
    project = workshop.project()
    workshop.gitlab.add_member(project, workshop.user, MAINTAINER)
    workshop.gitlab.protect(project, "main", push=0, merge=MAINTAINER)
    return project


def read(workshop: Workshop, project: Project, policy: Policy | None = None) -> Reading:
    return read_project(workshop.services, project.id, policy)


def check(workshop: Workshop, project: Project) -> str:
    return workshop.outcome(workshop.submit(CheckProject(project.id)))


def stored(workshop: Workshop, project: Project) -> StoredEnforcement:
    with session(workshop.services.store) as reading:
        found = enforcement.stored(reading, project.id)
    assert found is not None
    return found


def weakened(workshop: Workshop, project: Project) -> list[KnownIncident]:
    with session(workshop.services.store) as reading:
        found = incidents.page(reading, project_id=project.id, limit=100)
    return [one for one in reversed(found) if one.incident.kind is IncidentKind.SETTINGS_WEAKENED]


def missing(seen: Reading, level: Level) -> set[Need]:
    return {one.need for one in seen.enforcement.missing_for(level)}


# --- reading ----------------------------------------------------------------------------------------------------------


def test_a_project_as_gitlab_makes_it_has_no_gate(workshop: Workshop) -> None:
    assert check(workshop, workshop.project()) == "l0"


def test_the_settings_make_the_first_level(workshop: Workshop) -> None:
    project = workshop.project()
    workshop.gitlab.settings(project, **GATE)
    assert check(workshop, project) == "l1"
    found = stored(workshop, project)
    assert found.level is Level.L1
    assert found.facts["protected_branches"] == []
    assert found.facts["default_branch"] == "main"


def test_a_branch_of_the_bots_own_makes_the_second_level(workshop: Workshop) -> None:
    seen = read(workshop, locked(workshop), BREAK_GLASS)
    assert seen.enforcement.level is Level.L2
    assert seen.facts.break_glass == {workshop.grace.id}


def test_without_the_policys_word_another_maintainer_is_one_too_many(workshop: Workshop) -> None:
    seen = read(workshop, locked(workshop))
    assert missing(seen, Level.L2) == {Need.NO_KEYHOLDERS}
    (one,) = seen.enforcement.missing_for(Level.L2)
    assert one.subject == "grace"


def test_people_of_groups_above_count_and_blocked_ones_do_not(workshop: Workshop) -> None:
    project = locked(workshop)
    boss = workshop.gitlab.add_person(f"boss{project.id}")
    workshop.gitlab.remove_member(project, workshop.grace)
    assert read(workshop, project).enforcement.level is Level.L2
    group = workshop.gitlab.create_group(f"outside{project.id}", members={boss: OWNER})
    workshop.gitlab.share(project, group, MAINTAINER)
    assert missing(read(workshop, project), Level.L2) == {Need.NO_KEYHOLDERS}
    workshop.gitlab.block(boss)
    assert read(workshop, project).enforcement.level is Level.L2


def test_single_users_of_premium_count(workshop: Workshop) -> None:
    project = locked(workshop)
    workshop.gitlab.licence("premium")
    try:
        workshop.gitlab.protect(project, "main", push=0, merge=0, merge_users=[workshop.user])
        assert read(workshop, project).enforcement.level is Level.L2
        workshop.gitlab.protect(project, "main", push=0, merge=0, merge_users=[workshop.user, workshop.ada])
        assert Need.ONLY_BOT_MERGES in missing(read(workshop, project), Level.L2)
    finally:
        workshop.gitlab.licence("free")


@pytest.mark.parametrize(
    ("path", "need"),
    [(r"/protected_branches$", Need.RULES_KNOWN), (r"/members/all$", Need.PEOPLE_KNOWN)],
)
@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_the_bot_may_not_see_does_not_count_as_good(
    workshop: Workshop, path: str, need: Need, status: int
) -> None:
    project = locked(workshop)
    workshop.gitlab.faults.add("GET", path, status=status, body={"message": "no"})
    seen = read(workshop, project, BREAK_GLASS)
    assert seen.enforcement.level is Level.L0
    assert need in missing(seen, Level.L2)


def test_settings_that_are_not_shown_are_unknown(workshop: Workshop) -> None:
    """As to somebody who may see the project and not its settings."""
    project = workshop.project()
    workshop.gitlab.settings(project, **GATE)
    shown = {"id": project.id, "path_with_namespace": project.path, "default_branch": "main"}
    workshop.gitlab.faults.add("GET", rf"/projects/{project.id}$", status=200, body=shown)
    seen = read(workshop, project)
    assert seen.enforcement.level is Level.L0
    assert all(one.unknown for one in seen.enforcement.missing_for(Level.L1))
    assert len(seen.enforcement.missing_for(Level.L1)) == 5


def test_where_the_rules_are_hidden_the_names_of_protected_branches_are_still_found(workshop: Workshop) -> None:
    project = locked(workshop)
    workshop.gitlab.commit(project, "release/1", {"r.txt": "r\n"}, author=workshop.ada)
    workshop.gitlab.protect(project, "release/*")
    workshop.gitlab.faults.add("GET", r"/protected_branches$", status=403, body={"message": "403 Forbidden"})
    seen = read(workshop, project)
    assert set(seen.names or ()) == {"main", "release/1"}
    assert branches_of(workshop.services, seen) == ("main", "release/1")


def test_every_protected_branch_is_looked_at(workshop: Workshop) -> None:
    project = locked(workshop)
    for name in ("release/1", "release/2", "other"):
        workshop.gitlab.commit(project, name, {"r.txt": "r\n"}, author=workshop.ada)
    workshop.gitlab.protect(project, "release/*")
    workshop.gitlab.protect(project, "*elea*/2")
    workshop.gitlab.protect(project, "not/there")
    found = branches_of(workshop.services, read(workshop, project))
    assert set(found) == {"main", "release/1", "release/2", "not/there"}
    assert found[0] == "main"


def test_a_rule_of_a_name_that_no_branch_can_have_does_not_stop_the_check(workshop: Workshop) -> None:
    """GitLab takes any text as the name of a rule, and a check that ends in an error sees nothing any more."""
    project = locked(workshop)
    workshop.gitlab.protect(project, "odd\nname")
    assert check(workshop, project) == "l0"
    assert branches_of(workshop.services, read(workshop, project)) == ("main",)


def test_a_flood_of_branches_does_not_push_a_named_one_off_the_list(workshop: Workshop) -> None:
    project = locked(workshop)
    head = project.repository.head("main")
    names = [f"feature/{number}" for number in range(250)]
    refs = "".join(f"create refs/heads/{name} {head}\n" for name in names)
    project.repository.git("update-ref", "--stdin", data=refs.encode())
    workshop.gitlab.protect(project, "feature/*", push=DEVELOPER)
    workshop.gitlab.protect(project, "stable")
    found = branches_of(workshop.services, read(workshop, project))
    assert found[:2] == ("main", "stable")
    assert len(found) == 200


def test_a_project_that_is_gone_ends_the_job(workshop: Workshop) -> None:
    assert workshop.outcome(workshop.submit(CheckProject(987654321))) == "gone"


# --- steps back -------------------------------------------------------------------------------------------------------


def test_a_weakened_setting_is_an_incident_once(workshop: Workshop) -> None:
    project = workshop.project()
    workshop.gitlab.settings(project, **GATE)
    check(workshop, project)
    assert weakened(workshop, project) == []
    workshop.gitlab.settings(project, allow_merge_on_skipped_pipeline=True)
    assert check(workshop, project) == "l0"
    (one,) = weakened(workshop, project)
    assert one.incident.subject == "skipped"
    assert dict(one.incident.details) == {
        "missing": "a skipped pipeline must not count as a successful one",
        "before": "L1",
        "now": "L0",
    }
    check(workshop, project)
    assert [i.count for i in weakened(workshop, project)] == [1]


def test_a_branch_whose_protection_goes_is_an_incident_that_comes_back(workshop: Workshop) -> None:
    project = locked(workshop)
    check(workshop, project)
    workshop.gitlab.unprotect(project, "main")
    check(workshop, project)
    (one,) = weakened(workshop, project)
    assert (one.incident.subject, one.incident.ref) == ("protected main", "main")
    workshop.gitlab.protect(project, "main", push=0, merge=MAINTAINER)
    check(workshop, project)
    workshop.gitlab.unprotect(project, "main")
    check(workshop, project)
    assert [i.count for i in weakened(workshop, project)] == [2]


def test_a_first_look_at_a_project_is_no_step_back(workshop: Workshop) -> None:
    project = workshop.project()
    with write_session(workshop.services.store) as writing:
        enforcement.hook_seen(writing, project.id, datetime.now(UTC))
    check(workshop, project)
    assert weakened(workshop, project) == []


# --- the hook ---------------------------------------------------------------------------------------------------------


def test_a_hook_that_asks_is_the_third_level(workshop: Workshop) -> None:
    project = workshop.project()
    with write_session(workshop.services.store) as writing:
        enforcement.hook_seen(writing, project.id, datetime.now(UTC))
    assert check(workshop, project) == "l3"


def test_a_branch_that_moves_without_that_the_hook_asks_shows_that_it_is_gone(workshop: Workshop) -> None:
    project = workshop.project()
    long_ago = datetime.now(UTC) - timedelta(days=2)
    with write_session(workshop.services.store) as writing:
        enforcement.hook_seen(writing, project.id, long_ago)
    assert check(workshop, project) == "l3"
    assert check(workshop, project) == "l3"
    workshop.gitlab.commit(project, "main", {"m.txt": "m\n"}, author=workshop.ada)
    assert check(workshop, project) == "l0"
    assert [i.incident.subject for i in weakened(workshop, project)] == ["hook_sees_all"]
    assert check(workshop, project) == "l0"
    with write_session(workshop.services.store) as writing:
        enforcement.hook_seen(writing, project.id, datetime.now(UTC))
    assert check(workshop, project) == "l3"


# --- setting it -------------------------------------------------------------------------------------------------------


def test_the_first_level_is_set_and_only_what_it_needs(workshop: Workshop) -> None:
    project = workshop.project()
    workshop.gitlab.add_member(project, workshop.user, MAINTAINER)
    workshop.gitlab.settings(
        project, only_allow_merge_if_pipeline_succeeds=True, resolve_outdated_diff_discussions=True
    )
    seen = read(workshop, project)
    plan = plan_for(Level.L1, seen.facts)
    assert plan.changes == (
        SetSetting("only_allow_merge_if_all_discussions_are_resolved", True),
        SetSetting("resolve_outdated_diff_discussions", False),
    )
    assert [one.problem for one in apply_changes(workshop.services, seen, plan.changes)] == ["", ""]
    assert read(workshop, project).enforcement.level is Level.L1
    assert plan_for(Level.L1, read(workshop, project).facts).changes == ()


def test_the_second_level_is_set_without_leaving_a_branch_open(workshop: Workshop) -> None:
    project = workshop.project()
    workshop.gitlab.add_member(project, workshop.user, MAINTAINER)
    for name in ("main", "release/*"):
        workshop.gitlab.protect(project, name, push=DEVELOPER, merge=DEVELOPER)
    workshop.gitlab.protect(project, "forced", push=0, merge=MAINTAINER, allow_force_push=True)
    seen = read(workshop, project, BREAK_GLASS)
    plan = plan_for(Level.L2, seen.facts, ["hot/*"])
    assert set(plan.changes) == {
        Protect("main", replaces=True),
        Protect("release/*", replaces=True),
        ForbidForce("forced"),
        Protect("hot/*", replaces=False),
    }
    open_moments: list[str] = []

    def look(_: object) -> bool:
        for branch in ("main", "release/1"):
            if not any(name in (branch, f"{branch}*", "release/*", "release/**") for name in project.protected):
                open_moments.append(branch)
        return False

    workshop.gitlab.faults.add("*", r"/protected_branches", status=500, when=look)
    assert [one.problem for one in apply_changes(workshop.services, seen, plan.changes)] == [""] * 4
    assert open_moments == []
    assert set(project.protected) == {"main", "release/*", "forced", "hot/*"}
    assert read(workshop, project, BREAK_GLASS).enforcement.level is Level.L2


def test_with_premium_people_are_named_where_there_are_other_maintainers(workshop: Workshop) -> None:
    project = workshop.project()
    workshop.gitlab.add_member(project, workshop.user, MAINTAINER)
    workshop.gitlab.licence("premium")
    try:
        seen = read(workshop, project)
        apply_changes(workshop.services, seen, plan_for(Level.L2, seen.facts).changes)
        assert project.protected["main"].merge_users == [workshop.user.id]
        assert read(workshop, project).enforcement.level is Level.L2
    finally:
        workshop.gitlab.licence("free")


def test_without_premium_the_role_has_to_do_and_people_are_left_to_people(workshop: Workshop) -> None:
    project = workshop.project()
    workshop.gitlab.add_member(project, workshop.user, MAINTAINER)
    seen = read(workshop, project)
    plan = plan_for(Level.L2, seen.facts)
    apply_changes(workshop.services, seen, plan.changes)
    assert (project.protected["main"].push, project.protected["main"].merge) == (0, MAINTAINER)
    assert [one.need for one in plan.by_people] == [Need.NO_KEYHOLDERS]
    assert missing(read(workshop, project), Level.L2) == {Need.NO_KEYHOLDERS}


def test_a_bot_without_the_right_changes_nothing_and_says_so(workshop: Workshop) -> None:
    project = workshop.project()
    workshop.gitlab.protect(project, "main", push=DEVELOPER, merge=DEVELOPER)
    seen = read(workshop, project)
    for level in (Level.L1, Level.L2):
        plan = plan_for(level, seen.facts)
        assert all("403" in one.problem for one in apply_changes(workshop.services, seen, plan.changes))
    assert (project.protected["main"].push, set(project.protected)) == (DEVELOPER, {"main"})


def test_a_replacement_that_is_stopped_half_way_leaves_the_branch_as_strict(workshop: Workshop) -> None:
    project = workshop.project()
    workshop.gitlab.add_member(project, workshop.user, MAINTAINER)
    workshop.gitlab.protect(project, "main", push=DEVELOPER, merge=DEVELOPER)
    seen = read(workshop, project, BREAK_GLASS)
    workshop.gitlab.faults.add(
        "POST", r"/protected_branches$", status=403, body={"message": "no"}, when=lambda body: body["name"] == "main"
    )
    (applied,) = apply_changes(workshop.services, seen, plan_for(Level.L2, seen.facts).changes)
    assert applied.problem
    assert set(project.protected) == {"main*"}
    assert read(workshop, project, BREAK_GLASS).enforcement.level is Level.L2


def test_what_the_command_reads_is_stored_and_a_step_back_is_not_lost(workshop: Workshop) -> None:
    project = workshop.project()
    workshop.gitlab.settings(project, **GATE)
    store_reading(workshop.services, read(workshop, project))
    workshop.gitlab.settings(project, only_allow_merge_if_pipeline_succeeds=False)
    store_reading(workshop.services, read(workshop, project))
    assert [i.incident.subject for i in weakened(workshop, project)] == ["pipelines"]


def test_only_settings_can_be_set() -> None:
    with pytest.raises(ValueError, match="levels 1 and 2"):
        plan_for(Level.L3, Facts())
