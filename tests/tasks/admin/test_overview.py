from __future__ import annotations

import re
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from tasks import stats
from tasks.admin import overview
from tasks.admin.charts import chart, scale
from tasks.models import Process
from tests.factories import make_running_task, make_task
from tests.staff import browser_of, make_staff, page

pytestmark = pytest.mark.django_db

QUEUE = "/admin/tasks/queue/"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def browser() -> Client:
    return browser_of(User.objects.create_superuser("root"))


class TestHours:
    def test_each_hour_has_what_ended_in_it(self) -> None:
        begin = timezone.now().replace(minute=0, second=0, microsecond=0)
        for status, at in [
            ("completed", begin),
            ("completed", begin - timedelta(hours=1)),
            ("failed", begin - timedelta(minutes=1)),
            ("canceled", begin - timedelta(hours=23)),
            ("completed", begin - timedelta(hours=23, seconds=1)),
        ]:
            make_task(status=status, completed_at=at, created_at=at, started_at=at)
        hours = stats.hours()
        assert len(hours) == 24
        assert hours[-1].begins_at == begin
        assert [hour.completed for hour in hours[-2:]] == [1, 1]
        assert (hours[-2].failed, hours[0].canceled, hours[0].completed) == (1, 1, 0)
        assert sum(hour.completed + hour.failed + hour.canceled for hour in hours) == 4

    def test_each_hour_has_what_waited_and_ran_at_its_end(self) -> None:
        begin = timezone.now().replace(minute=0, second=0, microsecond=0)

        def ago(hours: float) -> object:
            return begin - timedelta(hours=hours)

        # Came in the hour before the last three, began an hour later, ended another hour later.
        make_task(
            status="completed",
            created_at=ago(2.5),
            started_at=ago(1.5),
            completed_at=ago(0.5),
        )
        make_task(created_at=ago(30))
        make_running_task(created_at=ago(30), started_at=ago(25))
        # Waits again, after an attempt: since now.
        make_task(created_at=ago(30), attempt=1, started_at=ago(29), updated_at=Now())
        # Canceled before it began.
        make_task(status="canceled", created_at=ago(1.5), completed_at=ago(0.5))
        hours = stats.hours()
        assert [(hour.waiting, hour.running) for hour in hours[-4:]] == [
            (2, 1),
            (2, 2),
            (1, 1),
            (2, 1),
        ]
        assert (hours[0].waiting, hours[0].running) == (1, 1)

    def test_without_tasks_they_are_empty(self) -> None:
        assert {(one.waiting, one.running, one.completed) for one in stats.hours()} == {(0, 0, 0)}


class TestChart:
    @pytest.mark.parametrize(
        ("most", "top"),
        [(0, 2), (1, 2), (2, 2), (3, 4), (5, 10), (10, 10), (11, 20), (4001, 10000)],
    )
    def test_the_scale_is_the_next_round_number(self, most: int, top: int) -> None:
        assert scale(most) == top

    def test_columns_are_as_high_as_their_values(self) -> None:
        drawn = chart("c", kind="waiting", title="t", summary="s", values=[("a", 0), ("b", 4)])
        low, high = drawn.columns
        assert low.height == 0
        assert high.y + high.height == low.y == drawn.floor
        assert high.y == drawn.lines[-1].at
        assert high.x + high.width <= drawn.width


