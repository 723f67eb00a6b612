"""Bandit as it is, without the progress bar: ``python -m scanners.offline.bandit ARGUMENT ...``."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterable, Iterator
from typing import Any


def _track(sequence: Iterable[Any], *_: object, **__: object) -> Iterator[Any]:
    yield from sequence


def main() -> None:
    """Run bandit's own command line."""
    # rich is a third of bandit's start, and draws a bar that nobody sees.
    progress = types.ModuleType("rich.progress")
    progress.track = _track  # type: ignore[attr-defined]
    rich = types.ModuleType("rich")
    rich.progress = progress  # type: ignore[attr-defined]
    sys.modules.setdefault("rich", rich)
    sys.modules.setdefault("rich.progress", progress)
    from bandit.cli.main import main as bandit

    bandit()


if __name__ == "__main__":
    main()
