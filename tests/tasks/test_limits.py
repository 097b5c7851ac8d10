from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django_q.models import OrmQ

from tasks import lifecycle, limits
from tasks.exceptions import LimitExceeded
from tasks.limits import ANONYMOUS, UNLIMITED, USERS
from tasks.models import TaskInfo, TaskLimit
from tasks.owners import Owner
from tests.concurrently import at_once
from tests.factories import ANYBODY, ECHO, OPERATOR, deliver, make_user

pytestmark = pytest.mark.django_db


def submit(owner: Owner = ANYBODY) -> TaskInfo:
    return lifecycle.submit(ECHO, {}, owner=owner)


def finish(task: TaskInfo) -> None:
    lifecycle.complete(lifecycle.claim(deliver(task)).claim, {})


def in_line() -> set[str]:
    tasks = TaskInfo.objects.filter(entry__isnull=False)
    return {str(task_id) for task_id in tasks.values_list("pk", flat=True)}


class TestWhichLimits:
    def test_the_defaults(self) -> None:
        user, staff = make_user("ana"), make_user("rui", is_staff=True)
        assert limits.limits_of("ip:x") == ANONYMOUS
        assert limits.limits_of(f"user:{user.pk}") == USERS
        assert limits.limits_of(f"user:{staff.pk}") == UNLIMITED
        assert limits.limits_of(OPERATOR.key) == UNLIMITED

    def test_a_user_s_own_row_goes_before_that_for_all(self) -> None:
        ana, rui = make_user("ana"), make_user("rui")
        TaskLimit.objects.create(applies_to="users", max_running=7, max_active=8)
        TaskLimit.objects.create(user=ana, max_running=1, max_active=2, max_per_day=3)
        assert limits.limits_of(f"user:{rui.pk}").max_running == 7
        assert limits.limits_of(f"user:{ana.pk}").max_running == 1

    def test_an_empty_number_is_no_limit(self) -> None:
        TaskLimit.objects.create(applies_to="anonymous")
        for _ in range(30):
            submit()
        assert len(in_line()) == 30


class TestRefusal:
    def test_over_max_active(self) -> None:
        for _ in range(5):
            submit()
        with pytest.raises(LimitExceeded, match="5 tasks") as refusal:
            submit()
        assert refusal.value.limit == "max_active"
        assert TaskInfo.objects.count() == 5

    def test_an_end_makes_room(self) -> None:
        tasks = [submit() for _ in range(5)]
        finish(tasks[0])
        submit()

    def test_over_max_per_day_says_when_the_oldest_leaves(self) -> None:
        TaskLimit.objects.create(applies_to="anonymous", max_per_day=2)
        submit()
        TaskInfo.objects.update(created_at=Now() - timedelta(hours=23))
        submit()
        with pytest.raises(LimitExceeded) as refusal:
            submit()
        assert refusal.value.limit == "max_per_day"
        assert timedelta(minutes=59) < refusal.value.retry_after < timedelta(minutes=61)
        TaskInfo.objects.update(created_at=Now() - timedelta(hours=25))
        submit()

    def test_one_owner_does_not_count_for_another(self) -> None:
        for _ in range(5):
            submit()
        submit(Owner("ip:somebody else"))


class TestSlots:
    def test_beyond_max_running_a_task_waits_without_an_entry(self) -> None:
        first, _second = submit(), submit()
        assert in_line() == {str(first.pk)}

    def test_an_end_admits_the_next_in_the_same_commit(self) -> None:
        first, second, third = submit(), submit(), submit()
        finish(first)
        assert in_line() == {str(second.pk)}
        lifecycle.cancel(second.pk, reason="ana")
        assert in_line() == {str(third.pk)}

    def test_the_next_is_the_one_of_highest_priority(self) -> None:
        first, _second, urgent = submit(), submit(), submit()
        lifecycle.set_priority(_second.pk, 2, asked_by=OPERATOR.key)
        finish(first)
        assert in_line() == {str(urgent.pk)}

    def test_a_retry_keeps_its_slot(self) -> None:
        first, _second = submit(), submit()
        claim = lifecycle.claim(deliver(first)).claim
        lifecycle.retry_later(claim, timedelta(minutes=1))
        assert in_line() == {str(first.pk)}

    def test_many_tasks_of_one_owner_do_not_stand_before_another_s_first(self) -> None:
        """Those that wait for a slot are in line only from when they get it."""
        TaskLimit.objects.create(applies_to="anonymous", max_running=2, max_active=None)
        mine = [submit() for _ in range(20)]
        theirs = submit(Owner("ip:another"))
        finish(mine[0])
        finish(mine[1])
        line = OrmQ.objects.order_by("lock").values_list("task_info", flat=True)
        assert list(line) == [theirs.pk, mine[2].pk, mine[3].pk]


@pytest.mark.django_db(transaction=True)
class TestConcurrently:
    def test_of_50_submissions_at_once_exactly_as_many_as_may_be_are_accepted(self) -> None:
        TaskLimit.objects.create(applies_to="anonymous", max_running=1, max_active=3)
        outcomes = at_once(*[submit] * 50)
        kinds = Counter(type(one) for one in outcomes)
        assert kinds == {TaskInfo: 3, LimitExceeded: 47}
        assert TaskInfo.objects.count() == 3
        assert len(in_line()) == 1

    def test_ends_and_submissions_at_once_leave_no_slot_empty(self) -> None:
        TaskLimit.objects.create(applies_to="anonymous", max_running=2, max_active=None)
        for _ in range(10):
            running = [submit(), submit()]
            claims = [lifecycle.claim(deliver(task)).claim for task in running]
            at_once(
                *[lambda claim=claim: lifecycle.complete(claim, {}) for claim in claims],
                *[submit] * 4,
            )
            assert len(in_line()) == 2
            for task in TaskInfo.objects.active().order_by("entry", "created_at"):
                lifecycle.cancel(task.pk, reason="next round")
            assert not in_line()

    def test_a_cancel_and_an_end_at_once_do_not_wait_for_each_other(self) -> None:
        for _ in range(10):
            first, second = submit(), submit()
            claim = lifecycle.claim(deliver(first)).claim
            outcomes = at_once(
                lambda claim=claim: lifecycle.complete(claim, {}),
                lambda second=second: lifecycle.cancel(second.pk, reason="ana"),
            )
            assert outcomes == [None, None]
            assert not TaskInfo.objects.active().exists()
