"""
One kind of log line for everything in the process: our own (structlog) and that of uvicorn, DBOS and SQLAlchemy.

Use ``structlog.get_logger()`` and name what happened first, then the facts::

    log.info("delivery accepted", delivery_id=..., job_ids=[...])
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.redaction import Redactor, escape_controls

# Libraries that install handlers of their own, or log every request or statement.
_OWN_HANDLERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "dbos", "sqlalchemy", "alembic")
_QUIET = (
    "httpx",
    "httpcore",
    "urllib3",
    "asyncio",
    "alembic",
    "sqlalchemy.engine",
    "sqlalchemy.pool",
    "uvicorn.access",
    "dbos",  # tells each step of its migrations, and warns of SQLite, which is our default
)

# Libraries that tell passwords whatever the level: apprise names the part of a chat's address that it does not like.
_SILENT = ("apprise",)


def configure_logging(
    format: Literal["json", "console"] = "json",
    level: str = "INFO",
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """
    Send every log line of this process, redacted, to ``stream`` (standard error unless given).

    ``secrets`` are the texts that must never appear (``Settings.secrets()``). The last of several calls counts.
    Call it before DBOS starts: a DBOS logger that has no handler yet gets one of its own.
    """
    stream = sys.stderr if stream is None else stream
    redactor = Redactor(secrets)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Processor
    if format == "json":
        renderer = structlog.processors.JSONRenderer(default=str)
    else:
        renderer = structlog.dev.ConsoleRenderer(
            colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.StackInfoRenderer(),
                structlog.processors.format_exc_info,
                redact_with(redactor),
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _OWN_HANDLERS:
        logger = logging.getLogger(name)
        # Handlers rather than propagation: DBOS adds a handler of its own wherever it finds none.
        logger.handlers[:] = [handler]
        logger.propagate = False
        logger.setLevel(logging.NOTSET)
    for name in ("uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    for name in _SILENT:
        # The level is for the logger, the rest for its children, whatever levels they have.
        logger = logging.getLogger(name)
        logger.handlers[:] = [logging.NullHandler()]
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=False,
    )


def redact_with(redactor: Redactor) -> Processor:
    """A processor that takes secrets and control characters out of every field."""

    def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        clean: EventDict = {}
        for name, value in event.items():
            if name in ("exception", "stack") and isinstance(value, str):
                # Tracebacks keep their lines, indented: a line break in a hostile message cannot begin a log line.
                safe = escape_controls(redactor.text(value), keep="\n\t")
                clean[name] = safe.replace("\n", "\n    ")
            else:
                clean[escape_controls(str(name))] = redactor.field(str(name), value)
        return clean

    return redact


@contextmanager
def bind(**facts: Any) -> Iterator[None]:
    """Add facts, such as ``job_id=...``, to every log line of this task or thread for as long as the block lasts."""
    with structlog.contextvars.bound_contextvars(**facts):
        yield
