from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import pytest
from django.core.cache import caches
from django.db import connections

from learning_paths import answers, hosts
from learning_paths.budget import Budget
from learning_paths.exceptions import Reason, SourceError, SourceRejected, SourceUnavailable
from learning_paths.http import HttpClient
from tests.concurrently import at_once
from tests.content import faults
from tests.content.server import ContentServer, Handler
from tests.learning_paths.http.asking import ask, conf, host, reason_of, service

pytestmark = pytest.mark.django_db


# --- The budget ----------------------------------------------------------------------------------


def test_a_job_makes_no_more_calls_than_it_may(content: ContentServer) -> None:
    with HttpClient(conf(network_calls=3)) as client:
        for _call in range(3):
            ask(client, service(content))
        assert reason_of(client, service(content), SourceUnavailable) == Reason.BUDGET
    assert len(content.seen) == 3


def test_retries_are_calls(content: ContentServer) -> None:
    content.fault("mitlearn", faults.says(503))
    with HttpClient(conf(network_calls=1)) as client:
        assert reason_of(client, service(content), SourceUnavailable) == Reason.BUDGET
    assert len(content.seen) == 1


def test_a_job_ends_in_its_time_whatever_its_sources_do(content: ContentServer) -> None:
    content.fail("mitlearn", faults.never_answers)
    began = time.monotonic()
    with HttpClient(conf(network_time=timedelta(seconds=0.8))) as client:
        reasons = [reason_of(client, service(content), SourceUnavailable) for _ in range(3)]
    assert reasons[-1] == Reason.BUDGET
    assert time.monotonic() - began < 5, "not three read timeouts"


def test_the_time_runs_from_the_first_request(content: ContentServer) -> None:
    budget = Budget(seconds=0.3, calls=5)
    with HttpClient(conf(), budget) as client:
        deadline = time.monotonic() + 0.4
        while time.monotonic() < deadline:  # the stages before need time too
            pass
        ask(client, service(content))


def test_answers_of_the_cache_cost_no_call(content: ContentServer) -> None:
    with HttpClient(conf(network_calls=1)) as client:
        first = ask(client, service(content), "queen")
        assert ask(client, service(content), "queen") == first
    assert len(content.seen) == 1


def test_a_closed_job_asks_no_more(client: HttpClient, content: ContentServer) -> None:
    client.close()
    assert reason_of(client, service(content), SourceUnavailable) == Reason.BUDGET
    assert not content.seen


# --- Time and size -------------------------------------------------------------------------------


def test_a_source_that_does_not_answer_is_slow(content: ContentServer) -> None:
    content.fault("mitlearn", faults.never_answers)
    began = time.monotonic()
    with HttpClient(conf(read_timeout=timedelta(seconds=0.5))) as hasty:
        assert reason_of(hasty, service(content), SourceUnavailable) == Reason.SLOW
    assert time.monotonic() - began < 5, "the timeout that the settings name, not the usual one"
    assert len(content.seen) == 1, "one that is slow is not asked again at once"


def test_a_job_that_has_no_time_left_says_nothing_about_the_host(content: ContentServer) -> None:
    content.fail("mitlearn", faults.never_answers)
    for _job in range(3):
        with HttpClient(conf(network_time=timedelta(seconds=0.2))) as hasty:
            assert reason_of(hasty, service(content), SourceUnavailable) == Reason.SLOW
    content.heal()
    with HttpClient(conf()) as client:
        ask(client, service(content))


def test_a_source_that_drips_is_slow(content: ContentServer) -> None:
    content.fault("mitlearn", faults.drips)
    began = time.monotonic()
    with HttpClient(conf(network_time=timedelta(seconds=0.6))) as client:
        assert reason_of(client, service(content), SourceUnavailable) == Reason.SLOW
    assert time.monotonic() - began < 4, "it drips for six seconds"


@pytest.mark.parametrize("fault", [faults.never_ends, faults.unpacks_to_much])
def test_an_answer_beyond_the_limit_is_not_read(
    client: HttpClient, content: ContentServer, fault: faults.Fault
) -> None:
    content.fault("mitlearn", fault)
    assert reason_of(client, service(content), SourceRejected) == Reason.TOO_LARGE


def test_an_answer_within_the_limit_is_read(content: ContentServer) -> None:
    big = {"results": ["x" * 90_000]}
    content.fault("mitlearn", faults.says(200, big), faults.says(200, big))
    with HttpClient(conf(largest_answer=100_000)) as client:
        assert ask(client, service(content)) == big["results"]
    with HttpClient(conf(largest_answer=80_000)) as client:
        assert reason_of(client, service(content), SourceRejected) == Reason.TOO_LARGE


