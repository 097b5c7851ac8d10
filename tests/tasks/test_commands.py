from __future__ import annotations

import json
import sys
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django_q.models import OrmQ

from tasks import lifecycle, measure
from tasks.models import TaskInfo, TaskMessage
from tests.factories import ANYBODY, ECHO, OPERATOR, make_running_task, make_task
from tests.processes import Worker

pytestmark = pytest.mark.django_db


def output(*command: str) -> str:
    """What the command writes; raises CommandError where the shell would see exit code 1."""
    out = StringIO()
    call_command(*command, stdout=out, stderr=out)
    return out.getvalue()


def document(*command: str) -> Any:
    return json.loads(output(*command, "--json"))


def make_ended(status: str, *, days: float = 0, **overrides: Any) -> TaskInfo:
    return make_task(status=status, completed_at=Now() - timedelta(days=days), **overrides)


def statuses() -> list[str]:
    return sorted(TaskInfo.objects.values_list("status", flat=True))


class TestCleanup:
    def test_it_deletes_what_is_older_than_configured(self) -> None:
        make_ended("completed", days=31)
        make_ended("failed", days=1)
        make_ended("canceled", days=8)
        text = output("tasks_cleanup")
        assert text == "deleted: 1 completed, 0 failed, 1 canceled, 0 calls\n"
        assert statuses() == ["failed"]

    def test_an_age_of_its_own_and_statuses_can_be_given(self) -> None:
        for status in ("completed", "failed", "canceled"):
            make_ended(status, days=2)
            make_ended(status)
        counts = document("tasks_cleanup", "--older-than", "1", "--status", "failed", "canceled")
        assert counts == {"dry_run": False, "deleted": {"failed": 1, "canceled": 1, "calls": 0}}
        assert statuses() == ["canceled", "completed", "completed", "failed"]

    def test_older_than_0_days_is_all_that_ended(self) -> None:
        make_task()
        make_ended("completed")
        output("tasks_cleanup", "--older-than", "0")
        assert statuses() == ["pending"]

    def test_a_dry_run_deletes_nothing(self) -> None:
        make_ended("completed", days=31)
        assert output("tasks_cleanup", "--dry-run").startswith("would delete: 1 completed")
        assert statuses() == ["completed"]

    @pytest.mark.parametrize(
        "words", [["--older-than", "-1"], ["--older-than", "9999999"], ["--status", "running"]]
    )
    def test_what_cannot_be_meant_is_refused(self, words: list[str]) -> None:
        make_ended("completed", days=31)
        with pytest.raises(CommandError):
            output("tasks_cleanup", *words)
        assert statuses() == ["completed"]


