from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tasks import search
from tasks.admin import CappedPaginator
from tasks.models import TaskInfo
from tests.factories import ANYBODY, ECHO, make_running_task, make_task, make_user
from tests.staff import LIST, browser_of, listed, make_staff, page

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser() -> Client:
    return browser_of(User.objects.create_superuser("root"))


def make_ended(status: str = "completed", **overrides: Any) -> TaskInfo:
    return make_task(status=status, completed_at=Now(), **overrides)


def make_many(count: int, **fields: Any) -> None:
    rows = (TaskInfo(params={}, owner_key=ANYBODY.key, **fields) for _ in range(count))
    TaskInfo.objects.bulk_create(rows)


def found(browser: Client, **query: Any) -> set[str]:
    return set(listed(page(browser, LIST, **query)))


def keys(*tasks: TaskInfo) -> set[str]:
    return {str(task.pk) for task in tasks}


def test_the_newest_come_first_with_their_state_in_words(browser: Client) -> None:
    old = make_ended("failed", created_at=Now() - timedelta(hours=1), progress=40)
    new = make_running_task(progress=20)
    html = page(browser, LIST)
    assert listed(html) == [str(new.pk), str(old.pk)]
    assert '<span class="state state-running">running</span>' in html
    assert '<span class="state state-failed">failed</span>' in html
    assert 'value="20" aria-label="Progress"' in html


def test_a_state_says_what_a_task_waits_for(browser: Client) -> None:
    make_task(retry_at=Now() + timedelta(minutes=1))
    make_running_task(cancel_requested_at=Now())
    html = page(browser, LIST)
    assert ">waiting to be retried</span>" in html
    assert ">stopping</span>" in html


def test_durations_are_those_of_the_last_attempt(browser: Client) -> None:
    made = Now() - timedelta(minutes=10)
    make_task(
        status="completed",
        created_at=made,
        started_at=made + timedelta(seconds=12.4),
        completed_at=made + timedelta(seconds=12.4, minutes=2),
    )
    html = page(browser, LIST)
    assert "12.4 s</td>" in html
    assert "2 min 0 s</td>" in html


def test_what_is_large_is_not_read(browser: Client) -> None:
    make_ended(result={"secret": "x"}, error="boom")
    with CaptureQueriesContext(connection) as queries:
        page(browser, LIST)
    assert not [
        one["sql"] for one in queries if '"result"' in one["sql"] or '"params"' in one["sql"]
    ]


