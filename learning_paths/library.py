"""The finished paths: kept for whoever asks for the same."""

from __future__ import annotations

from typing import Any

from django.db.models.functions import Now

from learning_paths.conf import get_conf
from learning_paths.models import LearningPath
from learning_paths.request import PathRequest


def find(request: PathRequest) -> dict[str, Any] | None:
    """The document made for the same normalized request, unless it is too old."""
    recent = LearningPath.objects.younger_than(get_conf().reuse_for)
    return recent.filter(key=request.key()).values_list("document", flat=True).first()


def keep(request: PathRequest, document: dict[str, Any]) -> None:
    """Store `document` in the place of an older one for the same request."""
    LearningPath.objects.update_or_create(
        key=request.key(),
        defaults={
            "topic": request.topic,
            "language": request.language,
            "request": request.to_params(),
            "document": document,
            "created_at": Now(),
        },
    )


def forget(request: PathRequest) -> None:
    """Have the path made anew at the next request."""
    LearningPath.objects.filter(key=request.key()).delete()