class TestCancel:
    def test_tasks_are_named_by_their_ids(self) -> None:
        first, second, other = make_task(), make_running_task(), make_task()
        text = output("tasks_cancel", str(first.pk), str(second.pk), "--reason", "wrong topic")
        assert text == "canceled or stopping: 2, refused: 0\n"
        for task in (first, second, other):
            task.refresh_from_db()
        assert (first.status, first.cancel_reason) == ("canceled", "operator: wrong topic")
        assert (second.status, second.cancel_reason) == ("running", "operator: wrong topic")
        assert (other.status, other.cancel_reason) == ("pending", "")

    def test_an_id_that_is_refused_or_unknown_is_said_and_fails(self) -> None:
        task, ended, unknown = make_task(), make_ended("completed"), uuid4()
        out = StringIO()
        ids = [str(ended.pk), str(unknown), str(task.pk)]
        with pytest.raises(CommandError):
            call_command("tasks_cancel", *ids, stdout=out, stderr=out)
        assert f"cannot cancel task {ended.pk}: it is completed" in out.getvalue()
        assert f"cannot cancel task {unknown}: it is unknown" in out.getvalue()
        assert "canceled or stopping: 1, refused: 2" in out.getvalue()
        assert statuses() == ["canceled", "completed"]

    def test_a_second_time_is_as_good_as_the_first(self) -> None:
        task = make_task()
        for _ in range(2):
            assert output("tasks_cancel", str(task.pk)) == "canceled or stopping: 1, refused: 0\n"

    def test_scripts_get_numbers(self) -> None:
        task, ended = make_task(), make_ended("completed")
        found = document("tasks_cancel", str(task.pk))
        assert found == {"canceled": 1, "refused": 0}
        out = StringIO()
        with pytest.raises(CommandError) as failure:
            call_command("tasks_cancel", str(ended.pk), "--json", stdout=out, stderr=StringIO())
        assert failure.value.returncode == 1
        assert json.loads(out.getvalue()) == {"canceled": 0, "refused": 1}

    def test_a_word_that_is_no_id_cancels_nothing(self) -> None:
        task = make_task()
        with pytest.raises(CommandError, match="nonsense"):
            output("tasks_cancel", str(task.pk), "nonsense")
        assert statuses() == ["pending"]

    def test_all_of_an_owner_and_of_a_kind(self) -> None:
        make_task(owner_key="ip:a", kind="one")
        make_task(owner_key="ip:a", kind="two")
        make_task(owner_key="ip:b", kind="two")
        make_ended("completed", owner_key="ip:a", kind="two")
        output("tasks_cancel", "--owner", "ip:a", "--kind", "two", "--yes")
        assert statuses() == ["canceled", "completed", "pending", "pending"]
        assert (
            output("tasks_cancel", "--kind", "two", "--yes")
            == "canceled or stopping: 1, refused: 0\n"
        )
        assert (
            output("tasks_cancel", "--owner", "ip:a", "--yes")
            == "canceled or stopping: 1, refused: 0\n"
        )

    def test_all_is_all_that_wait_or_run(self) -> None:
        make_task()
        make_ended("failed")
        assert output("tasks_cancel", "--all", "--yes") == "canceled or stopping: 1, refused: 0\n"
        assert statuses() == ["canceled", "failed"]

    def test_nothing_starts_in_place_of_what_is_canceled(self) -> None:
        """With the first canceled first, the others would get its slot one after the other."""
        for _ in range(4):
            lifecycle.submit(ECHO, {}, owner=ANYBODY)
        entry = OrmQ.objects.get().pk
        output("tasks_cancel", "--owner", ANYBODY.key, "--yes")
        assert statuses() == ["canceled"] * 4
        make_task()
        assert OrmQ.objects.get().pk == entry + 1

    @pytest.mark.parametrize(
        "words",
        [[], ["--all", "--kind", ECHO], [str(uuid4()), "--all"], [str(uuid4()), "--kind", ECHO]],
    )
    def test_it_must_be_clear_which_tasks_are_meant(self, words: list[str]) -> None:
        make_task()
        with pytest.raises(CommandError, match="name tasks"):
            output("tasks_cancel", *words, "--yes")
        assert statuses() == ["pending"]

    def test_without_a_terminal_many_are_canceled_only_with_yes(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_task()
        monkeypatch.setattr(sys, "stdin", StringIO("y\n"))
        with pytest.raises(CommandError, match="Say --yes"):
            output("tasks_cancel", "--all")
        assert statuses() == ["pending"]

    @pytest.mark.parametrize(("answer", "status"), [("y", "canceled"), ("", "pending")])
    def test_on_a_terminal_it_asks(
        self, monkeypatch: pytest.MonkeyPatch, answer: str, status: str
    ) -> None:
        make_task()
        terminal = StringIO(f"{answer}\n")
        monkeypatch.setattr(terminal, "isatty", lambda: True)
        monkeypatch.setattr(sys, "stdin", terminal)
        if status == "canceled":
            output("tasks_cancel", "--all")
        else:
            with pytest.raises(CommandError, match="nothing is canceled"):
                output("tasks_cancel", "--all")
        assert statuses() == [status]


class TestStats:
    def test_it_counts_what_waits_and_runs(self) -> None:
        task = make_task(updated_at=Now() - timedelta(seconds=90))
        make_task(updated_at=Now() - timedelta(seconds=30))
        for _ in range(3):
            make_task(entry=None)
        make_task(retry_at=Now() + timedelta(minutes=1), updated_at=Now() - timedelta(hours=1))
        make_task(retry_at=Now() - timedelta(minutes=1), updated_at=Now() - timedelta(hours=1))
        make_running_task()
        abandoned = make_running_task()
        OrmQ.objects.filter(task_info=abandoned.pk).update(lock=Now())
        found = document("tasks_stats")
        assert found["in_line"] == 3
        assert 90 <= found["oldest_wait_seconds"] < 100
        assert found["without_slot"] == 3
        assert found["to_be_retried"] == 1
        assert found["running"] == 2
        assert found["abandoned"] == 1
        lifecycle.cancel(task.pk, reason="")
        assert 60 <= document("tasks_stats")["oldest_wait_seconds"] < 70

    def test_it_counts_what_ended_by_kind(self) -> None:
        for status, hours in [
            ("completed", 0.5),
            ("completed", 0.6),
            ("failed", 2),
            ("failed", 25),
        ]:
            make_ended(status, days=hours / 24, kind="one")
        make_ended("canceled", days=2 / 24, kind="two")
        found = document("tasks_stats")
        assert found["ended_last_hour"] == {"one": {"completed": 2, "failed": 0, "canceled": 0}}
        assert found["ended_last_day"] == {
            "one": {"completed": 2, "failed": 1, "canceled": 0},
            "two": {"completed": 0, "failed": 0, "canceled": 1},
        }

    def test_people_get_lines(self) -> None:
        make_task()
        make_ended("completed", kind="learning_path")
        lines = output("tasks_stats").splitlines()
        assert lines[0].split()[:5] == ["waiting", "for", "a", "worker", "1"]
        assert ["learning_path", "1", "0", "0"] in [line.split() for line in lines]

    def test_an_empty_installation_has_nothing_to_say(self) -> None:
        found = document("tasks_stats")
        assert found["oldest_wait_seconds"] == 0
        assert found["ended_last_day"] == {}
        output("tasks_stats")


@pytest.mark.django_db(transaction=True)
class TestSelftest:
    def test_it_measures_the_running_workers_and_leaves_nothing_behind(
        self, worker: Worker
    ) -> None:
        other = make_ended("completed")
        found = document("tasks_selftest", "--tasks", "20")
        assert 0 <= found["pick_up"]["p50_ms"] < 1000
        assert found["pick_up"]["p50_ms"] <= found["pick_up"]["p99_ms"]
        assert 0 < found["cancel"]["worst_ms"] < 2000
        assert found["tasks_per_second"] > 5
        assert TaskInfo.objects.get().pk == other.pk
        assert not TaskMessage.objects.exists()
        assert not OrmQ.objects.exists()

    def test_without_a_worker_it_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(measure, "PATIENCE_SECONDS", 0.3)
        lifecycle.submit(ECHO, {}, owner=OPERATOR)
        with pytest.raises(CommandError, match=r"manage\.py worker"):
            output("tasks_selftest")
        assert TaskInfo.objects.get().kind == ECHO

    def test_the_number_of_tasks_is_bounded(self) -> None:
        for number in ("0", "10001"):
            with pytest.raises(CommandError, match="--tasks must be 1 to 10000"):
                output("tasks_selftest", "--tasks", number)
        assert not TaskInfo.objects.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["tasks_cancel"],
        ["tasks_cleanup", "--older-than", "-1"],
        ["tasks_selftest", "--tasks", "0"],
        ["worker", "--workers", "0"],
        ["generate_path", "x"],
        ["generate_path", "python", "--language", "fr"],
    ],
    ids=" ".join,
)
def test_a_command_line_that_cannot_be_meant_exits_with_2(words: list[str]) -> None:
    with pytest.raises(CommandError) as failure:
        output(*words)
    assert failure.value.returncode == 2
