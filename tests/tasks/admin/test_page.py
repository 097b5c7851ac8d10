"""The page of one task, with what really happened to it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tasks import lifecycle
from tasks.messages import Message, append
from tasks.models import TaskInfo
from tasks.owners import Owner
from tests.factories import ANYBODY, call, claim_of, deliver, make_running_task, make_task
from tests.staff import LIST, browser_of, make_staff, page


@pytest.fixture
def browser() -> Client:
    return browser_of(User.objects.create_superuser("root"))


def of(browser: Client, task: TaskInfo) -> str:
    return page(browser, f"{LIST}{task.pk}/change/")


def table(html: str, title: str) -> list[list[str]]:
    """The cells of the table under this heading, without markup."""
    section = re.search(rf"<h2>{title}</h2>(.*?)</section>", html, re.DOTALL)
    assert section, f"no {title}"
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", section[1].partition("<tbody>")[2], re.DOTALL)
    return [
        [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)]
        for row in rows
    ]


def submit_selftest(**params: Any) -> TaskInfo:
    staff = User.objects.create_user("operator", is_staff=True)
    return lifecycle.submit("tasks.selftest", params, owner=Owner(f"user:{staff.pk}", staff))


@pytest.mark.django_db(transaction=True)
def test_it_tells_steps_messages_and_how_each_attempt_ended(browser: Client) -> None:
    task = submit_selftest(steps=2, behavior="retry")
    call(deliver(task))
    call(deliver(task))
    html = of(browser, task)
    steps = table(html, "Finished steps")
    assert [row[0] for row in steps] == ["step-1", "step-2"]
    assert all(re.fullmatch(r"\d+ B", row[1]) for row in steps)
    said = [row[2] for row in table(html, "Messages")]
    assert {"Task started", "Task started again", "Step 1 of 2 done"} <= set(said)
    attempts = table(html, "Attempts")
    assert len(attempts) == 2
    assert all("Trying again in" in row[2] for row in attempts)
    assert "2 of 3" in html
    assert "All tasks of this owner" in html


@pytest.mark.django_db(transaction=True)
def test_an_attempt_that_succeeds_says_so(browser: Client) -> None:
    task = submit_selftest(steps=1)
    call(deliver(task))
    assert [row[2] for row in table(of(browser, task), "Attempts")] == ["Task completed"]


@pytest.mark.django_db(transaction=True)
def test_an_attempt_whose_worker_died_is_told_from_the_one_that_runs(browser: Client) -> None:
    task = make_running_task()
    append(task.pk, [Message("Task started"), Message("Step 1 of 9 done")])
    assert [row[2] for row in table(of(browser, task), "Attempts")] == ["It is running."]
    lifecycle.claim(deliver(task))
    ends = [row[2] for row in table(of(browser, task), "Attempts")]
    assert ends == ["Its worker died.", "It is running."]


@pytest.mark.django_db
def test_attempts_that_died_before_a_word_are_counted(browser: Client) -> None:
    task = make_task(status="failed", completed_at=Now(), attempt=2, error="The worker died")
    assert "2 more ended before they could say anything" in of(browser, task)


@pytest.mark.django_db
def test_a_canceled_task_says_who_did_it_and_why(browser: Client) -> None:
    task = make_task()
    form = {"action": "cancel_tasks", "_selected_action": str(task.pk), "confirmed": "yes"}
    browser.post(LIST, form | {"reason": "wrong topic"})
    html = of(browser, task)
    assert "root, in the admin: wrong topic" in html
    who, what = table(html, "What staff did")[0][1:]
    assert (who, what) == ("root", "cancel_tasks, reason: wrong topic")


@pytest.mark.django_db
def test_only_what_can_be_done_is_offered(browser: Client) -> None:
    def offered(html: str) -> set[str]:
        return set(re.findall(r'name="action" value="(\w+)"', html))

    waiting = make_task()
    done = make_task(status="completed", completed_at=Now())
    assert offered(of(browser, waiting)) == {"cancel_tasks", "prioritize_tasks"}
    assert offered(of(browser, done)) == {"delete_tasks"}
    looker = browser_of(make_staff("view_taskinfo"))
    assert offered(of(looker, waiting)) == set()


@pytest.mark.django_db
def test_html_is_text_wherever_it_comes_from(browser: Client) -> None:
    evil = "<script>alert(1)</script>"
    task = make_task(
        status="failed",
        completed_at=Now(),
        description=evil,
        error=evil,
        params={"topic": evil},
        cancel_reason=evil,
        kind=evil,
        owner_key=f"ip:{evil}",
    )
    append(task.pk, [Message("Task started"), Message(evil, "error")])
    running = make_running_task()
    lifecycle.keep_step(claim_of(running), evil, 1, evil)
    for one in (task, running):
        html = of(browser, one)
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert(1)" in html


@pytest.mark.django_db
def test_long_stories_are_cut_at_their_beginning(browser: Client) -> None:
    task = make_running_task()
    append(task.pk, [Message(f"line {number}") for number in range(510)])
    html = of(browser, task)
    assert ">line 9<" not in html
    assert ">line 10<" in html
    assert "Earlier ones are not shown" in html


@pytest.mark.django_db
def test_the_result_is_measured_and_not_read(browser: Client) -> None:
    task = make_task(status="completed", completed_at=Now(), result={"text": "x" * 5000})
    with CaptureQueriesContext(connection) as queries:
        html = of(browser, task)
    assert re.search(r"[\d.]+ k?B", html)
    assert not [one for one in queries if '"tasks_taskinfo"."result",' in one["sql"]]
    assert len(queries) <= 10


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_an_unknown_task_is_not_there(browser: Client, wrong: str) -> None:
    response = browser.get(f"{LIST}{wrong}/change/", follow=True)
    assert "doesn’t exist" in response.content.decode()


@pytest.mark.django_db
def test_the_owner_is_a_way_to_their_other_tasks(browser: Client) -> None:
    task = make_task()
    assert f"{LIST}?q={ANYBODY.key}" in of(browser, task)
