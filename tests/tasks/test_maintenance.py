from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.models import Task as Call
from django_q.scheduler import scheduler
from pytest_django import Settings

from tasks import lifecycle, maintenance
from tasks.broker import PostgresBroker
from tasks.conf import get_conf
from tasks.maintenance import Healed
from tasks.messages import Message
from tasks.models import TaskInfo, TaskLimit, TaskMessage, TaskStatus, TaskStep
from tests.concurrently import meanwhile_in_a_transaction
from tests.factories import (
    ANYBODY,
    ECHO,
    OPERATOR,
    claim_of,
    deliver,
    make_running_task,
    make_task,
)
from tests.processes import Worker, wait_for

pytestmark = pytest.mark.django_db

NEVER = timedelta(days=100_000)


def make_old(status: str, days: float, **overrides: object) -> TaskInfo:
    """A task that ended `days` ago, with a message and a step."""
    task = make_task(status=status, completed_at=Now() - timedelta(days=days), **overrides)
    TaskMessage.objects.create(task=task, seq=1, time=Now(), message="done")
    TaskStep.objects.create(task=task, name="one", value=1)
    return task


def hold(task: TaskInfo) -> None:
    TaskInfo.objects.select_for_update().get(pk=task.pk)


def hold_the_heal_lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [maintenance._HEAL_LOCK])


def left() -> set[str]:
    return set(TaskInfo.objects.values_list("description", flat=True))


