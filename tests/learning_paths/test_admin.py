from __future__ import annotations

import copy
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from learning_paths import library
from learning_paths.handlers import KIND
from learning_paths.models import LearningPath
from learning_paths.request import PathRequest
from tests.factories import make_task
from tests.learning_paths.paths import small_path
from tests.staff import LIST, browser_of, make_staff, page, texts_of_messages

pytestmark = pytest.mark.django_db

PATHS = "/admin/learning_paths/learningpath/"


@pytest.fixture
def browser() -> Client:
    return browser_of(User.objects.create_superuser("root"))


def keep_path(topic: str = "Python", **changes: Any) -> LearningPath:
    """A whole path, kept as its task keeps it."""
    document: dict[str, Any] = copy.deepcopy(dict(small_path("en").document))
    request = PathRequest.from_params({"topic": topic, "language": "en"})
    library.keep(request, document | changes)
    return LearningPath.objects.get(topic=request.topic)


def test_a_path_is_read_with_its_resources_quizzes_and_exercises(browser: Client) -> None:
    path = keep_path()
    html = page(browser, f"{PATHS}{path.pk}/change/")
    nodes = path.document["nodes"].values()
    assert html.count('class="preview-node"') == len(nodes)
    for node in nodes:
        for resource in node["resources"]:
            assert f'href="{resource["url"].replace("&", "&amp;")}"' in html
    assert html.count('class="right"') == sum(
        len(node["quiz"]["questions"]) for node in nodes if node["quiz"]
    )


@pytest.mark.parametrize("address", ["javascript:alert(1)", "http://[bad"])
def test_html_in_a_path_is_text_and_only_web_addresses_are_links(
    browser: Client, address: str
) -> None:
    path = keep_path()
    evil = "<img src=x onerror=alert(1)>"
    node = next(node for node in path.document["nodes"].values() if node["resources"])
    node["title"] = node["description"] = path.document["title"] = evil
    node["resources"][0] |= {"title": evil, "url": address}
    path.topic = evil
    path.save()
    html = page(browser, f"{PATHS}{path.pk}/change/")
    assert "<img src=x" not in html
    assert address not in html
    assert "&lt;img src=x onerror" in html


def test_paths_are_listed_without_reading_their_documents(browser: Client) -> None:
    keep_path("Python")
    keep_path("Chess")
    with CaptureQueriesContext(connection) as queries:
        html = page(browser, PATHS, q="chess")
    assert html.count("_selected_action") == 1
    assert not [one for one in queries if '"document"' in one["sql"]]
    assert len(queries) <= 8


def test_forgetting_asks_first_and_says_how_many(browser: Client) -> None:
    paths = [keep_path("Python"), keep_path("Chess")]
    kept = keep_path("Baking")
    form: dict[str, Any] = {
        "action": "forget_paths",
        "_selected_action": [str(path.pk) for path in paths],
    }
    html = browser.post(PATHS, form).content.decode()
    assert "2 paths are chosen" in html
    assert LearningPath.objects.count() == 3
    response = browser.post(PATHS, form | {"confirmed": "yes"}, follow=True)
    assert texts_of_messages(response.content.decode()) == ["2 paths are forgotten."]
    assert LearningPath.objects.get() == kept
    assert LogEntry.objects.count() == 2


def test_staff_who_may_look_cannot_forget() -> None:
    path = keep_path()
    looker = browser_of(make_staff("view_learningpath"))
    html = page(looker, PATHS)
    assert str(path.pk) in html
    assert "forget_paths" not in html
    form = {"action": "forget_paths", "_selected_action": str(path.pk), "confirmed": "yes"}
    looker.post(PATHS, form)
    assert LearningPath.objects.count() == 1


def test_nothing_is_edited_by_hand(browser: Client) -> None:
    path = keep_path()
    assert browser.get(f"{PATHS}add/").status_code == 403
    assert browser.post(f"{PATHS}{path.pk}/change/", {"topic": "x"}).status_code == 403


def test_a_task_leads_to_the_path_it_made_while_that_is_kept(browser: Client) -> None:
    path = keep_path()
    task = make_task(
        kind=KIND, params=path.request, status="completed", completed_at=Now(), result={}
    )
    url = f"{LIST}{task.pk}/change/"
    assert f"{PATHS}{path.pk}/change/" in page(browser, url)
    path.delete()
    assert PATHS + str(path.pk) not in page(browser, url)
