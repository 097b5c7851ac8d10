from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import OperationalError
from django.db.models.functions import Now
from django.http import HttpRequest
from django.test import Client

from tasks import lifecycle
from tasks.admin import actions
from tasks.models import TaskInfo, TaskLimit
from tests.factories import ANYBODY, ECHO, make_running_task, make_task
from tests.staff import LIST, browser_of, make_staff, page, texts_of_messages

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser() -> Client:
    return browser_of(User.objects.create_superuser("root"))


def make_ended(status: str, **overrides: Any) -> TaskInfo:
    return make_task(status=status, completed_at=Now(), **overrides)


def ask(browser: Client, action: str, *tasks: TaskInfo, url: str = LIST, **more: Any) -> str:
    """What staff read before it is done."""
    form = {"action": action, "_selected_action": [str(task.pk) for task in tasks]}
    response = browser.post(url, form | more)
    assert response.status_code == 200, response
    return response.content.decode()


def do(browser: Client, action: str, *tasks: TaskInfo, **said: Any) -> list[str]:
    """Confirm it; return what staff are told on the page they come to."""
    form = {"action": action, "_selected_action": [str(task.pk) for task in tasks]}
    response = browser.post(LIST, form | {"confirmed": "yes"} | said, follow=True)
    assert response.redirect_chain, response.content.decode()
    return texts_of_messages(response.content.decode())


def statuses(*tasks: TaskInfo) -> list[str]:
    return [TaskInfo.objects.get(pk=task.pk).status for task in tasks]


def test_nothing_is_done_before_it_is_confirmed(browser: Client) -> None:
    waiting, ended = make_task(), make_ended("completed")
    html = ask(browser, "cancel_tasks", waiting, ended)
    assert "2 tasks are chosen" in html
    assert "1 of them will be refused" in html
    assert statuses(waiting, ended) == ["pending", "completed"]


def test_the_form_of_the_question_does_what_it_asks(browser: Client) -> None:
    """The very fields of the page, as a browser would send them."""
    first, second = make_task(), make_task()
    html = ask(browser, "cancel_tasks", first, second, url=f"{LIST}?state=active")
    form = html[html.index('<form method="post" action="/admin/tasks/taskinfo/"') :]
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    posted: dict[str, list[str]] = {}
    for name, value in fields:
        posted.setdefault(name, []).append(value)
    response = browser.post(LIST, posted | {"reason": "wrong topic"})
    assert response.headers["Location"] == f"{LIST}?state=active"
    assert statuses(first, second) == ["canceled", "canceled"]


def test_a_cancel_says_who_and_why(browser: Client) -> None:
    waiting, running = make_task(), make_running_task()
    told = do(browser, "cancel_tasks", waiting, running, reason="wrong topic")
    assert told == ["2 tasks are canceled or stopping."]
    for task in (waiting, running):
        task.refresh_from_db()
        assert task.cancel_reason == "root, in the admin: wrong topic"
    assert (waiting.status, running.status) == ("canceled", "running")
    assert running.cancel_requested_at is not None
    assert LogEntry.objects.count() == 2
    assert LogEntry.objects.first().change_message == "cancel_tasks, reason: wrong topic"  # type: ignore[union-attr]


def test_what_is_refused_is_counted_with_its_reasons(browser: Client) -> None:
    tasks = [make_task(), make_ended("completed"), make_ended("completed"), make_ended("failed")]
    told = do(browser, "cancel_tasks", *tasks)
    assert told == [
        "1 task is canceled or stopping.",
        "3 tasks were refused: 2 completed; 1 failed.",
    ]
    assert LogEntry.objects.count() == 1


def test_failed_and_canceled_tasks_are_resumed_within_the_limits_of_their_owner(
    browser: Client,
) -> None:
    TaskLimit.objects.create(applies_to="anonymous", max_active=1)
    first, second, done = make_ended("failed"), make_ended("canceled"), make_ended("completed")
    told = do(browser, "resume_tasks", first, second, done)
    assert told[0] == "1 task is resumed."
    assert "1 completed" in told[1]
    assert "1 the owner has as many as they may (max_active)" in told[1]
    assert sorted(statuses(first, second)).count("pending") == 1


def test_a_task_of_a_kind_that_is_gone_is_refused(browser: Client) -> None:
    told = do(browser, "resume_tasks", make_ended("failed", kind="gone"))
    assert "1 task was refused: 1 no handler for kind" in told[0]


def test_the_priority_is_asked_for_and_checked(browser: Client) -> None:
    task = make_task()
    assert 'name="priority"' in ask(browser, "prioritize_tasks", task)
    wrong = ask(browser, "prioritize_tasks", task, confirmed="yes", priority="10")
    assert "less than or equal to 9" in wrong
    assert do(browser, "prioritize_tasks", task, priority="0") == ["1 task has the new priority."]
    assert TaskInfo.objects.get().priority == 0
    assert LogEntry.objects.get().change_message == "prioritize_tasks, priority: 0"


