"""
What is built once per process from the settings: store, policy, scanners, GitLab.

Commands take what they need: ``mergewarden scan`` has no GitLab, the web process has no scanners. What is slow to
import and seldom needed is imported where it is used.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

import rules
from bot.domain import failures
from bot.domain.policy import PolicyDocument
from bot.domain.policy_file import load_policy
from bot.errors import ConfigurationError
from bot.gitlab.model import BotUser
from bot.observability.metrics import Metrics
from bot.settings import Settings
from bot.store.advisories import StoredAdvisories
from bot.store.engine import open_engine, require_reachable
from bot.store.result_cache import StoredResultCache
from bot.store.revision import is_current
from scanners.interface import Scanner
from scanners.registry import all_scanners

if TYPE_CHECKING:
    from bot.gitlab.client import GitLabClient

DEFAULT_POLICY = Path(rules.__file__).parent / "policy" / "default.yaml"


@dataclass
class Services:
    """Everything that one process shares. Each part is made when it is first asked for."""

    settings: Settings
    metrics: Metrics

    @cached_property
    def store(self) -> Engine:
        """The database, brought up to date. Raises ``ConfigurationError`` when it does not answer."""
        engine = open_engine(self.settings.database().get_secret_value())
        require_reachable(engine)
        if not is_current(engine):
            from bot.store.migrate import migrate

            migrate(engine)
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
        The organisation's policy: ``path``, the configured file, or the one that comes with us.

        Read afresh each time, so that a change counts from the next scan on. Raises ``ConfigurationError``.
        """
        chosen = path or self.settings.policy_file
        source = chosen or DEFAULT_POLICY
        try:
            text = source.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                failures.POLICY_UNREADABLE.format(file=source, text=getattr(error, "strerror", None) or error),
                "Check its path.",
            ) from error
        document = load_policy(text, str(source))
        if chosen is None:
            # Our own file has to name some language; the operator's setting knows better.
            document = replace(document, policy=replace(document.policy, language=self.settings.language))
        return document

    def close(self) -> None:
        """Give the database connections back."""
        if "store" in self.__dict__:
            self.store.dispose()
