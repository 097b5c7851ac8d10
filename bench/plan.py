"""How much is measured: all of it, or enough to see that something is much worse."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    name: str
    #: Each engine in turn, then all of them again.
    rounds: int
    #: No-op tasks of one throughput measurement.
    tasks: int
    #: Pick-ups of one latency measurement: as many as go into the seconds, no more than these.
    pickups: int
    pickup_seconds: float
    idle_seconds: float
    finished: tuple[int, ...]
    pending: int
    #: Rounds over the histories, and claims in each.
    claim_rounds: int
    claims: int
    cancels: int
    kills: int
    stops: int
    posts: int
    #: How often each page of the admin is opened.
    page_views: int
    #: Rounds over everybody who answers polls, and seconds of each of them with each subject.
    poll_rounds: int
    poll_seconds: float
    #: Rounds with and without streams; seconds of each measurement.
    stream_rounds: int
    stream_seconds: float
    load_seconds: float


FULL = Plan(
    name="full",
    rounds=3,
    tasks=2000,
    pickups=150,
    pickup_seconds=20,
    idle_seconds=10,
    finished=(1_000, 100_000, 1_000_000),
    pending=100_000,
    claim_rounds=7,
    claims=200,
    cancels=150,
    kills=5,
    stops=10,
    posts=400,
    page_views=100,
    poll_rounds=5,
    poll_seconds=1.5,
    stream_rounds=3,
    stream_seconds=4,
    load_seconds=180,
)
QUICK = Plan(
    name="quick",
    rounds=1,
    tasks=800,
    pickups=60,
    pickup_seconds=6,
    idle_seconds=5,
    finished=(1_000, 100_000),
    pending=10_000,
    claim_rounds=3,
    claims=100,
    cancels=30,
    kills=1,
    stops=3,
    posts=100,
    page_views=20,
    poll_rounds=1,
    poll_seconds=1,
    stream_rounds=1,
    stream_seconds=2,
    load_seconds=20,
)