class TestHeal:
    def test_in_a_healthy_queue_there_is_nothing_to_do(self) -> None:
        make_task()
        make_running_task()
        make_old("failed", 1)
        lifecycle.submit(ECHO, {}, owner=ANYBODY)  # over max_running, so without a slot
        before = list(TaskInfo.objects.order_by("pk").values())
        assert maintenance.heal() == Healed()
        assert list(TaskInfo.objects.order_by("pk").values()) == before

    def test_a_waiting_task_whose_entry_was_deleted_can_be_taken_again(self) -> None:
        task = lifecycle.submit(ECHO, {}, owner=OPERATOR)
        place = OrmQ.objects.get().lock
        OrmQ.objects.all().delete()
        assert maintenance.heal() == Healed(admitted=1)
        assert abs(OrmQ.objects.get().lock - place) < timedelta(seconds=1)
        assert lifecycle.claim(deliver(task)).claim.attempt == 1

    def test_a_limit_that_was_raised_lets_waiting_tasks_go(self) -> None:
        for _ in range(4):
            lifecycle.submit(ECHO, {}, owner=ANYBODY)
        TaskLimit.objects.create(applies_to="anonymous", max_running=3)
        assert maintenance.heal() == Healed(admitted=2)
        assert OrmQ.objects.count() == 3

    def test_nobody_gets_more_than_their_slots(self) -> None:
        for _ in range(4):
            make_task(entry=None)
        assert maintenance.heal() == Healed(admitted=1)
        assert maintenance.heal() == Healed()
        assert OrmQ.objects.count() == 1

    def test_whoever_waits_rightly_does_not_hide_the_others(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(maintenance, "_AT_ONCE", 2)
        for owner_key in ("ip:a", "ip:b", "ip:c"):
            make_task(owner_key=owner_key)
            make_task(owner_key=owner_key, entry=None)
        forgotten = make_task(owner_key="ip:z", entry=None)
        assert sum(maintenance.heal().admitted for _ in range(100)) == 1
        forgotten.refresh_from_db()
        assert forgotten.entry is not None

    def test_a_running_task_gets_its_entry_back_and_keeps_its_worker(self) -> None:
        task = make_running_task()
        OrmQ.objects.all().delete()
        assert maintenance.heal() == Healed(entries_restored=1)
        task.refresh_from_db()
        assert (task.status, task.attempt) == ("running", 1)
        assert task.entry is not None
        assert task.entry.lock > timezone.now() + get_conf().lease / 2
        lifecycle.complete(claim_of(task), {})
        assert not OrmQ.objects.exists()

    def test_a_dead_worker_s_task_without_an_entry_is_taken_after_a_lease(self) -> None:
        task = make_running_task()
        OrmQ.objects.all().delete()
        maintenance.heal()
        assert lifecycle.claim(deliver(task)).claim.attempt == 2

    @pytest.mark.parametrize("status", ["completed", "failed", "canceled"])
    def test_a_task_that_is_over_gets_nothing(self, status: str) -> None:
        make_old(status, 1)
        assert maintenance.heal() == Healed()
        assert not OrmQ.objects.exists()

    @pytest.mark.django_db(transaction=True)
    def test_one_process_heals_at_a_time(self) -> None:
        make_task(entry=None)
        with meanwhile_in_a_transaction(hold_the_heal_lock):
            assert maintenance.heal() == Healed()
        assert maintenance.heal() == Healed(admitted=1)

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("make", [make_task, make_running_task])
    def test_what_somebody_changes_at_the_moment_is_left_to_the_next_time(
        self, make: Callable[..., TaskInfo]
    ) -> None:
        """It does not wait for them: the cluster's queue would stand still."""
        task = make(entry=None)
        with meanwhile_in_a_transaction(lambda: hold(task)):
            assert maintenance.heal() == Healed()
        assert maintenance.heal() != Healed()


class TestCleanup:
    def test_each_status_has_an_age_of_its_own(self, settings: Settings) -> None:
        settings.REUNE_TASKS = {
            "keep_completed": timedelta(days=4),
            "keep_failed": timedelta(days=3),
            "keep_canceled": timedelta(days=2),
        }
        for status in ("completed", "failed", "canceled"):
            for days in (1.5, 2.5, 3.5, 4.5):
                make_old(status, days, description=f"{status} {days}")
        counts = maintenance.cleanup()
        assert counts == {"completed": 1, "failed": 2, "canceled": 3, "calls": 0}
        assert left() == {
            *("completed 1.5", "completed 2.5", "completed 3.5"),
            *("failed 1.5", "failed 2.5", "canceled 1.5"),
        }

    def test_by_default_a_month_is_kept_and_what_was_canceled_a_week(self) -> None:
        for status, days in [("completed", 30), ("failed", 30), ("canceled", 7)]:
            make_old(status, days - 0.1, description="young")
            make_old(status, days + 0.1, description="old")
        maintenance.cleanup()
        assert left() == {"young"}

    def test_messages_and_steps_go_with_their_task_and_no_others(self) -> None:
        make_old("completed", 40)
        young = make_old("completed", 1)
        maintenance.cleanup()
        assert TaskMessage.objects.get().task_id == young.pk
        assert TaskStep.objects.get().task_id == young.pk

    def test_an_active_task_is_never_deleted(self) -> None:
        task = make_task(created_at=Now() - NEVER)
        running = make_running_task(created_at=Now() - NEVER)
        lifecycle.report(claim_of(running), messages=[Message("still here")])
        counts = maintenance.cleanup(ages=dict.fromkeys(TaskStatus, timedelta(0)))
        assert set(counts.values()) == {0}
        assert set(TaskInfo.objects.values_list("pk", flat=True)) == {task.pk, running.pk}
        assert TaskMessage.objects.count() == 1
        assert OrmQ.objects.count() == 2

    def test_only_the_named_statuses_are_looked_at(self) -> None:
        for status in ("completed", "failed", "canceled"):
            make_old(status, 1, description=status)
        counts = maintenance.cleanup(ages={TaskStatus.CANCELED: timedelta(0)})
        assert counts == {"canceled": 1}
        assert left() == {"completed", "failed"}

    def test_a_dry_run_counts_the_same_and_deletes_nothing(self) -> None:
        for status in ("completed", "failed", "failed", "canceled"):
            make_old(status, 40)
        make_old("completed", 1)
        make_call(days=40)
        counted = maintenance.cleanup(dry_run=True)
        assert [model.objects.count() for model in (TaskInfo, TaskMessage, TaskStep)] == [5, 5, 5]
        assert maintenance.cleanup() == counted
        assert counted == {"completed": 1, "failed": 2, "canceled": 1, "calls": 1}

    def test_django_q_s_own_failures_go_with_the_failed(self) -> None:
        make_call(days=40)
        make_call(days=20)
        assert maintenance.cleanup()["calls"] == 1
        assert maintenance.cleanup(ages={TaskStatus.COMPLETED: timedelta(0)}) == {"completed": 0}
        assert Call.objects.count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_each_batch_is_a_commit_of_its_own(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(maintenance, "_BATCH", 2)
        for days in (43, 41, 45, 42, 44):
            make_old("failed", days, description=str(days))

        def stop(count: int) -> None:
            raise KeyboardInterrupt

        ages = {TaskStatus.FAILED: timedelta(days=30)}
        with pytest.raises(KeyboardInterrupt):
            maintenance.cleanup(ages=ages, on_batch=stop)
        assert left() == {"41", "42", "43"}  # the oldest go first
        batches: list[int] = []
        maintenance.cleanup(ages=ages, on_batch=batches.append)
        assert batches == [2, 1]
        assert left() == set()

    @pytest.mark.django_db(transaction=True)
    def test_a_task_that_somebody_resumes_at_the_moment_stays(self) -> None:
        task = make_old("failed", 40)
        make_old("failed", 41)
        with meanwhile_in_a_transaction(lambda: hold(task)):
            assert maintenance.cleanup()["failed"] == 1
        assert TaskInfo.objects.get().pk == task.pk

    def test_old_tasks_are_found_by_their_index(self) -> None:
        failed = TaskInfo.objects.ended_as(TaskStatus.FAILED)
        old = failed.filter(completed_at__lt=Now() - timedelta(days=30))
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan TO off; SET LOCAL enable_bitmapscan TO off")
        assert "tasks_taskinfo_ended_as" in old.order_by("completed_at").explain()
        assert "Sort" not in old.order_by("completed_at").explain()


def make_call(*, days: float) -> Call:
    """A call of a schedule that failed `days` ago, as Django-Q records it."""
    at = timezone.now() - timedelta(days=days)
    call_id = f"{Call.objects.count():032}"
    return Call.objects.create(id=call_id, func="a.b", started=at, stopped=at, success=False)


class TestSchedule:
    migration = importlib.import_module("tasks.migrations.0004_cleanup")

    def schedule(self) -> Schedule:
        """The row, as the migration makes it."""
        self.migration.add_schedule(apps, None)
        return Schedule.objects.get(name=self.migration.SCHEDULE)

    def test_cleanup_runs_daily_and_forever(self) -> None:
        schedule = self.schedule()
        assert (schedule.func, schedule.schedule_type, schedule.repeats) == (
            "tasks.maintenance.cleanup",
            Schedule.DAILY,
            -1,
        )
        assert timezone.now() < schedule.next_run < timezone.now() + timedelta(days=2)

    def test_a_second_migration_leaves_what_an_operator_changed(self) -> None:
        schedule = self.schedule()
        Schedule.objects.filter(pk=schedule.pk).update(schedule_type=Schedule.WEEKLY)
        assert self.schedule().schedule_type == Schedule.WEEKLY

    @pytest.mark.django_db(transaction=True)
    def test_a_worker_runs_it_when_it_is_due(self) -> None:
        make_old("completed", 40, description="old")
        make_old("completed", 1, description="young")
        schedule = self.schedule()
        Schedule.objects.update(next_run=timezone.now() - timedelta(minutes=1))
        # What the cluster does twice a minute.
        scheduler(broker=PostgresBroker(list_key="reune"))
        with Worker() as worker:
            wait_for(lambda: left() == {"young"}, seconds=15)
            wait_for(lambda: not OrmQ.objects.exists(), seconds=5)
            assert "cleaned_up" in worker.output()
        schedule.refresh_from_db()
        assert schedule.next_run > timezone.now()
        assert not Call.objects.exists()
