"""Logs: a constant message with fields, one line an event, on standard error."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable
from typing import Literal

import structlog
from structlog.typing import Processor

KAFKA_LOG = logging.getLogger("librdkafka")
"""Where confluent-kafka's clients say what they see."""

LIBRARIES = ("aiohttp", "aiokafka", "faust", "mode", "asyncio", KAFKA_LOG.name)
AGAIN_AFTER_S = 10.0
MOST_REMEMBERED = 1000
_DIGITS = re.compile(r"\d+")

_SHARED: list[Processor] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module: `log.info("stored", rows=3)`."""
    log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return log


class NotAgain(logging.Filter):
    """Lets a library say the same thing once in a while: clients without a broker never tire."""

    def __init__(self) -> None:
        super().__init__()
        self._said_at: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        # Times, ports and counts differ in what is otherwise the same message.
        said = (record.name, _DIGITS.sub("0", record.getMessage()))
        if len(self._said_at) > MOST_REMEMBERED:
            self._said_at.clear()
        is_new = record.created - self._said_at.get(said, 0.0) >= AGAIN_AFTER_S
        if is_new:
            self._said_at[said] = record.created
        return is_new


def configure_logs(log_format: Literal["auto", "json", "text"], level: str) -> None:
    """Send all logs, ours and the libraries', to standard error in one format."""
    as_json = log_format == "json" or (log_format == "auto" and not sys.stderr.isatty())
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_SHARED, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    handler.addFilter(_only(LIBRARIES, NotAgain()))
    for name in LIBRARIES:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(max(logging.WARNING, logging.getLevelName(level)))


def _only(names: tuple[str, ...], strict: logging.Filter) -> Callable[[logging.LogRecord], bool]:
    """Return a filter that is `strict` with these loggers, and those below them, alone."""
    return lambda record: record.name.split(".")[0] not in names or bool(strict.filter(record))