class TestPage:
    def test_it_says_what_waits_runs_and_is_abandoned(self, browser: Client) -> None:
        make_task(updated_at=Now() - timedelta(seconds=90))
        make_task(entry=None)
        running = make_running_task()
        OrmQ.objects.filter(task_info=running.pk).update(lock=Now())
        html = page(browser, QUEUE)
        assert re.search(r"<strong>2</strong> <span>waiting</span>", html)
        assert "1 for a worker, 1 for a slot, 0 to be retried" in html
        assert "1 min 30 s" in html
        assert "1 without a living worker" in html
        assert "their worker died" in html

    def test_a_long_wait_tells_what_to_do(self, browser: Client) -> None:
        assert "Run more manage.py worker" not in page(browser, QUEUE)
        make_task(updated_at=Now() - timedelta(minutes=2))
        assert "Run more manage.py worker" in page(browser, QUEUE)

    def test_it_names_the_processes_and_what_they_run(self, browser: Client) -> None:
        assert "None was heard of" in page(browser, QUEUE)
        names = {"role": "worker", "release": "1.2.3"}
        alive = Process.objects.create(host="<b>one</b>", pid=11, **names)
        Process.objects.create(
            host="two", pid=22, seen_at=Now() - timedelta(minutes=1), role="web", release="1.2.3"
        )
        Process.objects.create(host="gone", pid=33, ended_at=Now(), **names)
        task = make_running_task(worker=alive.pk)
        html = page(browser, QUEUE)
        table = html[html.index('class="processes"') :].partition("</table>")[0]
        assert [one for one in ("worker 11", "web 22", "1.2.3") if one not in table] == []
        assert "gone" not in table
        assert "&lt;b&gt;one" in table
        assert table.count("it counts as dead") == 1
        assert f"/admin/tasks/taskinfo/{task.pk}/change/" in table

    def test_a_process_names_its_task_however_many_run_elsewhere(
        self, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(overview, "MOST_PROCESSES", 1)
        gone = Process.objects.create(role="worker", host="a", pid=1, ended_at=Now())
        for _ in range(3):
            make_running_task(worker=gone.pk)
        alive = Process.objects.create(role="worker", host="b", pid=2)
        task = make_running_task(worker=alive.pk)
        html = page(browser, QUEUE)
        table = html[html.index('class="processes"') :].partition("</table>")[0]
        assert f"/admin/tasks/taskinfo/{task.pk}/change/" in table

    def test_each_chart_is_named_described_and_there_as_a_table(self, browser: Client) -> None:
        make_task(status="failed", completed_at=Now(), kind="one")
        html = page(browser, QUEUE)
        charts = re.findall(r"<svg viewBox.*?</svg>", html, re.DOTALL)
        assert len(charts) == 4
        for text in charts:
            svg = ElementTree.fromstring(
                text.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"')
            )
            named = {one.get("id"): one.text for one in svg.iter() if one.get("id")}
            assert svg.get("role") == "img"
            assert all(named[name] for name in str(svg.get("aria-labelledby")).split())
            assert len(svg.findall(f"{SVG}rect")) == 24
        assert html.count('<th scope="row">') == 24 + 1

    def test_it_needs_no_script_and_no_style_of_its_own(self, browser: Client) -> None:
        """The policy that the server sends allows neither."""
        make_task()
        for url in (QUEUE, "/admin/tasks/taskinfo/"):
            html = page(browser, url)
            assert " style=" not in html
            assert "<style" not in html
            assert not re.search(r"<script(?![^>]*\bsrc=)", html)
            assert not re.search(r"\son\w+=", html)

    def test_numbers_of_the_drawing_are_the_same_in_every_language(self, browser: Client) -> None:
        make_task(status="failed", completed_at=Now())
        html = browser.get(QUEUE, headers={"accept-language": "pt"}).content.decode()
        assert not re.search(r' (?:x|y|width|height)="\d+,', html)

    def test_its_queries_do_not_grow(self, browser: Client) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                page(browser, QUEUE)
            return len(captured)

        few = queries()
        for kind in ("one", "two", "three"):
            make_task(status="failed", completed_at=Now(), kind=kind)
            make_task()
        assert queries() == few

    def test_the_index_leads_to_it(self, browser: Client) -> None:
        assert f'href="{QUEUE}"' in page(browser, "/admin/")
        assert f'href="{QUEUE}"' in page(browser_of(make_staff("view_taskinfo")), "/admin/")
