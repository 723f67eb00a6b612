"""A command within this process, as typer's own runner does it, but with all commands looked at once and not each time.

Typer makes its commands out of the signatures of every function there is, which takes longer than most commands.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from typer.main import get_command
from typer.testing import CliRunner, Result

from bot.cli.app import app

_command = cache(get_command)


def invoke(arguments: Sequence[str], *, env: Mapping[str, str] | None = None) -> Result:
    """Run ``mergewarden`` with these arguments; what it raises is the result's exception."""
    command, runner = _command(app), CliRunner()
    status: Any = 0
    error: BaseException | None = None
    with runner.isolation(env=env) as (out, err, both):
        try:
            command.main(args=arguments, prog_name=runner.get_default_prog_name(command))
        except SystemExit as end:
            status = end.code or 0
            error = end if status else None
        except Exception as raised:
            status, error = 1, raised
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
        assert isinstance(status, int), "a status is a number"
        written = out.getvalue(), err.getvalue(), both.getvalue()
    return Result(runner, *written, None, status, error)
