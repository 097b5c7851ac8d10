"""The client of the language model, against an endpoint on a socket of this machine."""

from __future__ import annotations

import json
import logging
import time
import traceback
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import caches

from learning_paths import answers
from learning_paths.conf import Conf
from learning_paths.exceptions import SourceError, SourceRejected, SourceUnavailable
from learning_paths.llm import LONGEST_TEXT, LanguageModel
from learning_paths.models import CachedAnswer
from learning_paths.request import PathRequest
from learning_paths.sources.base import explain
from learning_paths.stages import advice
from learning_paths.stages.advice import Question
from tests.content import faults
from tests.content.faults import Fault
from tests.learning_paths.topics import make_topic
from tests.llm_server import (
    KEY,
    MODEL,
    LlmServer,
    Model,
    always,
    completion,
    error,
    moody,
    says,
    sensible,
    takes_only,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def llm() -> Iterator[LlmServer]:
    with LlmServer() as llm:
        yield llm


def conf(llm: LlmServer, **changes: Any) -> Conf:
    return Conf(**{**llm.settings, **changes})


def question(num_nodes: int = 15) -> Question:
    request = PathRequest.from_params({"topic": "tea", "language": "en", "num_nodes": num_nodes})
    found = advice.choice(make_topic(), request)
    assert found is not None
    return found


def ask(llm: LlmServer, wanted: Question | None = None, **changes: Any) -> Any:
    with LanguageModel(conf(llm, **changes)) as model:
        return model.ask(wanted or question())


def failure(llm: LlmServer, model: Model, **changes: Any) -> tuple[type[SourceError], str]:
    """What comes of it: the error, and the reason and detail in it."""
    llm.model = model
    with pytest.raises(SourceError) as caught:
        ask(llm, **changes)
    assert KEY not in str(caught.value) + repr(caught.value) + explain(caught.value)
    return type(caught.value), str(caught.value).split(": ")[1]


# --- what is asked -------------------------------------------------------------------------------


def test_the_question_is_asked_by_the_protocol(llm: LlmServer) -> None:
    assert ask(llm)
    [asked] = llm.seen
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.body["model"] == MODEL
    assert asked.body["temperature"] == asked.body["seed"] == 0
    assert asked.body["max_tokens"] == 4000
    assert asked.body["response_format"]["json_schema"]["strict"] is True
    assert asked.body["response_format"]["json_schema"]["schema"] == question().schema
    assert "JSON" in asked.rules, "or json_object is refused"


def test_a_base_url_may_end_in_a_slash(llm: LlmServer) -> None:
    ask(llm, llm_url=f"{llm.url}/")
    assert llm.seen[0].path == "/v1/chat/completions"


def test_without_a_key_none_is_sent(llm: LlmServer) -> None:
    ask(llm, llm_key="")
    assert "authorization" not in llm.seen[0].headers


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(
    ("taken", "tried"),
    [
        ("json_schema", ["json_schema"]),
        ("json_object", ["json_schema", "json_object"]),
        ("plain", ["json_schema", "json_object", "plain"]),
    ],
)
def test_an_endpoint_is_asked_in_the_form_it_takes_and_that_is_remembered(
    llm: LlmServer, taken: str, tried: list[str], status: int
) -> None:
    llm.model = takes_only(taken, status=status)
    assert ask(llm)
    assert [asked.form for asked in llm.seen] == tried
    assert ask(llm, question(16))
    assert [asked.form for asked in llm.seen] == [*tried, taken]


def test_the_plainest_form_has_nothing_that_could_be_refused(llm: LlmServer) -> None:
    llm.model = takes_only("plain")
    ask(llm)
    assert llm.seen[-1].body.keys() == {"model", "messages", "stream"}


def test_an_endpoint_that_takes_no_form_refuses(llm: LlmServer) -> None:
    assert failure(llm, always(error(400))) == (SourceRejected, "refused (400)")
    assert len(llm.seen) == 3


# --- what is taken -------------------------------------------------------------------------------


def test_the_same_question_has_the_same_answer_and_is_asked_once(llm: LlmServer) -> None:
    llm.model = moody
    assert ask(llm) == ask(llm) == ask(llm, llm_key="another")
    assert len(llm.seen) == 1


@pytest.mark.parametrize("changes", [{"llm_model": "other"}, {"wanted": question(16)}])
def test_another_model_or_question_is_asked(llm: LlmServer, changes: dict[str, Any]) -> None:
    ask(llm)
    ask(llm, **changes)
    assert len(llm.seen) == 2


def test_a_kept_answer_that_would_not_be_taken_today_is_asked_for_again(
    llm: LlmServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with LanguageModel(conf(llm)) as model:
        model.ask(question())
        for row in CachedAnswer.objects.all():
            key = row.cache_key.rsplit(":", 1)[1]
            answers.keep(key, answers.Kept.of(b'{"chosen": [99]}', ""))
        assert model.ask(question())
    assert len(llm.seen) == 2
    assert "llm_answer_outdated question=choice code=unknown_number" in caplog.text


@pytest.mark.parametrize(
    "wrap",
    [
        "%s",
        "\n  %s \n",
        "```json\n%s\n```",
        "```\n%s\n```\n",
        "<think>\n{Which} ones?\n</think>\n\n%s",
    ],
)
def test_habits_of_models_are_forgiven(llm: LlmServer, wrap: str) -> None:
    llm.model = lambda asked: completion(wrap % json.dumps({"chosen": asked.numbers}))
    assert len(ask(llm)) == 4


NOT_ANSWERS: dict[str, tuple[Fault, str]] = {
    "prose": (completion("I would take 1 and 2."), "not_json"),
    "prose around": (completion('Sure! {"chosen": [1, 2, 3, 4]}'), "not_json"),
    "two objects": (completion('{"chosen": [1, 2, 3, 4]} {"chosen": [2, 1]}'), "not_json"),
    "a name twice": (completion('{"chosen": [1, 2, 3, 4], "chosen": [3, 4]}'), "not_json"),
    "no number": (completion('{"chosen": [1, NaN]}'), "not_json"),
    "cut": (completion('{"chosen": [1, 2'), "not_json"),
    "nested": (completion("[" * 19_000), "not_json"),
    "empty": (completion(""), "not_json"),
    "another shape": (completion({"ids": [1, 2, 3, 4]}), "shape"),
    "something more": (completion({"chosen": [1, 2, 3, 4], "url": "https://x.example"}), "shape"),
    "a list": (completion([1, 2, 3, 4]), "shape"),
    "a text": (completion({"chosen": "1, 2"}), "shape"),
    "a null": (completion({"chosen": None}), "shape"),
    "texts": (completion({"chosen": ["1", "2", "3", "4"]}), "shape"),
    "titles": (completion({"chosen": ["Tea", "Pot"]}), "shape"),
    "booleans": (completion({"chosen": [True, 2, 3, 4]}), "shape"),
    "fractions": (completion('{"chosen": [1.0, 2.0, 3.0, 4.0]}'), "shape"),
    "objects": (completion({"chosen": [{"number": 1}, {"number": 2}]}), "shape"),
    "zero": (completion({"chosen": [0, 1, 2, 3]}), "unknown_number"),
    "negative": (completion({"chosen": [-1, 1, 2, 3]}), "unknown_number"),
    "too high": (completion({"chosen": [1, 2, 3, 10_000]}), "unknown_number"),
    "twice": (completion({"chosen": [1, 2, 3, 1]}), "duplicate"),
    "none": (completion({"chosen": []}), "too_few"),
    "too many": (completion({"chosen": [*range(1, 60)]}), "too_many"),
    "huge number": (completion('{"chosen": [1, 1%s]}' % ("0" * 5000)), "not_json"),
    "long": (completion('{"chosen": [1, 2, 3, 4]}' + " " * LONGEST_TEXT), "too_long"),
    "truncated": (completion({"chosen": [1, 2, 3, 4]}, finish="length"), "truncated"),
    "filtered": (completion({"chosen": [1, 2, 3, 4]}, finish="content_filter"), "refusal"),
    "refusal": (completion(None, refusal="I cannot help with that."), "refusal"),
    "no text": (completion(None), "no_text"),
    "a call": (completion(None, finish="tool_calls", tool_calls=[{"id": "1"}]), "no_text"),
    "no choices": (faults.says(200, {"choices": []}), "no_completion"),
    "no message": (faults.says(200, {"choices": [{}]}), "no_completion"),
    "an error as 200": (faults.says(200, {"error": {"message": KEY}}), "no_completion"),
    "html": (faults.says(200), "no_completion"),
    "half": (faults.ends_early, "no_completion"),
    "deep": (faults.nested_deeply, "no_completion"),
}


@pytest.mark.parametrize(("fault", "code"), NOT_ANSWERS.values(), ids=NOT_ANSWERS.keys())
def test_what_is_no_answer_is_not_taken_and_not_kept(
    llm: LlmServer, fault: Fault, code: str
) -> None:
    assert failure(llm, always(fault)) == (SourceUnavailable, f"unreadable ({code})")
    assert len(llm.seen) == 1
    llm.model = sensible
    assert ask(llm)
    assert len(llm.seen) == 2


FAILURES: dict[str, tuple[Fault, str]] = {
    "key refused": (error(401), "refused (401)"),
    "forbidden": (error(403), "refused (403)"),
    "no such model": (error(404), "refused (404)"),
    "no content": (faults.says(204, b""), "refused (204)"),
    "throttled": (faults.too_many(), "throttled (429)"),
    "throttled for long": (faults.too_many("600"), "throttled (429)"),
    "broken": (error(500), "down (500)"),
    "gateway": (faults.says(502), "down (502)"),
    "unavailable": (faults.says(503), "down (503)"),
    "silent": (faults.never_answers, "slow"),
    "dripping": (faults.drips, "slow"),
    "hangs up": (faults.hangs_up, "down"),
    "breaks off": (faults.breaks_off, "down"),
    "no http": (faults.speaks_no_http, "down"),
    "endless": (faults.never_ends, "too_large"),
    "large": (faults.says(200, {"choices": ["x" * 250_000]}), "too_large"),
    "bomb": (faults.unpacks_to_much, "too_large"),
    "redirect": (faults.redirects_to("https://elsewhere.example/v1"), "unsafe (302)"),
}


@pytest.mark.parametrize(("fault", "told"), FAILURES.values(), ids=FAILURES.keys())
def test_every_failure_is_one_of_two_errors_within_its_time(
    llm: LlmServer, fault: Fault, told: str
) -> None:
    hasty = {"llm_timeout": timedelta(seconds=0.4)} if told == "slow" else {}
    began = time.monotonic()
    _kind, said = failure(llm, always(fault), **hasty)
    assert said == told or said.startswith(f"{told} (")
    assert time.monotonic() - began < 5
    assert len(llm.seen) == 1, "nothing is tried again"


def test_nobody_there_is_a_failure(llm: LlmServer) -> None:
    with LlmServer() as gone:
        url = gone.url
    assert failure(llm, sensible, llm_url=url)[1].startswith("down")


# --- where it goes -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("path", ["/v1/elsewhere", "/v1/chat/completions"])
def test_no_redirect_is_followed_not_even_home(llm: LlmServer, status: int, path: str) -> None:
    target = llm.url.removesuffix("/v1") + path
    assert failure(llm, always(faults.redirects_to(target, status)))[1] == f"unsafe ({status})"
    assert len(llm.seen) == 1


def test_the_key_goes_to_no_other_host(llm: LlmServer) -> None:
    with LlmServer() as other:
        failure(llm, always(faults.redirects_to(f"{other.url}/chat/completions", 307)))
        assert not other.seen


def test_proxies_of_the_environment_are_not_used(
    llm: LlmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert ask(llm)


@pytest.mark.parametrize("fault", [completion("x"), error(401), error(500), faults.hangs_up])
def test_the_key_and_the_models_words_stand_nowhere(
    llm: LlmServer, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert ask(llm)
    failure(llm, always(fault), llm_model="other")
    rows = json.dumps([*CachedAnswer.objects.values_list("cache_key", "value")])
    said = "".join(record.getMessage() for record in caplog.records)
    for secret in (KEY, "Incorrect API key"):
        assert secret not in rows + said + repr(conf(llm))


@pytest.mark.parametrize("key", ["line\nbreak", "snow☃"])
def test_a_key_that_no_header_holds_is_not_in_the_error(llm: LlmServer, key: str) -> None:
    with pytest.raises(SourceError) as caught:
        ask(llm, llm_key=f"{KEY}{key}")
    told = "".join(traceback.format_exception(caught.value))
    assert KEY not in told


# --- what it may cost ----------------------------------------------------------------------------


def test_a_job_asks_only_so_often(llm: LlmServer) -> None:
    with LanguageModel(conf(llm, llm_calls=2)) as model:
        model.ask(question(15))
        model.ask(question(16))
        with pytest.raises(SourceUnavailable, match="budget"):
            model.ask(question(17))
    assert len(llm.seen) == 2


def test_a_job_waits_only_so_long(llm: LlmServer) -> None:
    llm.model = always(faults.never_answers)
    generous = {"llm_timeout": timedelta(seconds=30), "llm_time": timedelta(seconds=0.5)}
    began = time.monotonic()
    with LanguageModel(conf(llm, **generous)) as model:
        for number in (15, 16):
            with pytest.raises(SourceUnavailable):
                model.ask(question(number))
    assert time.monotonic() - began < 2
    assert len(llm.seen) == 1


def test_an_answer_may_take_longer_than_a_source_s(llm: LlmServer) -> None:
    llm.model = lambda asked: faults.slowly(0.5, sensible(asked))
    hasty = {"read_timeout": timedelta(seconds=0.1), "llm_timeout": timedelta(seconds=5)}
    assert ask(llm, **hasty)


def test_an_endpoint_that_fails_twice_rests_for_everybody(llm: LlmServer) -> None:
    for _failure in range(2):
        failure(llm, always(error(500)))
    assert failure(llm, sensible)[1] == "resting"
    assert len(llm.seen) == 2
    caches["sources"].clear()  # the rest is over
    assert ask(llm)


def test_words_of_no_use_are_no_failure_of_the_endpoint(llm: LlmServer) -> None:
    for _failure in range(3):
        assert failure(llm, says("no"))[1] == "unreadable (not_json)"
