"""The pages as the server writes them; tests/browser looks at them with a browser."""

from __future__ import annotations

import re
from copy import deepcopy
from html import unescape
from typing import Any

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now
from django.test import Client

from learning_paths.catalogue.loader import index
from learning_paths.handlers import KIND
from reune.pages import EXAMPLES
from tasks.models import TaskInfo, TaskStatus
from tests.factories import make_running_task, make_task, make_user
from tests.learning_paths.paths import small_path

pytestmark = pytest.mark.django_db

EVIL = "</script><script>alert(1)</script>"


def make_path_task(**overrides: Any) -> TaskInfo:
    fields = {"kind": KIND, "description": "Generate MCP for topic: Chess"}
    return make_task(**fields | overrides)


def page_of(client: Client, task: TaskInfo) -> str:
    response = client.get(f"/paths/{task.pk}")
    assert response.status_code == 200
    return response.content.decode()


def nonce_in(html: str) -> str:
    match = re.search(r'name="nonce" value="([0-9a-f]{32})"', html)
    assert match
    return match[1]


class TestAsking:
    def test_every_category_of_the_catalogue_is_among_the_examples(self) -> None:
        html = Client().get("/").content.decode()
        shown = set(re.findall(r'class="chip"[^>]*>([^<]+)<', unescape(html)))
        assert len(shown) == EXAMPLES
        assert {entry.category for entry in index() if entry.title["en"] in shown} == {
            entry.category for entry in index()
        }

    def test_the_form_becomes_a_task_and_leads_to_its_page(self) -> None:
        sent = {"topic": " Chess ", "num_nodes": "10", "language": "en", "max_width": ""}
        response = Client().post("/", sent)
        task = TaskInfo.objects.get()
        assert (response.status_code, response["Location"]) == (302, f"/paths/{task.pk}")
        assert task.params | {"topic": "Chess", "num_nodes": 10, "language": "en"} == task.params
        assert task.params["max_width"] == 5

    def test_a_form_sent_twice_is_one_task(self) -> None:
        client = Client()
        sent = {"topic": "Chess", "nonce": nonce_in(client.get("/").content.decode())}
        places = {client.post("/", sent)["Location"] for _ in range(2)}
        assert len(places) == 1
        assert TaskInfo.objects.count() == 1

    def test_the_same_form_with_another_topic_is_another_task(self) -> None:
        client = Client()
        sent = {"topic": "Chess", "nonce": nonce_in(client.get("/").content.decode())}
        client.post("/", sent)
        client.post("/", sent | {"topic": "Cooking"})
        assert TaskInfo.objects.count() == 2

    def test_what_is_wrong_is_said_in_the_language_of_the_page(self) -> None:
        sent = {"topic": "Chess", "language": "en", "num_nodes": "99", "max_width": "x"}
        response = Client().post("/", sent, headers={"Accept-Language": "es"})
        assert response.status_code == 400
        html = response.content.decode()
        assert 'lang="es"' in html
        assert 'id="max_width-error"' in html
        assert 'value="Chess"' in html
        # It is behind "more options", which is open therefore.
        assert '<details class="more" open>' in html
        assert not TaskInfo.objects.exists()

    def test_one_who_has_had_enough_is_told_so(self) -> None:
        client = Client()
        for number in range(5):
            assert client.post("/", {"topic": f"Topic {number}"}).status_code == 302
        response = client.post("/", {"topic": "One more"})
        assert response.status_code == 429
        assert 'role="alert"' in response.content.decode()

    def test_it_needs_the_csrf_token(self) -> None:
        response = Client(enforce_csrf_checks=True).post("/", {"topic": "Chess"})
        assert response.status_code == 403
        assert "Go back, load the page again" in response.content.decode()
        assert not TaskInfo.objects.exists()

    def test_a_link_may_fill_in_the_form(self) -> None:
        html = Client().get("/?topic=Chess&num_nodes=30&max_height=9").content.decode()
        assert 'value="Chess"' in html
        assert '<input type="radio" name="num_nodes" value="30" checked>' in html

    def test_where_nobody_is_anonymous_one_signs_in_first(self, settings: LazySettings) -> None:
        rest = settings.REST_FRAMEWORK
        only_users = ["rest_framework.permissions.IsAuthenticated"]
        settings.REST_FRAMEWORK = rest | {"DEFAULT_PERMISSION_CLASSES": only_users}
        client = Client()
        for response in (client.get("/"), client.post("/", {"topic": "Chess"})):
            assert (response.status_code, response["Location"]) == (302, "/login")
        assert not TaskInfo.objects.exists()
        make_user("ana", password="secret")
        wrong = client.post("/login", {"username": "ana", "password": "wrong"})
        assert 'role="alert"' in wrong.content.decode()
        assert client.post("/login", {"username": "ana", "password": "secret"})["Location"] == "/"
        assert client.get("/").status_code == 200

    def test_passwords_are_not_to_be_guessed_here_either(self) -> None:
        make_user("ana", password="secret")
        tries = [Client().post("/login", {"username": "ana", "password": "x"}) for _ in range(10)]
        assert {response.status_code for response in tries[:9]} == {200}
        assert tries[9].status_code == 429