def test_queries_do_not_grow_with_tasks_and_owners(browser: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(browser, LIST)
        return len(captured)

    make_ended()
    few = queries()
    for number in range(30):
        user = make_user(f"user{number}")
        make_ended(owner=user, owner_key=f"user:{user.pk}")
    assert queries() == few <= 8


class TestFilters:
    @pytest.mark.parametrize(
        ("state", "statuses"),
        [
            ("active", {"pending", "running"}),
            ("ended", {"completed", "failed", "canceled"}),
            ("failed", {"failed"}),
            ("nonsense", {"pending", "running", "completed", "failed", "canceled"}),
        ],
    )
    def test_by_state(self, browser: Client, state: str, statuses: set[str]) -> None:
        tasks = [make_task(), make_running_task()]
        tasks += [make_ended(status) for status in ("completed", "failed", "canceled")]
        wanted = keys(*(task for task in tasks if task.status in statuses))
        assert found(browser, state=state) == wanted

    def test_by_kind_owner_and_age(self, browser: Client) -> None:
        ana = make_user("ana")
        of_ana = make_ended(owner=ana, owner_key=f"user:{ana.pk}", kind="tasks.selftest")
        of_nobody = make_ended()
        of_operators = make_ended(owner_key="command", created_at=Now() - timedelta(days=2))
        assert found(browser, kind=ECHO) == keys(of_nobody, of_operators)
        assert found(browser, kind="a\x00b") == keys(of_ana, of_nobody, of_operators)
        assert found(browser, of="users") == keys(of_ana)
        assert found(browser, of="anonymous") == keys(of_nobody)
        assert found(browser, of="command") == keys(of_operators)
        assert found(browser, within="day") == keys(of_ana, of_nobody)


class TestSearch:
    def test_by_id_and_its_first_digits(self, browser: Client) -> None:
        task, _other = make_ended(), make_ended()
        for text in (str(task.pk), task.pk.hex, task.pk.hex[:8], str(task.pk)[:13].upper()):
            assert found(browser, q=text) == keys(task), text

    def test_by_owner(self, browser: Client) -> None:
        ana = make_user("ana")
        of_ana = make_ended(owner=ana, owner_key=f"user:{ana.pk}")
        of_nobody = make_ended(owner_key="ip:abc123")
        for text in ("ana", f" user:{ana.pk} "):
            assert found(browser, q=text) == keys(of_ana)
        assert found(browser, q="ip:abc123") == keys(of_nobody)

    def test_by_the_beginnings_of_words_of_the_topic(self, browser: Client) -> None:
        photo = make_ended(description="Generate MCP for topic: Fotografia e luz")
        chess = make_ended(description="Generate MCP for topic: xadrez, o jogo")
        assert found(browser, q="foto") == keys(photo)
        assert found(browser, q="XADREZ jog") == keys(chess)
        assert found(browser, q="foto xadrez") == set()
        assert found(browser, q="generate") == keys(photo, chess)

    @pytest.mark.parametrize("text", ["' | 'a", "!&|():*<->", "a\x00b", "\\", "%", "'); DROP"])
    def test_no_text_breaks_it(self, browser: Client, text: str) -> None:
        make_ended()
        page(browser, LIST, q=text)


class TestMany:
    def test_no_more_than_the_cap_is_counted_and_listed(
        self, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(CappedPaginator, "most", 60)
        for _ in range(70):
            make_ended()
        html = page(browser, LIST)
        assert "The newest 60 are listed" in html
        assert len(listed(html)) == 50
        assert len(listed(page(browser, LIST, p=2))) == 10
        assert browser.get(LIST, {"p": 3}).status_code == 302  # back to the first

    def test_no_query_counts_all(self, browser: Client) -> None:
        make_ended()
        with CaptureQueriesContext(connection) as queries:
            page(browser, LIST)
        counts = [one["sql"] for one in queries if "COUNT(" in one["sql"].upper()]
        assert counts
        assert all(f"LIMIT {CappedPaginator.most}" in sql for sql in counts)

    @pytest.mark.parametrize(
        ("narrow", "index"),
        [
            (lambda tasks: tasks.filter(kind="y"), "tasks_taskinfo_kind_newest"),
            (lambda tasks: tasks.all(), "tasks_taskinfo_newest"),
        ],
    )
    def test_the_order_is_that_of_an_index(self, narrow: Callable[[Any], Any], index: str) -> None:
        # Of a few rows any index is as good as another.
        for kind, count in (("x", 2000), ("y", 100)):
            make_many(count, kind=kind)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE tasks_taskinfo; SET LOCAL enable_sort TO off")
        plan = narrow(TaskInfo.objects).order_by("-created_at", "-id")[:50].explain()
        assert index in plan

    def test_words_are_found_by_their_index(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan TO off")
            with CaptureQueriesContext(connection) as queries:
                search.matching(TaskInfo.objects.all(), "python")
            cursor.execute(f"EXPLAIN {queries[-1]['sql']}")
            assert "tasks_taskinfo_words" in str(cursor.fetchall())

    def test_a_few_are_not_looked_for_among_all_from_the_newest_on(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(search, "_FEW", 2)
        tasks = [make_ended(description="Generate MCP for topic: Chess") for _ in range(2)]
        few = search.matching(TaskInfo.objects.all(), "chess")
        assert {task.pk for task in few} == {task.pk for task in tasks}
        assert "to_tsvector" not in str(few.query)
        tasks.append(make_ended(description="Generate MCP for topic: Chess"))
        assert search.matching(TaskInfo.objects.all(), "chess").count() == 3


class TestPermissions:
    def test_staff_who_may_look_see_and_cannot_act(self) -> None:
        task = make_task()
        looker = browser_of(make_staff("view_taskinfo"))
        html = page(looker, LIST)
        assert str(task.pk) in html
        assert '<select name="action"' not in html
        form = {"action": "cancel_tasks", "_selected_action": str(task.pk), "confirmed": "yes"}
        looker.post(LIST, form)
        assert TaskInfo.objects.get().status == "pending"

    def test_staff_without_permission_see_nothing(self) -> None:
        task = make_task()
        stranger = browser_of(make_staff())
        for url in (LIST, f"{LIST}{task.pk}/change/", "/admin/tasks/queue/"):
            assert stranger.get(url).status_code == 403, url
        assert "Queue" not in page(stranger, "/admin/")

    def test_people_who_are_no_staff_are_sent_to_sign_in(self) -> None:
        assert browser_of(make_user("ana")).get(LIST).status_code == 302

    def test_to_change_and_to_delete_are_two_rights(self) -> None:
        make_ended()
        html = page(browser_of(make_staff("change_taskinfo")), LIST)
        assert 'value="cancel_tasks"' in html
        assert 'value="delete_tasks"' not in html

    def test_nothing_is_edited_by_hand(self, browser: Client) -> None:
        task = make_ended()
        assert browser.get(f"{LIST}add/").status_code == 403
        assert browser.post(f"{LIST}{task.pk}/change/", {"status": "failed"}).status_code == 403
        assert browser.post(f"{LIST}{task.pk}/delete/", {"post": "yes"}).status_code == 403
        assert TaskInfo.objects.get().status == "completed"


def test_html_in_a_topic_is_text(browser: Client) -> None:
    make_ended(description="<script>alert(1)</script>", owner_key=ANYBODY.key)
    html = page(browser, LIST)
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html
