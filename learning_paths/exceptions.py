"""
LearningPathsError
├── CatalogueError      a catalogue file is malformed
├── InvalidRequest      the parameters ask for something that cannot be made
└── UnknownTopic        no source knows the topic
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


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
