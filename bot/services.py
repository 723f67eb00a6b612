"""
What is built once per process from the settings: store, policy, scanners, GitLab.

Commands take what they need: ``mergewarden scan`` has no GitLab, the web process has no scanners. What is slow to
import and seldom needed is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

import rules
from bot.domain import failures
from bot.domain.policy import PolicyDocument
from bot.domain.policy_layers import GroupFile, LayeredPolicy, read_organisation
from bot.domain.policy_problems import NOT_HEARD
from bot.domain.rule_mode import own_modes, with_own_modes
from bot.domain.rule_version import RuleVersion
from bot.domain.verdict import Reason, ReasonCode
from bot.errors import ConfigurationError
from bot.gitlab.model import BotUser
from bot.observability.metrics import Metrics
from bot.policy_files import organisation_in, read_policy_folder
from bot.settings import Settings
from bot.store import policies, rules_versions
from bot.store.advisories import StoredAdvisories
from bot.store.engine import open_engine, require_reachable, session
from bot.store.policies import StoredText
from bot.store.result_cache import StoredResultCache
from bot.store.revision import is_current
from bot.texts import Language
from rules import catalog
from scanners.adapters.semgrep import ExtraPacks, Semgrep
from scanners.interface import Scanner
from scanners.registry import all_scanners

if TYPE_CHECKING:
    from bot.gitlab.client import GitLabClient

DEFAULT_POLICY = Path(rules.__file__).parent / "policy" / "default.yaml"
OUR_OWN = "the policy that comes with Mergewarden"
POLICY_FOLDER = "policy"
_POLICY_AGE = timedelta(hours=1)
"""For so long the policy project may be out of reach, as GitLab is during an update, before a decision says so."""


class PolicyUnread(ConfigurationError):
    """Raised while no good version of the policy project is in the store."""

    def __init__(self, project: str, state: Iterable[StoredText] = ()) -> None:
        problem = next((row.problem for row in state if row.problem and row.project == project), "")
        message = failures.POLICY_NEVER_READ.format(text=project)
        if problem:
            message = failures.POLICY_NEVER_GOOD.format(sentence=problem)
        super().__init__(
            message,
            "A worker reads it when it starts and every few minutes. Check MERGEWARDEN_POLICY_PROJECT, that the bot "
            "may read the project, and that policy.yml is at the top of its default branch.",
        )
        self.retryable = not problem
        """Whether a worker may be about to read it."""


@dataclass
class Services:
    """Everything that one process shares. Each part is made when it is first asked for."""

    settings: Settings
    metrics: Metrics
    _texts: tuple[tuple[str, str], tuple[StoredText, ...]] | None = field(default=None, init=False, repr=False)
    """The policy project's texts by project and commit: they are long, and asked for with every scan."""
    _rules: RuleVersion | None = field(default=None, init=False, repr=False)
    """The organisation's rules as they were last switched on."""
    refused_policy: tuple[str, str, str] | None = field(default=None, init=False, repr=False)
    """The policy project's commit that cannot be used, and file and problem: to read it again would change nothing."""

    @cached_property
    def store(self) -> Engine:
        """The database, brought up to date. Raises ``ConfigurationError`` when it does not answer."""
        engine = open_engine(self.settings.database().get_secret_value())
        require_reachable(engine)
        if not is_current(engine):
            from bot.store.migrate import migrate

            migrate(engine)
        # Findings of an organisation's rules are stored, whether its rules are configured here or not.
        with session(engine) as reading:
            entries = rules_versions.all_entries(reading)
        if entries:
            catalog.lay_over(entries)
        return engine

    @cached_property
    def cache(self) -> StoredResultCache:
        """What scanners said about blobs."""
        return StoredResultCache(self.store)

    @cached_property
    def advisories(self) -> StoredAdvisories:
        """Imported advisories."""
        return StoredAdvisories(self.store)

    @cached_property
    def scanners(self) -> tuple[Scanner, ...]:
        """Every scanner that we know."""
        return all_scanners(self.advisories)

    @cached_property
    def gitlab(self) -> GitLabClient:
        """The API. Raises ``ConfigurationError`` where it is not configured."""
        from bot.gitlab.client import GitLabClient

        access = self.settings.require_gitlab()
        return GitLabClient(access.url, access.token, ca_file=access.ca_file)

    @cached_property
    def bot_user(self) -> BotUser:
        """Who we are on GitLab. Raises ``GitLabError``."""
        return self.gitlab.current_user()

    def policy(self, path: Path | None = None) -> PolicyDocument:
        """
        The organisation's policy with its groups': from ``path`` (one file, no groups), the policy project as it was
        last read, the configured file, the data directory, or the one that comes with us.

        Files are read afresh each time, so that a change counts from the next scan on. Raises ``ConfigurationError``.
        """
        settings = self.settings
        if path is None and settings.policy_project is not None:
            document: PolicyDocument = self._policy_project(settings.policy_project)
        else:
            file = path or settings.policy_file
            document = self._data_policy() if file is None else organisation_in(file)
        return with_own_modes(document, own_modes(self.rule_modes()))

    def rule_modes(self) -> dict[str, dict[str, str]]:
        """
        The mode of every scanner rule by scanner and rule; of an organisation's as they are in force, and of those that
        are not any more as they were last.
        """
        self.organisation_rules()
        return {scanner: catalog.modes(scanner) for scanner in catalog.scanners()}

    def organisation_rules(self) -> RuleVersion | None:
        """
        The organisation's own rules that are switched on; None where there are none, or none are configured any more.

        Asks the store each time whether it is still the same version, for another process may have switched. From then
        on everybody in this process finds the words of its rules.
        """
        if not self.settings.has_own_rules():
            return None
        with session(self.store) as reading:
            digest = rules_versions.active_digest(reading)
            known = self._rules
            if known is None or known.digest != digest:
                known = rules_versions.load_version(reading, digest) if digest else None
                if known is not None or self._rules is not None:
                    catalog.lay_over(rules_versions.all_entries(reading))
                self._rules = known
        return known

    def with_own_rules(self, scanners: Sequence[Scanner]) -> tuple[Scanner, ...]:
        """The scanners, with the organisation's rules as they are switched on at this moment."""
        version = self.organisation_rules()
        extra = None if version is None else ExtraPacks(version.digest, version.compiled())
        return tuple(scanner.with_extra(extra) if isinstance(scanner, Semgrep) else scanner for scanner in scanners)

    def language_for(self, project: str) -> Language:
        """The language of a project's notes; the setting's where no policy can be read, for saying just that."""
        try:
            return self.policy().for_project(project).language
        except ConfigurationError:
            return self.settings.language

    def _policy_project(self, project: str) -> PolicyDocument:
        with session(self.store) as reading:
            state = policies.policy_state(reading)
            mine = next((row for row in state if row.name == policies.ORGANISATION), None)
            if mine is None or not mine.text or mine.project.casefold() != project.casefold():
                raise PolicyUnread(project, state)
            version = (mine.project, mine.commit)
            if self._texts is None or self._texts[0] != version:
                self._texts = (version, policies.policy_texts(reading))
        document = read_organisation(mine.text, mine.file)
        return LayeredPolicy(
            source_name=document.source_name,
            policy=replace(document.policy, layers=(mine.origin,)),
            projects=document.projects,
            groups=tuple(
                GroupFile(row.name.removeprefix(policies.GROUP), row.file, row.origin, row.text)
                for row in self._texts[1]
                if row.text and row.name != policies.ORGANISATION
            ),
            standing=self._not_current(state, mine),
        )

    def _not_current(self, state: tuple[StoredText, ...], mine: StoredText) -> tuple[Reason, ...]:
        problems = tuple(Reason(ReasonCode.POLICY_NOT_CURRENT, row.file, row.problem) for row in state if row.problem)
        if problems or datetime.now(UTC) - mine.read_at <= _POLICY_AGE:
            return problems
        since = NOT_HEARD.format(text=mine.read_at.strftime("%Y-%m-%d %H:%M"))
        return (Reason(ReasonCode.POLICY_NOT_CURRENT, mine.file, since),)

    def _data_policy(self) -> PolicyDocument:
        found, groups = read_policy_folder(self.settings.data_dir / POLICY_FOLDER)
        if found is not None:
            document = organisation_in(found)
        else:
            # Our own file has to name some language; the operator's setting knows better.
            document = organisation_in(DEFAULT_POLICY)
            ours = replace(document.policy, language=self.settings.language, layers=(OUR_OWN,))
            document = replace(document, policy=ours)
        return LayeredPolicy(document.source_name, document.policy, document.projects, groups)

    def close(self) -> None:
        """Give the database connections back."""
        if "store" in self.__dict__:
            self.store.dispose()
