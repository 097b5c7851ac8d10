"""The week plan: whole, in order, within its hours, and no longer than it has to be."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning_paths.schema import NodeItem, WeekPlan
from learning_paths.stages.weeks import week_plan
from tests.learning_paths.paths import make_path, small_path, validator

Nodes = dict[str, NodeItem]


def nodes(**steps: tuple[int, tuple[str, ...]]) -> Nodes:
    """Steps by name as (minutes, prerequisites), in learning order."""
    return {
        name: cast(NodeItem, {"order": order, "minutes": minutes, "prerequisites": list(before)})
        for order, (name, (minutes, before)) in enumerate(steps.items())
    }


def weeks(plan: WeekPlan) -> list[list[tuple[str, int]]]:
    return [[(one["id"], one["minutes"]) for one in week["nodes"]] for week in plan["weeks"]]


@st.composite
def paths(draw: st.DrawFn) -> Nodes:
    """Up to 12 steps that build on earlier or later ones, without cycles."""
    minutes = draw(st.lists(st.integers(1, 200), min_size=1, max_size=12))
    places = draw(st.permutations(range(len(minutes))))
    made = {}
    for number, (time, place) in enumerate(zip(minutes, places, strict=True)):
        before = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set()
        made[str(number)] = {
            "order": place,
            "minutes": time,
            "prerequisites": [str(one) for one in sorted(before)],
        }
    return cast(Nodes, made)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(paths(), st.integers(1, 4))
def test_every_step_is_in_the_plan_with_all_its_minutes(made: Nodes, hours: int) -> None:
    plan = week_plan(made, hours)
    given: dict[str, int] = {}
    for week in plan["weeks"]:
        for one in week["nodes"]:
            given[one["id"]] = given.get(one["id"], 0) + one["minutes"]
        assert 0 < week["minutes"] <= 60 * hours
        assert week["minutes"] == sum(one["minutes"] for one in week["nodes"])
    assert given == {name: node["minutes"] for name, node in made.items()}
    assert plan["totalMinutes"] == sum(given.values())
    assert [week["week"] for week in plan["weeks"]] == [*range(1, plan["totalWeeks"] + 1)]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(paths(), st.integers(1, 4))
def test_nothing_begins_before_its_prerequisites_are_done(made: Nodes, hours: int) -> None:
    done: set[str] = set()
    for week in week_plan(made, hours)["weeks"]:
        for one in week["nodes"]:
            assert {*made[one["id"]]["prerequisites"]} <= done
            if one["part"] == one["parts"]:
                done.add(one["id"])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(paths(), st.integers(1, 4))
def test_only_a_step_longer_than_a_week_is_in_several(made: Nodes, hours: int) -> None:
    seen: dict[str, list[tuple[int, int]]] = {}
    for week in week_plan(made, hours)["weeks"]:
        for one in week["nodes"]:
            seen.setdefault(one["id"], []).append((week["week"], one["part"]))
            assert one["parts"] == 1 or made[one["id"]]["minutes"] > 60 * hours
    for parts in seen.values():
        first = parts[0][0]
        assert parts == [(first + number, number + 1) for number in range(len(parts))]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(paths(), st.integers(1, 4))
def test_two_weeks_in_a_row_hold_more_than_one_can(made: Nodes, hours: int) -> None:
    for week, following in pairwise(week_plan(made, hours)["weeks"]):
        assert week["minutes"] + following["minutes"] > 60 * hours


def test_what_still_fits_is_taken_before_the_week_ends() -> None:
    plan = week_plan(nodes(a=(40, ()), b=(50, ("a",)), c=(20, ("a",))), 1)
    assert weeks(plan) == [[("a", 40), ("c", 20)], [("b", 50)]]


def test_a_long_step_begins_in_what_is_left_and_ends_in_a_later_week() -> None:
    plan = week_plan(nodes(a=(30, ()), b=(100, ("a",)), c=(40, ("b",))), 1)
    assert weeks(plan) == [[("a", 30), ("b", 30)], [("b", 60)], [("b", 10), ("c", 40)]]
    assert [(one["part"], one["parts"]) for week in plan["weeks"] for one in week["nodes"]] == [
        *((1, 1), (1, 3), (2, 3), (3, 3), (1, 1))
    ]


def test_a_long_step_does_not_begin_for_a_few_minutes() -> None:
    plan = week_plan(nodes(a=(50, ()), b=(70, ("a",))), 1)
    assert weeks(plan) == [[("a", 50)], [("b", 60)], [("b", 10)]]


@pytest.mark.parametrize("hours", [1, 5, 40])
def test_a_path_has_a_plan_when_it_is_asked_for(hours: int) -> None:
    document = make_path(language="en", hours_per_week=hours).document
    validator.validate(document)
    plan = document["weekPlan"]
    assert plan["hoursPerWeek"] == hours
    assert plan["totalMinutes"] == sum(node["minutes"] for node in document["nodes"].values())
    assert "weekPlan" not in small_path().document
