"""What a worker holds of a task: the proof that an attempt is its own, and how it is checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from tasks.exceptions import LeaseLost
from tasks.models import TaskInfo, TaskStatus

#: The guard of every word a worker says: status, attempt and the instant of the claim.
IS_CLAIMED = "id = %s AND status = 'running' AND attempt = %s AND started_at = %s"


@dataclass(frozen=True)
class Claim:
    """
    Proof that a worker owns one attempt of one task.

    `started_at` is there because a claim does not wait for the disk: if PostgreSQL crashes
    and forgets it, the next claim has the same number.
    """

    task_id: UUID
    attempt: int
    started_at: datetime
    owner_key: str

    @property
    def terms(self) -> list[Any]:
        """What IS_CLAIMED takes."""
        return [self.task_id, self.attempt, self.started_at]


@dataclass(frozen=True)
class Claimed:
    """What a worker needs to begin the attempt that `claim` gives it."""

    claim: Claim
    kind: str
    params: dict[str, Any]
    language: str
    max_attempts: int
    #: Of the request that submitted the task, for the log.
    request_id: str = ""


def owned(claim: Claim) -> QuerySet[TaskInfo]:
    """IS_CLAIMED for the ORM: the one task, or none if the attempt is over."""
    return TaskInfo.objects.filter(
        pk=claim.task_id,
        status=TaskStatus.RUNNING,
        attempt=claim.attempt,
        started_at=claim.started_at,
    )


def lost(claim: Claim) -> LeaseLost:
    return LeaseLost(f"task {claim.task_id} attempt {claim.attempt} is not this worker's any more")
