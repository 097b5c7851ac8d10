"""What a storm did and what came of it, and the table that shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from tests.chaos.invariants import Verdict
from tests.chaos.models import Transition

_HEAD = (
    *("seed", "tasks", "KILL", "TERM", "STOP/CONT", "crashes", "deploys"),
    *("lost", "twice", "wrong", "repeats", "recovery s", "handover s", "seconds"),
)


@dataclass(frozen=True)
class Interrupted:
    """A task that ran where a harm hit, in this attempt."""

    task_id: UUID
    attempt: int
    at: datetime
    is_handed_over: bool
    by: str


@dataclass
class Report:
    """
    `recoveries` are the seconds from a death to the next attempt, waiting for a free worker
    included; `handovers` the same of deploys. `repeats` are steps that were computed again.
    """

    seed: int
    tasks: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    crashes: int = 0
    deploys: int = 0
    verdict: Verdict = field(default_factory=lambda: Verdict([], [], [], 0))
    other_violations: list[str] = field(default_factory=list)
    recoveries: list[float] = field(default_factory=list)
    handovers: list[float] = field(default_factory=list)
    slowest: str = ""
    seconds: float = 0.0

    @property
    def violations(self) -> list[str]:
        return [*self.verdict.violations, *self.other_violations]

    def add_times(self, interrupted: list[Interrupted]) -> None:
        """Look up when each of these went on."""
        times = sorted(_times(interrupted), key=lambda pair: pair[0])
        self.recoveries = [time for time, one in times if not one.is_handed_over]
        self.handovers = [time for time, one in times if one.is_handed_over]
        if times:
            time, one = times[-1]
            self.slowest = f"{time:.1f} s after {one.by}: {one.task_id}, attempt {one.attempt}"


def _times(interrupted: list[Interrupted]) -> Iterator[tuple[float, Interrupted]]:
    for one in interrupted:
        claims = Transition.objects.filter(
            task_id=one.task_id, after="running", attempt__gt=one.attempt
        )
        if claim := claims.order_by("attempt").first():
            yield (claim.at - one.at) / timedelta(seconds=1), one


def table(reports: Sequence[Report]) -> str:
    """A line for each storm and one for all of them; times are median/longest."""
    rows = [_row(str(report.seed), [report]) for report in reports]
    cells = [[str(cell) for cell in row] for row in [_HEAD, *rows, _row("all", reports)]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(" ".join(map(str.rjust, row, widths)) for row in cells)


def _row(name: str, reports: Sequence[Report]) -> list[object]:
    verdicts = [report.verdict for report in reports]
    return [
        name,
        sum(report.tasks for report in reports),
        *(sum(report.kills[sort] for report in reports) for sort in ("KILL", "TERM", "STOP")),
        sum(report.crashes for report in reports),
        sum(report.deploys for report in reports),
        sum(len(verdict.lost) for verdict in verdicts),
        sum(len(verdict.finished_twice) for verdict in verdicts),
        sum(len(report.verdict.wrong) + len(report.other_violations) for report in reports),
        sum(verdict.repeats for verdict in verdicts),
        _median_and_longest([time for report in reports for time in report.recoveries]),
        _median_and_longest([time for report in reports for time in report.handovers]),
        round(sum(report.seconds for report in reports)),
    ]


def _median_and_longest(times: list[float]) -> str:
    ordered = sorted(times)
    return f"{ordered[len(ordered) // 2]:.1f}/{ordered[-1]:.1f}" if ordered else "-"
