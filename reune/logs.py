"""
Log lines as text, or as JSON for what collects them; LOG_FORMAT chooses.

Our lines are an event and its keys, lazily formatted: `"task_ended task=%s seconds=%.3f", …`. So
the keys and their values are known without reading the text again, and nothing that a value
contains can pass for another key. The formatters of python-json-logger and structlog want them in
`extra=` or in loggers of their own; these sixty lines serve the standard library's calls as they
are, those of Django and Django-Q too (docs/decisions/0001-libraries.md).

Whatever a value contains, a record is one line, and what follows it (a traceback) is indented: so
nobody can write a line of their own into the log by way of a name or an error.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from tasks.context import particulars

#: A key with its directive, or a directive alone; `%%` is neither.
_DIRECTIVE = re.compile(r"%%|(?:\b(\w+)=)?%[-#0 +]*[\d.]*[a-zA-Z]")
#: What ends a line somewhere or commands a terminal, and what UTF-8 cannot write.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class TextFormatter(logging.Formatter):
    """One line for people, followed by those particulars that it does not say itself."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        said = _keys(record)
        rest = [f" {name}={value}" for name, value in particulars().items() if name not in said]
        return _one_line(super().formatMessage(record) + "".join(rest))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return _indented(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802
        return _indented(super().formatStack(stack_info))


class JsonFormatter(logging.Formatter):
    """
    One JSON object a line: time (UTC), level, logger, process and message; then the particulars
    and the keys of the message; `exception` has the traceback, if there is one.
    """

    def format(self, record: logging.LogRecord) -> str:
        instant = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": instant.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        line = {**line, **particulars(), **_keys(record), **line}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        # In ASCII, so that nothing in it ends a line for anybody.
        return json.dumps(line, default=str)


def _keys(record: logging.LogRecord) -> dict[str, Any]:
    """The named values of the message; numbers stay numbers."""
    if not isinstance(record.args, tuple):
        return {}
    names = [m[1] for m in _DIRECTIVE.finditer(str(record.msg)) if m[0] != "%%"]
    return {name: value for name, value in zip(names, record.args, strict=False) if name}


def _one_line(text: str) -> str:
    return _UNSAFE.sub(lambda found: ascii(found[0])[1:-1], text)


def _indented(text: str) -> str:
    return "\n".join(f"    {_one_line(line)}" for line in text.split("\n"))
