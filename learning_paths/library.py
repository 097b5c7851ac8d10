"""The finished paths: kept for whoever asks for the same."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Func, IntegerField, Sum
from django.db.models.functions import Coalesce, Now

from learning_paths.conf import get_conf
from learning_paths.models import LearningPath
from learning_paths.request import PathRequest

_SIZE = Func("document", function="pg_column_size", output_field=IntegerField())


def find(request: PathRequest) -> dict[str, Any] | None:
    """The document made for the same normalized request, unless it is too old."""
    recent = LearningPath.objects.younger_than(get_conf().reuse_for)
    same = recent.filter(key=request.key())
    document: dict[str, Any] | None = same.values_list("document", flat=True).first()
    if document is not None:
        same.update(hits=F("hits") + 1)
    return document


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
            "hits": 0,
        },
    )


def forget(request: PathRequest) -> None:
    """Have the path made anew at the next request."""
    LearningPath.objects.filter(key=request.key()).delete()


def forget_topics(pattern: str) -> int:
    """The same for all paths on topics like `pattern`; return how many there were."""
    deleted, _ = LearningPath.objects.like(pattern).delete()
    return deleted


def forget_paths(ids: Collection[UUID]) -> int:
    """The same for these; return how many of them were there."""
    deleted, _ = LearningPath.objects.filter(pk__in=ids).delete()
    return deleted


def stats() -> dict[str, Any]:
    """How many paths are kept, how often they were of use, and the bytes of their documents."""
    return LearningPath.objects.aggregate(
        paths=Count("pk"),
        hits=Coalesce(Sum("hits"), 0),
        size_bytes=Coalesce(Sum(_SIZE), 0),
    )
