"""
Policies: what is in force, from which files and commits, for which projects, and where each setting comes from.

Nothing is changed here: a policy is a file in a repository, and whoever changes it does so with a review.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.domain.policy import Policy, PolicyDocument
from bot.domain.policy_file import PROJECT_FILE
from bot.domain.policy_layers import POLICY_FILE, LayeredPolicy
from bot.domain.policy_origin import Affected, Layer, affected, layers_for, problem_of, rules_of, settings_of
from bot.domain.policy_rule import PolicyRule
from bot.domain.roles import Permission
from bot.domain.verdict import Effect, Reason
from bot.errors import ConfigurationError
from bot.reports.policy_words import conditions
from bot.reports.visible import one_line
from bot.reports.wording import Wording, words_in
from bot.store import policies, projects
from bot.store.desk import policy_reads
from bot.store.engine import session
from bot.store.policies import StoredText
from bot.texts import N_
from bot.web.contexts.policies import (
    LayerRow,
    OverrideRow,
    PoliciesPage,
    PolicyFileRow,
    ProjectPolicyPage,
    RuleRow,
    SettingRow,
    UsedRow,
)
from bot.web.entry import Visit, not_there
from bot.web.pages.jobs import link

if TYPE_CHECKING:
    from bot.web.desk import Desk

_DAYS = 7
"""How far back it is counted which policies decisions were made by."""
_COMMIT = 12
_LONGEST = 400
_PEOPLE = "people."
"""Settings that name people: for those who may see people."""
_EFFECTS = {Effect.BLOCK: N_("Blocks"), Effect.COMMENT: N_("Warns"), Effect.MONITOR: N_("Only watched")}
_KINDS = {
    "organisation": N_("Organisation"),
    "override": N_("Organisation, for some projects"),
    "group": N_("Group"),
    "project": N_("The project's own file"),
}


def routes(desk: Desk) -> Sequence[Route]:
    """``GET /policies`` and ``/policies/{project}``."""
    entry = desk.entry
    return (
        Route("/policies", entry.page(partial(_organisation, desk)), name="policies"),
        Route("/policies/{project}", entry.page(partial(_project, desk)), name="policy"),
    )


def _organisation(desk: Desk, visit: Visit) -> Response:
    wanted, sees = visit.query.get("project", "").strip()[:_LONGEST], visit.principal.sees
    wording = words_in(visit.language)
    with session(desk.services.store) as reading:
        if wanted:
            found = projects.find_by_path(reading, wanted.strip("/"))
            if found is not None and visit.principal.sees_project(found.id):
                return RedirectResponse(desk.frame.url("policy", project=found.id), 303)
        known = [one.path for one in projects.all_projects(reading) if sees is None or one.id in sees]
        texts = policies.policy_texts(reading) if desk.services.settings.policy_project is not None else ()
        used = policy_reads.used(reading, sees, since=visit.now - timedelta(days=_DAYS))
    not_found = one_line(wanted, 200)
    try:
        document = desk.services.policy()
        standing = document.standing if isinstance(document, LayeredPolicy) else ()
    except ConfigurationError as error:
        context = PoliciesPage(problem=_first_line(str(error)), hint=error.hint, not_found=not_found)
        return desk.frame.page(visit, "policies.html", context, section="policies")
    groups, overrides = affected(document, known)
    everything = sees is None
    policy = document.policy
    context = PoliciesPage(
        problem="",
        source=one_line(policy.layers[0] if policy.layers else document.source_name, _LONGEST),
        digest=policy.digest,
        read_at=next((text.read_at for text in texts if text.name == policies.ORGANISATION), None),
        warnings=_warnings(standing, wording, None if everything else _files_of(document, groups)),
        files=tuple(_files(document, texts, groups, len(known), wording, everything=everything)),
        overrides=tuple(_overrides(document, overrides, everything=everything)),
        rules=tuple(_rule(effect, rule, wording) for effect, some in policy.rulesets() for rule in some),
        settings=_settings([Layer("", "organisation", policy)], visit),
        used=tuple(UsedRow(one, one.digest == policy.digest) for one in used),
        used_days=_DAYS,
        not_found=not_found,
    )
    return desk.frame.page(visit, "policies.html", context, section="policies")


def _project(desk: Desk, visit: Visit) -> Response:
    number, wording = visit.number("project"), words_in(visit.language)
    visit.require(Permission.READ, number)
    with session(desk.services.store) as reading:
        known = projects.get_project(reading, number)
        if known is None:
            raise not_there()
        last = policy_reads.last_word(reading, number)
        decided: Policy | None = None
        try:
            decided = policies.snapshot(reading, last.policy_digest) if last is not None else None
        except ValueError:
            # Of another release: what is in force now is shown without it.
            decided = None
    name, url = one_line(known.path, 300), link(desk, "project", project=number)
    show = partial(desk.frame.page, visit, "policy.html", section="policies")
    try:
        document = desk.services.policy()
        layers = layers_for(document, known.path)
        reasons = document.reasons_for(known.path)
    except ConfigurationError as error:
        return show(ProjectPolicyPage(name, url, problem=_first_line(str(error)), hint=error.hint))
    own = last is not None and any(origin.startswith(f"{PROJECT_FILE}@") for origin in last.layers)
    with_own = False
    if own and last is not None and decided is not None and decided.digest != layers[-1].policy.digest:
        layers = (*layers, Layer(last.layers[-1], "project", decided))
        with_own = True
    about = "" if last is None else (f"!{last.iid}" if last.iid is not None else wording.t.gettext("a branch"))
    context = ProjectPolicyPage(
        project=name,
        project_url=url,
        digest=layers[-1].policy.digest,
        layers=tuple(
            LayerRow(
                wording.marked(_KINDS[layer.kind]),
                one_line(layer.origin, _LONGEST),
                tuple(
                    wording.t.gettext("{setting}: wanted {wanted}, kept {kept}").format(
                        setting=one.setting, wanted=one_line(one.wanted, 200), kept=one_line(one.kept, 200)
                    )
                    for one in layer.refused
                ),
            )
            for layer in layers
        ),
        rules=tuple(
            _rule(one.effect, one.rule, wording, origin=one.origin, changed=one.changed) for one in rules_of(layers)
        ),
        settings=_settings(layers, visit),
        warnings=_warnings(reasons, wording, None),
        decided_at=None if last is None else last.at,
        decided_about=about,
        decided_url=link(desk, "merge_request", project=number, iid=last.iid)
        if last is not None and last.iid is not None
        else "",
        decided_outcome="" if last is None else wording.outcome(last.outcome),
        decided_outcome_class="" if last is None else last.outcome.value,
        decided_digest="" if last is None else last.policy_digest,
        same=last is None or last.policy_digest == layers[-1].policy.digest,
        from_decision=with_own,
    )
    return show(context)


# --- parts ------------------------------------------------------------------------------------------------------------


def _first_line(text: str) -> str:
    return one_line(text.splitlines()[0] if text else "", 600)


def _files_of(document: PolicyDocument, groups: Mapping[str, Affected]) -> frozenset[str]:
    """Names of the files that a reader may know of: the organisation's, and those of groups above his projects."""
    above = document.groups if isinstance(document, LayeredPolicy) else ()
    return frozenset({POLICY_FILE, *(group.file for group in above if group.group in groups)})


