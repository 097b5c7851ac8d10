"""The task that makes a learning path."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from importlib import import_module
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from learning_paths import library, watch
from learning_paths.catalogue import loader
from learning_paths.exceptions import LearningPathsError
from learning_paths.request import PathRequest
from learning_paths.stages.values import SOURCE_FAILED
from tasks import metrics
from tasks.exceptions import TaskFailed
from tasks.registry import Submission, task_handler
from tasks.runner import RunningTask

KIND = "learning_path"
SOURCE_ERRORS = metrics.Count(
    "reune_source_errors_total", "Calls of a source that failed.", ("source", "reason")
)
watch.on_source_failure(SOURCE_ERRORS.add)


def prepare(params: Mapping[str, Any]) -> Submission:
    """Check what a caller asks for, and look whether it was made before. Raises InvalidRequest."""
    request = PathRequest.from_params(params)
    with translation.override(request.language):
        return Submission(
            params=request.to_params(),
            # The contract's words, in every language.
            description=f"Generate MCP for topic: {request.topic}",
            language=request.language,
            result=library.find(request),
            message=_("This path was made before and is reused."),
        )


def preload() -> None:
    """The code that makes paths, and the names of the catalogue."""
    import_module("learning_paths.pipeline")
    import_module("learning_paths.gathering")
    loader.find_topic("", "en")


@task_handler(KIND, prepare=prepare, preload=preload, timeout=timedelta(minutes=5), max_attempts=3)
def generate_learning_path(task: RunningTask, params: dict[str, Any]) -> dict[str, Any]:
    # Here, as it brings the stages and the HTTP client: memory that the web server is spared.
    from learning_paths import pipeline

    request = PathRequest.from_params(params)
    try:
        made = pipeline.generate(task, request)
    except LearningPathsError as error:
        raise TaskFailed(str(error)) from error
    document = dict(made)
    # One that is poor because a source failed is better asked for again.
    if all(one["code"] != SOURCE_FAILED for one in made["diagnostics"]):
        library.keep(request, document)
    return document