# --- Retries and rests ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        *(faults.says(status) for status in (502, 503, 504)),
        faults.too_many("0"),
        faults.hangs_up,
        faults.breaks_off,
        faults.speaks_no_http,
    ],
)
def test_what_may_pass_is_tried_again(
    client: HttpClient, content: ContentServer, fault: faults.Fault
) -> None:
    content.fault("mitlearn", fault)
    assert ask(client, service(content), "queen")
    assert len(content.seen) == 2


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (faults.says(503), Reason.DOWN),
        (faults.too_many("0"), Reason.THROTTLED),
        (faults.hangs_up, Reason.DOWN),
    ],
)
def test_a_source_is_tried_three_times(
    client: HttpClient, content: ContentServer, fault: faults.Fault, reason: Reason
) -> None:
    content.fail("mitlearn", fault)
    assert reason_of(client, service(content), SourceUnavailable) == reason
    assert len(content.seen) == 3


@pytest.mark.parametrize(
    ("fault", "kind", "reason"),
    [
        (faults.says(500), SourceUnavailable, Reason.DOWN),
        (faults.says(404), SourceRejected, Reason.REFUSED),
        (faults.says(403), SourceRejected, Reason.REFUSED),
        (faults.says(200), SourceUnavailable, Reason.UNREADABLE),
        (faults.ends_early, SourceUnavailable, Reason.UNREADABLE),
        (faults.nested_deeply, SourceUnavailable, Reason.UNREADABLE),
        (faults.says(200, b'{"results": [NaN]}'), SourceUnavailable, Reason.UNREADABLE),
        (faults.says(200, {"somethingElse": []}), SourceUnavailable, Reason.UNREADABLE),
    ],
)
def test_what_another_try_does_not_mend_is_not_tried_again(
    client: HttpClient,
    content: ContentServer,
    fault: faults.Fault,
    kind: type[SourceError],
    reason: Reason,
) -> None:
    content.fault("mitlearn", fault)
    assert reason_of(client, service(content), kind) == reason
    assert len(content.seen) == 1


@pytest.mark.parametrize("form", [str, faults.http_date])
def test_the_source_says_how_long_to_wait(
    client: HttpClient, content: ContentServer, form: Callable[[int], str]
) -> None:
    content.fault("mitlearn", faults.too_many(form(2)))
    ask(client, service(content))
    first, second = content.seen
    assert second.began - first.ended > 0.9


def test_a_source_that_wants_a_long_rest_gets_it_from_every_job(content: ContentServer) -> None:
    content.fault("mitlearn", faults.too_many("600"))
    with HttpClient(conf()) as client, pytest.raises(SourceUnavailable) as caught:
        ask(client, service(content))
    assert caught.value.retry_after == timedelta(seconds=600)
    with HttpClient(conf()) as another:
        assert reason_of(another, service(content), SourceUnavailable) == Reason.RESTING
        assert len(content.seen) == 1
        other_host = service(content, "mdn")
        assert another.ask(other_host, {"q": "css"}, lambda answer: answer.json["documents"])


def test_nobody_waits_long_for_a_second_try(client: HttpClient, content: ContentServer) -> None:
    content.fault("mitlearn", faults.too_many("11"))
    began = time.monotonic()
    assert reason_of(client, service(content), SourceUnavailable) == Reason.THROTTLED
    assert time.monotonic() - began < 8


def test_a_wait_that_does_not_fit_the_budget_is_not_begun(content: ContentServer) -> None:
    content.fault("mitlearn", faults.too_many("9"))
    began = time.monotonic()
    with HttpClient(conf(network_time=timedelta(seconds=8))) as hasty:
        assert reason_of(hasty, service(content), SourceUnavailable) == Reason.THROTTLED
    assert time.monotonic() - began < 6


def test_a_rest_is_no_longer_than_a_day(client: HttpClient, content: ContentServer) -> None:
    content.fault("mitlearn", faults.too_many("99999999999"))
    reason_of(client, service(content), SourceUnavailable)
    assert 86_000 < answers.rest_of(host(content)) <= 86_400


def test_a_short_rest_is_waited_for(client: HttpClient, content: ContentServer) -> None:
    answers.leave_alone(host(content), 0.5)
    began = time.monotonic()
    ask(client, service(content))
    assert content.seen[0].began - began > 0.4


def test_a_good_answer_may_ask_for_a_pause(client: HttpClient, content: ContentServer) -> None:
    wants_peace = service(content, pause_after=lambda json: 30)
    ask(client, wants_peace)
    assert reason_of(client, wants_peace, SourceUnavailable) == Reason.RESTING