def _warnings(reasons: Iterable[Reason], wording: Wording, files: frozenset[str] | None) -> tuple[tuple[str, str], ...]:
    return tuple(
        (one_line(reason.subject, 200), one_line(wording.said(reason.detail), 600))
        for reason in reasons
        if files is None or reason.subject in files
    )


def _files(
    document: PolicyDocument,
    texts: Sequence[StoredText],
    groups: Mapping[str, Affected],
    count: int,
    wording: Wording,
    *,
    everything: bool,
) -> Iterable[PolicyFileRow]:
    stored = {text.name: text for text in texts}
    top = stored.get(policies.ORGANISATION)
    origin = document.policy.layers[0] if document.policy.layers else document.source_name
    yield PolicyFileRow(
        scope=wording.t.gettext("every project"),
        file=POLICY_FILE if top is not None else one_line(document.source_name, 200),
        origin=one_line(origin, _LONGEST),
        commit="" if top is None else top.commit[:_COMMIT],
        projects=count,
        problem="" if top is None else one_line(wording.said(top.problem), 600),
    )
    if not isinstance(document, LayeredPolicy):
        return
    for group in sorted(document.groups, key=lambda one: one.group.casefold()):
        if not everything and group.group not in groups:
            continue
        text = stored.get(f"{policies.GROUP}{group.group}")
        problem = text.problem if text is not None and text.problem else problem_of(group)
        yield PolicyFileRow(
            scope=f"{one_line(group.group, 200)}/**",
            file=one_line(group.file, 200),
            origin=one_line(group.origin, _LONGEST),
            commit="" if text is None else text.commit[:_COMMIT],
            projects=groups[group.group].projects if group.group in groups else 0,
            problem=one_line(wording.said(problem), 600),
        )


def _overrides(document: PolicyDocument, found: Mapping[str, Affected], *, everything: bool) -> Iterable[OverrideRow]:
    for override in document.projects:
        holds = found.get(override.match)
        if holds is None and not everything:
            continue
        named = [
            name
            for name in type(override.settings).__dataclass_fields__
            if getattr(override.settings, name) is not None
        ]
        yield OverrideRow(
            one_line(override.match, 200),
            ", ".join(named),
            0 if holds is None else holds.projects,
            one_line(", ".join(holds.examples), 300) if holds is not None else "",
        )


def _rule(effect: Effect, rule: PolicyRule, wording: Wording, *, origin: str = "", changed: bool = False) -> RuleRow:
    asked = "; ".join(f"{one.key}: {one.asked}" for one in conditions(rule))
    return RuleRow(
        effect.value,
        wording.marked(_EFFECTS[effect]),
        one_line(rule.name, 120),
        asked or wording.t.gettext("whatever a change brings"),
        one_line(origin, _LONGEST),
        changed,
    )


def _settings(layers: Sequence[Layer], visit: Visit) -> tuple[SettingRow, ...]:
    people = visit.principal.may(Permission.READ_PEOPLE)
    return tuple(
        SettingRow(one.name, one_line(one.value, 400), one_line(one.origin, _LONGEST), one.changed)
        for one in settings_of(layers)
        if people or not one.name.startswith(_PEOPLE)
    )
