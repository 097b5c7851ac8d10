"""What a storm is to do: drawn from a seed, pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

#: How often a storm does what to whom, relatively. STOP is followed by CONT after the lease.
HARMS: dict[tuple[str, str], int] = {
    ("KILL", "worker"): 30,
    ("STOP", "worker"): 10,
    ("TERM", "worker"): 6,
    ("KILL", "pusher"): 8,
    ("STOP", "pusher"): 4,
    ("TERM", "pusher"): 3,
    ("KILL", "monitor"): 5,
    ("STOP", "monitor"): 2,
    ("TERM", "monitor"): 2,
    ("KILL", "sentinel"): 6,
    ("STOP", "sentinel"): 3,
    ("TERM", "sentinel"): 3,
    ("KILL", "command"): 4,
    ("TERM", "command"): 8,
    ("KILL", "cluster"): 4,
    ("STOP", "cluster"): 3,
}

#: The owners, and how many of their tasks may be in line at once. None is no limit.
OWNERS: dict[str, int | None] = {
    "command": None,
    "user:1": 3,
    "user:2": 3,
    "user:3": 2,
    "ip:one": 1,
    "ip:two": 1,
}
_SHARES = (50, 14, 14, 12, 5, 5)


@dataclass(frozen=True)
class PlannedTask:
    """One to submit `at` so many seconds into the storm; perhaps to cancel, perhaps to resume."""

    number: int
    at: float
    owner_key: str
    priority: int
    params: dict[str, Any]
    cancel_after: float | None
    is_resumed: bool

    @property
    def ends(self) -> str:
        """How its handler goes: it completes, flakes once and completes, or fails until mended."""
        return str(self.params["ends"])


def plan_tasks(random: Random, *, count: int, seconds: float) -> list[PlannedTask]:
    """Spread over the first part of a storm of so many seconds, a third of them at its begin."""
    return [_plan_task(random, number, count, seconds) for number in range(count)]


def _plan_task(random: Random, number: int, count: int, seconds: float) -> PlannedTask:
    (owner_key,) = random.choices(list(OWNERS), weights=_SHARES)
    fate = random.choices(("completes", "flakes", "fails", "canceled"), weights=(68, 8, 8, 16))[0]
    is_canceled = fate == "canceled"
    return PlannedTask(
        number=number,
        at=0.0 if number < count // 3 else random.uniform(0, seconds * 0.8),
        owner_key=owner_key,
        priority=random.randint(0, 9 if OWNERS[owner_key] is None else 5),
        params={
            "number": number,
            "steps": random.randint(3, 5),
            "seconds": round(random.uniform(0.02, 0.35), 3),
            "ends": "completes" if is_canceled else fate,
        },
        cancel_after=random.uniform(0, 4) if is_canceled else None,
        is_resumed=random.random() < 0.5 if fate in ("canceled", "fails") else False,
    )


def plan_instants(random: Random, *, count: int, seconds: float) -> Sequence[float]:
    """`count` instants in a time of so many seconds, one in each equal part of it."""
    part = seconds / max(count, 1)
    return [part * (number + random.random()) for number in range(count)]


def draw_harm(random: Random) -> tuple[str, str]:
    """A signal and whom it hits: one process of a sort, or a whole cluster."""
    return random.choices(list(HARMS), weights=list(HARMS.values()))[0]
