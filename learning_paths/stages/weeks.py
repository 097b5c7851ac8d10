"""
The week plan: which steps of a path to take in which week, at so many hours a week.

List scheduling (Graham, "Bounds on multiprocessing timing anomalies", 1969) on one machine with a
break every week. The steps that all prerequisites of are done are the ready ones, in learning
order. The week takes the first of them that fits into what is left of it, and ends when none does;
then the next one begins. So

- nothing comes before its prerequisites, also within a week;
- no week holds more than its hours, and two weeks in a row hold more than one week's hours
  (else the first would have taken what the second begins with), so a plan is never twice as
  long as it must be, a week aside;
- a step that fits into a week stays in one week.

A step that is longer than a week goes on in the next: it begins in what is left of a week if that
is worth sitting down for, and ends in the week in which its minutes do.
"""

from __future__ import annotations

from collections.abc import Mapping

from learning_paths.schema import NodeItem, PlannedNode, PlannedWeek, WeekPlan

#: Below so many minutes nothing that takes weeks is begun.
_WORTH_BEGINNING = 15


def week_plan(nodes: Mapping[str, NodeItem], hours_per_week: int) -> WeekPlan:
    """Return the plan; its weeks count from 1."""
    calendar = _Calendar(60 * hours_per_week)
    done: dict[str, None] = {}
    while len(done) < len(nodes):
        ready = _ready(nodes, done)
        fitting = (name for name in ready if calendar.has_room_for(nodes[name]["minutes"]))
        if name := next(fitting, None):
            calendar.add(name, nodes[name]["minutes"])
            done[name] = None
        else:
            calendar.turn_the_week()
    return WeekPlan(
        hoursPerWeek=hours_per_week,
        totalWeeks=len(calendar.weeks),
        totalMinutes=sum(week["minutes"] for week in calendar.weeks),
        weeks=calendar.weeks,
    )


def _ready(nodes: Mapping[str, NodeItem], done: Mapping[str, None]) -> list[str]:
    """Return what can be learned next, in learning order; there is always something."""
    ready = [
        name
        for name, node in nodes.items()
        if name not in done and all(before in done for before in node["prerequisites"])
    ]
    return sorted(ready, key=lambda name: nodes[name]["order"])


class _Calendar:
    """Weeks of `capacity` minutes, the last of which is being filled."""

    def __init__(self, capacity: int) -> None:
        self.weeks: list[PlannedWeek] = []
        self._capacity = capacity
        self.turn_the_week()

    def turn_the_week(self) -> None:
        self.weeks.append(PlannedWeek(week=len(self.weeks) + 1, minutes=0, nodes=[]))

    @property
    def _left(self) -> int:
        return self._capacity - self.weeks[-1]["minutes"]

    def has_room_for(self, minutes: int) -> bool:
        if minutes > self._capacity:
            return self._left >= _WORTH_BEGINNING
        return minutes <= self._left

    def add(self, name: str, minutes: int) -> None:
        """Give the step its minutes of this week and, if they are not enough, of the next ones."""
        parts: list[PlannedNode] = []
        while minutes:
            if not self._left:
                self.turn_the_week()
            taken = min(minutes, self._left)
            parts.append(PlannedNode(id=name, minutes=taken, part=len(parts) + 1, parts=0))
            self.weeks[-1]["nodes"].append(parts[-1])
            self.weeks[-1]["minutes"] += taken
            minutes -= taken
        for part in parts:
            part["parts"] = len(parts)
