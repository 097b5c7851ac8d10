from __future__ import annotations

import pytest
from django_q.models import OrmQ
from django_q.tasks import async_task

from tasks.broker import PostgresBroker
from tests.factories import make_running_task

pytestmark = pytest.mark.django_db


def test_an_acknowledgement_leaves_the_entry_of_a_task() -> None:
    task = make_running_task()
    PostgresBroker(list_key="reune").acknowledge(task.entry_id)
    assert OrmQ.objects.filter(pk=task.entry_id).exists()


def test_an_unreadable_entry_of_a_task_stays_too() -> None:
    task = make_running_task()
    PostgresBroker(list_key="reune").fail(task.entry_id)
    assert OrmQ.objects.filter(pk=task.entry_id).exists()


def test_what_is_no_task_goes_with_its_acknowledgement() -> None:
    broker = PostgresBroker(list_key="reune")
    async_task("math.sqrt", 4, broker=broker)
    broker.acknowledge(OrmQ.objects.get().pk)
    assert not OrmQ.objects.exists()
