"""A request that is sent twice with one key is one task."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tasks.exceptions import IdempotencyKeyReused
from tasks.models import TaskInfo
from tasks.owners import Owner


def submitted_with(key: str | None, body_hash: str, owner: Owner) -> TaskInfo | None:
    """The task the owner submitted with this key. IdempotencyKeyReused if for another body."""
    tasks = TaskInfo.objects.of_owner(owner.key)
    earlier = tasks.filter(idempotency_key=key).first() if key else None
    if earlier and earlier.body_hash != body_hash:
        raise IdempotencyKeyReused(
            "This Idempotency-Key came with another request before. A new request needs a new key."
        )
    return earlier


def hash_of(kind: str, params: Mapping[str, Any]) -> str:
    body = json.dumps([kind, dict(params)], sort_keys=True, default=str)
    return hashlib.sha256(body.encode()).hexdigest()