class TestSomebodyElses:
    def test_a_users_task_is_there_for_that_user_only(self) -> None:
        ana = make_user("ana")
        task = make_path_task(owner=ana, owner_key=f"user:{ana.pk}")
        client = Client()
        assert client.get(f"/paths/{task.pk}").status_code == 404
        client.force_login(make_user("bia"))
        assert client.get(f"/paths/{task.pk}").status_code == 404
        client.force_login(ana)
        assert "Chess" in page_of(client, task)

    @pytest.mark.parametrize("verb", ["cancel", "delete", "resume"])
    def test_an_anonymous_callers_task_can_be_read_by_all_and_changed_by_none(
        self, verb: str
    ) -> None:
        task = make_path_task()
        client = Client()
        assert 'value="cancel"' not in page_of(client, task)
        assert client.post(f"/paths/{task.pk}", {"verb": verb}).status_code == 404
        assert TaskInfo.objects.get().status == TaskStatus.PENDING

    def test_staff_may_change_it(self) -> None:
        task = make_path_task()
        client = Client()
        client.force_login(make_user("root", is_staff=True))
        assert client.post(f"/paths/{task.pk}", {"verb": "cancel"}).status_code == 302
        assert TaskInfo.objects.get().status == TaskStatus.CANCELED

    def test_the_list_has_ones_own(self) -> None:
        make_path_task()
        ana = make_user("ana")
        make_path_task(owner_key=f"user:{ana.pk}", description="Generate MCP for topic: Cooking")
        client = Client()
        client.force_login(ana)
        html = client.get("/").content.decode()
        assert ">Cooking</a>" in html
        assert html.count("data-id=") == 1


