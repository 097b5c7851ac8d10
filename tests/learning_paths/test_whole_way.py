"""
Topics outside the catalogue, as a client meets them: server, worker and sources are processes and
sockets of their own.
"""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import pytest

from learning_paths import hosts, library
from learning_paths.budget import Budget
from learning_paths.handlers import KIND
from learning_paths.models import CachedAnswer, LearningPath
from learning_paths.request import PathRequest
from tasks import lifecycle
from tasks.models import TaskInfo
from tests.content import faults
from tests.content.server import ContentServer
from tests.factories import OPERATOR
from tests.learning_paths.paths import validator
from tests.learning_paths.test_gathering import TOPICS, noise
from tests.processes import Server, Worker, wait_for
from tests.tasks.test_cluster import LEASES, worker_process

pytestmark = pytest.mark.django_db(transaction=True)


def variables(content: ContentServer) -> dict[str, str]:
    urls = ",".join(f"{name}={url}" for name, url in content.urls.items())
    return {"REUNE_CONTACT": "operator@example.org", "SOURCE_URLS": urls}


def submit(topic: str, language: str, **params: Any) -> TaskInfo:
    asked = {"topic": topic, "language": language, **params}
    return lifecycle.submit(KIND, asked, owner=OPERATOR)


def finished(topic: str, language: str) -> TaskInfo:
    """Submit and wait for the end."""
    task = submit(topic, language)
    return wait_for(lambda: ended(task))


def ended(task: TaskInfo) -> TaskInfo | None:
    now = TaskInfo.objects.get(pk=task.pk)
    return now if now.completed_at else None


def test_nine_topics_go_the_whole_way(content: ContentServer, server: Server) -> None:
    first = server.post("/generate_mcp_async?topic=apicultura&num_nodes=10&language=pt").json()
    rest = [submit(topic, language, num_nodes=12) for topic, language in TOPICS[1:]]
    with Worker(**variables(content)):
        tasks = [wait_for(lambda task=task: ended(task)) for task in rest]
        body = wait_for(
            lambda: (
                (now := server.get(f"/status/{first['task_id']}").json())["status"] != "running"
                and now
            )
        )
    assert [task.status for task in tasks] == ["completed"] * len(rest), [t.error for t in tasks]
    assert body["status"] == "completed"
    said = [message["message"] for message in body["messages"]]
    assert any("Apicultura" in message for message in said)
    results = [body["result"], *(task.result for task in tasks)]
    for (_, language), document in zip(TOPICS, results, strict=True):
        validator.validate(document)
        assert document["language"] == language
        assert not {node["title"] for node in document["nodes"].values()} & set(noise(language))
        assert document["attribution"]
    assert [len(document["nodes"]) for document in results] == [10] + [12] * len(rest)
    agents = {seen.headers["user-agent"] for seen in content.seen}
    assert all("(operator@example.org)" in agent for agent in agents)


def test_a_worker_waits_until_no_other_asks_the_host(content: ContentServer) -> None:
    wikipedia = urlsplit(content.urls["wikipedia"]).netloc
    with Worker(**variables(content)):
        with hosts.turn(wikipedia, Budget(seconds=60, calls=1), among_workers=True):
            task = submit("volcanology", "en")
            wait_for(lambda: task.messages.exists())
            with pytest.raises(AssertionError, match="still"):
                wait_for(lambda: content.asked("wikipedia"), seconds=1)
        assert wait_for(lambda: ended(task)).status == "completed"


def test_a_killed_worker_s_successor_asks_no_question_again(content: ContentServer) -> None:
    content.fail("openlibrary", faults.never_answers)
    with Worker(**variables(content), **LEASES) as worker:
        task = submit("volcanology", "en")
        wait_for(lambda: content.asked("openlibrary"))
        before = Counter(seen.query for seen in content.asked("wikipedia"))
        assert before
        CachedAnswer.objects.all().delete()  # or the cache would answer, not the steps
        content.heal()
        worker_process(worker).kill()
        done = wait_for(lambda: ended(task))
    assert (done.status, done.attempt) == ("completed", 2), done.error
    assert Counter(seen.query for seen in content.asked("wikipedia")) == before
    validator.validate(done.result)


def test_the_same_question_has_the_same_answer_and_a_poor_one_is_not_kept(
    content: ContentServer,
) -> None:
    request = PathRequest.from_params({"topic": "volcanology", "language": "en"})
    with Worker(**variables(content)):
        whole = finished("volcanology", "en").result
        library.forget(request)
        assert finished("volcanology", "en").result == whole
        library.forget(request)
        CachedAnswer.objects.all().delete()
        content.fail("wikidata", faults.says(500))
        poor = finished("volcanology", "en")
    told = [one["message"] for one in poor.result["diagnostics"] if one["code"] == "source_failed"]
    assert told == ["Wikidata is not available at the moment."]
    warnings = poor.messages.filter(level="warning").values_list("message", flat=True)
    assert [*warnings] == told
    assert not LearningPath.objects.exists()


def test_without_any_source_a_catalogue_topic_is_whole_and_another_says_what_is_wrong(
    content: ContentServer,
) -> None:
    for service in content.urls:
        content.fail(service, faults.hangs_up)
    with Worker(**variables(content)):
        known, unknown = submit("xadrez", "pt"), submit("apicultura", "pt")
        whole, failed = (wait_for(lambda task=task: ended(task)) for task in (known, unknown))
    assert whole.status == "completed"
    assert not [one for one in whole.result["diagnostics"] if one["level"] == "warning"]
    assert failed.status == "failed"
    assert "Wikipedia" in failed.error