def test_staff_with_limits_of_their_own_keep_to_them() -> None:
    task, staff = make_task(), make_staff("change_taskinfo")
    TaskLimit.objects.create(user=staff, max_priority=6)
    told = do(browser_of(staff), "prioritize_tasks", task, priority="8")
    assert told == ["1 task was refused: 1 The highest priority you may ask for is 6."]


def test_what_was_done_before_an_action_broke_off_is_noted(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = make_task(), make_task()
    cancel, *others = actions.VERBS

    def break_off(task_id: UUID, request: HttpRequest, *, reason: str) -> None:
        if task_id == older.pk:
            raise OperationalError("the connection is lost")
        cancel.run(task_id, request, reason=reason)

    monkeypatch.setattr(actions, "VERBS", (replace(cancel, run=break_off), *others))
    with pytest.raises(OperationalError):
        do(browser, "cancel_tasks", older, newer)
    assert statuses(older, newer) == ["pending", "canceled"]
    assert LogEntry.objects.get().object_id == str(newer.pk)


def test_only_what_has_ended_is_deleted(browser: Client) -> None:
    running, done = make_running_task(), make_ended("completed")
    told = do(browser, "delete_tasks", running, done)
    assert told == ["1 task is deleted.", "1 task was refused: 1 running."]
    assert TaskInfo.objects.get() == running


def test_a_task_that_somebody_else_has_ended_meanwhile_is_refused(browser: Client) -> None:
    task = make_task()
    ask(browser, "cancel_tasks", task, url=f"{LIST}?state=active")
    lifecycle.cancel(task.pk, reason="")
    lifecycle.resume(task.pk)
    lifecycle.cancel(task.pk, reason="")
    assert do(browser, "prioritize_tasks", task, priority="3") == [
        "1 task was refused: 1 canceled."
    ]


def test_all_of_a_filter_can_be_chosen_up_to_a_number(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = [make_task() for _ in range(4)]
    html = ask(browser, "cancel_tasks", tasks[0], url=f"{LIST}?state=active", select_across="1")
    assert "4 tasks are chosen" in html
    monkeypatch.setattr(actions, "MOST_AT_ONCE", 3)
    response = browser.post(
        f"{LIST}?state=active",
        {"action": "cancel_tasks", "_selected_action": str(tasks[0].pk), "select_across": "1"},
        follow=True,
    )
    assert texts_of_messages(response.content.decode()) == [
        "At most 3 tasks at once; for more there is manage.py tasks_cancel."
    ]
    assert set(statuses(*tasks)) == {"pending"}


def test_nothing_starts_in_place_of_what_is_canceled_next(browser: Client) -> None:
    tasks = [lifecycle.submit(ECHO, {}, owner=ANYBODY) for _ in range(4)]
    before = TaskInfo.objects.exclude(entry=None).get().entry_id
    do(browser, "cancel_tasks", *tasks)
    assert before is not None
    assert make_task().entry_id == before + 1


def test_whoever_asked_on_the_page_of_a_task_comes_back_to_it(browser: Client) -> None:
    task = make_task()
    url = f"{LIST}{task.pk}/change/"
    form = {"action": "cancel_tasks", "_selected_action": str(task.pk), "confirmed": "yes"}
    response = browser.post(LIST, form | {"asked_on_page_of": str(task.pk)})
    assert response.headers["Location"] == url
    form["action"] = "delete_tasks"
    response = browser.post(LIST, form | {"asked_on_page_of": str(task.pk)})
    assert response.headers["Location"] == LIST


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "x\r\nY: z"])
def test_the_way_back_leads_nowhere_else(browser: Client, back: str) -> None:
    form = {"action": "cancel_tasks", "_selected_action": str(make_task().pk), "confirmed": "yes"}
    response = browser.post(LIST, form | {"back": back, "asked_on_page_of": back})
    assert response.headers["Location"].startswith(LIST)
    assert "Y" not in response.headers


def test_an_action_without_its_right_is_refused() -> None:
    done = make_ended("completed")
    staff = browser_of(make_staff("change_taskinfo"))
    form = {"action": "delete_tasks", "_selected_action": str(done.pk), "confirmed": "yes"}
    staff.post(LIST, form)
    assert statuses(done) == ["completed"]


def test_html_in_a_topic_is_text_in_the_question(browser: Client) -> None:
    html = ask(browser, "cancel_tasks", make_task(description="<script>alert(1)</script>"))
    assert "<script>alert" not in html


def test_the_api_knows_at_once_what_was_done(browser: Client) -> None:
    task = make_ended("completed")
    assert "completed" in page(browser, f"/status/{task.pk}")
    do(browser, "delete_tasks", task)
    assert browser.get(f"/status/{task.pk}").status_code == 404