def test_a_host_that_fails_twice_rests_for_everybody(content: ContentServer) -> None:
    content.fail("mitlearn", faults.says(500))
    with HttpClient(conf()) as client:
        for _failure in range(2):
            assert reason_of(client, service(content), SourceUnavailable) == Reason.DOWN
    content.heal()
    with HttpClient(conf()) as another:
        assert reason_of(another, service(content), SourceUnavailable) == Reason.RESTING
    assert len(content.seen) == 2


def test_after_its_rest_a_host_is_asked_and_one_more_failure_is_enough(
    client: HttpClient, content: ContentServer
) -> None:
    content.fail("mitlearn", faults.says(500))
    for _failure in range(2):
        reason_of(client, service(content), SourceUnavailable)
    caches["sources"].clear()  # its rest is over
    assert reason_of(client, service(content), SourceUnavailable) == Reason.DOWN
    assert reason_of(client, service(content), SourceUnavailable) == Reason.RESTING
    caches["sources"].clear()
    content.heal()
    ask(client, service(content))
    content.fault("mitlearn", faults.says(500))
    assert reason_of(client, service(content), SourceUnavailable) == Reason.DOWN
    ask(client, service(content))


def test_refusing_a_question_is_no_failure_of_the_host(
    client: HttpClient, content: ContentServer
) -> None:
    content.fault("mitlearn", *[faults.says(404)] * 5)
    for _refusal in range(5):
        reason_of(client, service(content), SourceRejected)
    ask(client, service(content))


# --- Politeness ----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_host_gets_one_request_at_a_time(client: HttpClient, content: ContentServer) -> None:
    where = service(content)
    content.fail("mitlearn", faults.slowly(0.05, faults.says(200, {"results": []})))
    at_once(*[lambda: ask(client, where)] * 6)
    spans = sorted((seen.began, seen.ended) for seen in content.seen)
    assert len(spans) == 6
    assert all(ended <= began for (_, ended), (began, _) in itertools.pairwise(spans))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("among_workers", [True, False])
def test_another_process_s_turn_is_waited_for_where_sessions_hold_locks(
    content: ContentServer, among_workers: bool
) -> None:
    hasty = conf(network_time=timedelta(seconds=1), turns_among_workers=among_workers)
    lock = "SELECT pg_advisory_lock(hashtextextended('turn at ' || %s, 0))"
    with closing(connections.create_connection("default")) as other, HttpClient(hasty) as client:
        other.cursor().execute(lock, [host(content)])
        if among_workers:
            assert reason_of(client, service(content), SourceUnavailable) == Reason.BUDGET
        else:
            ask(client, service(content))
    assert bool(content.seen) is not among_workers


def test_a_job_that_is_over_holds_no_turn(client: HttpClient, content: ContentServer) -> None:
    """It was interrupted just when it took the turn, and never gave it back."""
    gone = Budget(seconds=60, calls=1)
    left_behind = hosts.turn(host(content), gone)
    left_behind.__enter__()
    gone.end()
    ask(client, service(content))
    assert len(content.seen) == 1


@pytest.mark.django_db(transaction=True)
def test_hosts_are_asked_beside_each_other(client: HttpClient, content: ContentServer) -> None:
    both_are_asked = threading.Barrier(2, timeout=5)

    def answers_when_both_are_asked(handler: Handler) -> None:
        both_are_asked.wait()
        faults.says(200, {"results": []})(handler)

    for name in ("mitlearn", "mdn"):
        content.fault(name, answers_when_both_are_asked)
    there, elsewhere = service(content), service(content, "mdn")
    assert at_once(lambda: ask(client, there), lambda: ask(client, elsewhere)) == [[], []]


def test_sources_are_told_who_asks(content: ContentServer) -> None:
    for contact in ("", "ops@example.org"):
        with HttpClient(conf(contact=contact)) as client:
            ask(client, service(content))
    without, with_contact = (seen.headers["user-agent"] for seen in content.seen)
    assert with_contact.startswith("Reune/")
    assert "(ops@example.org) python-requests/" in with_contact
    assert "(" not in without


def test_nothing_is_remembered_of_what_a_source_sets(
    client: HttpClient, content: ContentServer
) -> None:
    cookie = {"Set-Cookie": "id=1; Path=/"}
    content.fault("mitlearn", faults.says(200, {"results": []}, headers=cookie))
    ask(client, service(content))
    ask(client, service(content))
    assert "cookie" not in content.seen[1].headers


def test_proxies_of_the_environment_are_not_used(
    client: HttpClient, content: ContentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert ask(client, service(content), "queen")
