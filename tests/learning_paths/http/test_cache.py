from __future__ import annotations

import json
import logging
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import caches

from learning_paths import answers
from learning_paths.exceptions import SourceError, SourceUnavailable
from learning_paths.http import Answer, HttpClient
from learning_paths.models import CachedAnswer
from tests.content import faults
from tests.content.server import ContentServer
from tests.learning_paths.http.asking import ask, conf, host, service

pytestmark = pytest.mark.django_db


def test_an_answer_is_kept_for_other_jobs(content: ContentServer) -> None:
    given = []
    for _job in range(2):
        with HttpClient(conf()) as client:
            given.append(ask(client, service(content), "queen"))
    assert given[0] == given[1] != []
    assert len(content.seen) == 1


def test_another_question_is_another_answer(client: HttpClient, content: ContentServer) -> None:
    assert ask(client, service(content), "queen") != ask(client, service(content), "drone")


def test_an_old_answer_is_asked_for_again_by_its_tag(
    client: HttpClient, content: ContentServer
) -> None:
    old = service(content, "mdn", fresh_for=timedelta(0))
    dates = [client.ask(old, {"q": "css"}, lambda answer: answer.retrieved_at) for _ in range(3)]
    assert [seen.headers.get("if-none-match") for seen in content.seen] == [
        None,
        '"mdn-1"',
        '"mdn-1"',
    ]
    assert dates[0] < dates[1] < dates[2]


def test_an_old_answer_serves_when_the_source_fails(
    client: HttpClient, content: ContentServer
) -> None:
    old = service(content, fresh_for=timedelta(0))
    first = ask(client, old, "queen")
    content.fail("mitlearn", faults.says(500))
    assert ask(client, old, "queen") == first
    content.heal()
    content.fault("mitlearn", faults.says(200, {"somethingElse": []}))
    caches["sources"].delete(f"rest:{host(content)}", version=answers.VERSION)
    assert ask(client, old, "queen") == first


@pytest.mark.parametrize(
    "fault", [faults.says(404), faults.says(200), faults.says(200, {"somethingElse": []})]
)
def test_a_bad_answer_is_not_kept(
    client: HttpClient, content: ContentServer, fault: faults.Fault
) -> None:
    content.fault("mitlearn", fault)
    with pytest.raises(SourceError):
        ask(client, service(content), "queen")
    assert ask(client, service(content), "queen")


def test_secrets_are_sent_and_stand_nowhere(
    client: HttpClient, content: ContentServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = service(content, secrets={"key": "s3cr3t"})
    ask(client, secret, "queen")
    assert content.seen[0].params["key"] == "s3cr3t"
    content.fail("mitlearn", faults.hangs_up)
    with pytest.raises(SourceUnavailable) as caught:
        ask(client, secret)
    rows = json.dumps([*CachedAnswer.objects.values_list("cache_key", "value")])
    ours = [record.getMessage() for record in caplog.records if "learning_paths" in record.name]
    assert "s3cr3t" not in rows + str(caught.value) + "".join(ours)
    assert ask(client, service(content), "queen"), "another key asks the same question"


@pytest.mark.django_db(transaction=True)
def test_a_cache_that_does_not_work_costs_no_path(
    client: HttpClient, content: ContentServer, settings: Any
) -> None:
    broken = settings.CACHES["sources"] | {"LOCATION": "no_such_table"}
    settings.CACHES = settings.CACHES | {"sources": broken}
    assert ask(client, service(content), "queen")
    assert ask(client, service(content), "queen")
    assert len(content.seen) == 2


def test_what_the_database_cannot_hold_is_taken_out(
    client: HttpClient, content: ContentServer
) -> None:
    body = rb'{"results": ["a\u0000b", "\ud800c", {"k\u0000": "\ud83d\udc1d"}]}'
    content.fault("mitlearn", faults.says(200, body))
    assert ask(client, service(content)) == ["ab", "c", {"k": "\N{HONEYBEE}"}]


def test_an_answer_tells_when_it_was_given(client: HttpClient, content: ContentServer) -> None:
    def read(answer: Answer) -> float:
        return time.time() - answer.retrieved_at.timestamp()

    assert 0 <= client.ask(service(content), {"q": "x", "resource_type": "course"}, read) < 5