class TestATask:
    def test_a_verb_that_comes_too_late_shows_how_it_is_now(self) -> None:
        client = Client()
        client.post("/", {"topic": "Chess"})
        task = TaskInfo.objects.get()
        for verb in ("cancel", "cancel"):
            response = client.post(f"/paths/{task.pk}", {"verb": verb})
            assert response["Location"] == f"/paths/{task.pk}"
        assert "This path was canceled" in page_of(client, task)
        assert client.post(f"/paths/{task.pk}", {"verb": "delete"})["Location"] == "/"
        assert not TaskInfo.objects.exists()

    def test_a_resume_beyond_the_limit_says_so_and_changes_nothing(self) -> None:
        client = Client()
        client.post("/", {"topic": "Chess"})
        task = TaskInfo.objects.get()
        client.post(f"/paths/{task.pk}", {"verb": "cancel"})
        for number in range(4):
            client.post("/", {"topic": f"Topic {number}"})
        make_path_task(owner_key=task.owner_key)
        response = client.post(f"/paths/{task.pk}", {"verb": "resume"})
        assert response.status_code == 429
        assert 'role="alert"' in response.content.decode()
        assert "This path was canceled" in response.content.decode()
        assert TaskInfo.objects.get(pk=task.pk).status == TaskStatus.CANCELED

    @pytest.mark.parametrize("kind", ["tests.echo", "tasks.selftest"])
    def test_a_task_of_another_kind_is_no_path(self, kind: str) -> None:
        task = make_task(kind=kind)
        assert Client().get(f"/paths/{task.pk}").status_code == 404

    def test_a_topic_is_text_wherever_it_stands(self) -> None:
        task = make_running_task(kind=KIND, description=f"Generate MCP for topic: {EVIL}")
        html = page_of(Client(), task)
        assert EVIL not in html
        assert EVIL in unescape(html)

    @pytest.mark.parametrize("address", ["javascript:alert(1)", "http://[bad"])
    def test_without_javascript_too_only_web_addresses_are_links(self, address: str) -> None:
        document = deepcopy(dict(small_path().document))
        node = next(node for node in document["nodes"].values() if node["resources"])
        node["resources"][0] |= {"title": "A page", "url": address}
        done = {"status": TaskStatus.COMPLETED, "completed_at": Now(), "result": document}
        html = page_of(Client(), make_path_task(**done))
        read = re.search(r"<noscript>.*plain-path.*?</noscript>", html, re.DOTALL)
        assert read
        assert "A page" in read[0]
        assert address not in read[0]

    def test_it_costs_few_queries(self, django_assert_max_num_queries: Any) -> None:
        client = Client()
        for topic in ("Chess", "Cooking", "Git"):
            client.post("/", {"topic": topic})
        with django_assert_max_num_queries(2):
            client.get("/")


class TestFiles:
    def finished(self, **overrides: Any) -> TaskInfo:
        done = {"status": TaskStatus.COMPLETED, "completed_at": Now()}
        return make_path_task(result=dict(small_path().document), **done | overrides)

    @pytest.mark.parametrize(
        ("kind", "content_type"),
        [
            ("md", "text/markdown; charset=utf-8"),
            ("json", "application/json; charset=utf-8"),
            ("html", "text/html; charset=utf-8"),
        ],
    )
    def test_a_finished_path_is_there_to_keep(self, kind: str, content_type: str) -> None:
        response = Client().get(f"/paths/{self.finished().pk}.{kind}")
        assert (response.status_code, response["Content-Type"]) == (200, content_type)
        assert small_path().document["title"] in response.content.decode()
        # A page is to be shown, by its own policy; the others are to be saved.
        assert ("attachment" in response.get("Content-Disposition", "")) == (kind != "html")
        assert ("style-src 'sha256-" in response["Content-Security-Policy"]) == (kind == "html")

    def test_what_is_not_finished_or_not_ones_own_is_not(self) -> None:
        ana = make_user("ana")
        hers = self.finished(owner=ana, owner_key=f"user:{ana.pk}")
        unfinished = make_path_task()
        for address in (f"{hers.pk}.md", f"{unfinished.pk}.md", f"{self.finished().pk}.exe"):
            assert Client().get(f"/paths/{address}").status_code == 404

    def test_it_can_only_be_read(self) -> None:
        assert Client().post(f"/paths/{self.finished().pk}.md").status_code == 405


class TestHeaders:
    def test_a_page_may_load_and_run_what_is_ours_and_nothing_else(self) -> None:
        response = Client().get("/")
        policy = dict(one.split(" ", 1) for one in response["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        # Which the page keeps to.
        html = response.content.decode()
        assert not re.search(r"<style|style=|\son[a-z]+=|javascript:", html)
        scripts = re.findall(r"<script([^>]*)>", html)
        assert all("src=" in one or 'type="application/json"' in one for one in scripts)

    def test_nobody_else_keeps_a_page(self) -> None:
        assert Client().get("/")["Cache-Control"] == "private, no-cache"

    def test_what_is_not_there_is_said_on_a_page(self) -> None:
        response = Client().get("/paths/00000000-0000-0000-0000-000000000000")
        assert response.status_code == 404
        assert response["Content-Type"].startswith("text/html")

    @pytest.mark.parametrize("method", ["put", "delete", "patch"])
    def test_other_methods_are_refused(self, method: str) -> None:
        assert getattr(Client(), method)("/").status_code == 405
