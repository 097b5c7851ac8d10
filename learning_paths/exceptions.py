"""
LearningPathsError
├── CatalogueError      a catalogue file is malformed
├── InvalidRequest      the parameters ask for something that cannot be made
├── SourceError         a content source gave no answer to use
│   ├── SourceUnavailable   … and may give one later
│   └── SourceRejected      … and will not, if asked the same again
└── UnknownTopic        no source knows the topic
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class LearningPathsError(Exception):
    """Base of every error this app raises. `code` is stable; messages are for people."""

    code = "learning_paths_error"
    retryable = False


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one parameter, as a sentence in the request's language."""

    field: str
    message: str


class InvalidRequest(LearningPathsError):
    """`errors` holds at least one FieldError; the message is their sentences."""

    code = "invalid_request"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(" ".join(error.message for error in errors))
        self.errors = tuple(errors)


class UnknownTopic(LearningPathsError):
    """The message names the nearest topics that there are, in the request's language."""

    code = "unknown_topic"


class CatalogueError(LearningPathsError):
    """The message is for the file's author: it names file, place and field."""

    code = "catalogue_error"


class Reason(StrEnum):
    """Why a source gave nothing. Stored in steps and results: never renamed."""

    SLOW = "slow"
    DOWN = "down"
    THROTTLED = "throttled"
    RESTING = "resting"
    """Not asked: it failed, or asked for peace, a moment ago."""
    UNREADABLE = "unreadable"
    BUDGET = "budget"
    """Not asked: the job has used up its time or its calls."""
    REFUSED = "refused"
    TOO_LARGE = "too_large"
    UNSAFE = "unsafe"
    """It led to an address that is not public."""


class SourceError(LearningPathsError):
    """
    `source` is the source's title. The message is for logs: it holds no URL and no question.

    `sources.base.explain` makes a sentence for people of it.
    """

    code = "source_error"

    def __init__(self, source: str, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{source}: {reason.value}{f' ({detail})' if detail else ''}")
        self.source = source
        self.reason = reason


class SourceUnavailable(SourceError):
    """
    The source did not answer in time, answered 429 or 5xx, or nothing that can be read.

    `retry_after` is how long it wants to be left alone, if it said so.
    """

    code = "source_unavailable"
    retryable = True

    def __init__(
        self, source: str, reason: Reason, detail: str = "", *, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(source, reason, detail)
        self.retry_after = retry_after


class SourceRejected(SourceError):
    """The source refuses the question, or its answer is one that must not be used."""

    code = "source_rejected"
