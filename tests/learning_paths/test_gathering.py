"""Paths on topics that the catalogue does not have, from sources on sockets of this machine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation
from pytest_django import Settings

from learning_paths import pipeline
from learning_paths.exceptions import UnknownTopic
from learning_paths.models import CachedAnswer
from learning_paths.request import PathRequest
from learning_paths.sources.registry import all_sources
from learning_paths.stages.values import SOURCE_FAILED
from tests.content import faults
from tests.content.corpus import corpus
from tests.content.server import ContentServer
from tests.learning_paths.paths import validator
from tests.learning_paths.test_pipeline import Steps, Stopped

pytestmark = pytest.mark.django_db(transaction=True)

TOPICS = [
    ("apicultura", "pt"),
    ("apicultura", "es"),
    ("beekeeping", "en"),
    ("typography", "en"),
    ("tipografia", "pt"),
    ("tipografía", "es"),
    ("vulcanología", "es"),
    ("volcanology", "en"),
    ("vulcanologia", "pt"),
]


@pytest.fixture
def web(content: ContentServer, settings: Settings) -> Iterator[ContentServer]:
    settings.REUNE_LEARNING_PATHS = {
        "contact": "operator@example.org",
        "source_urls": content.urls,
        "source_keys": {"youtube": "key"},
    }
    return content


@pytest.fixture
def hasty(web: ContentServer, settings: Settings) -> ContentServer:
    """The same, with what fails failing soon."""
    settings.REUNE_LEARNING_PATHS |= {
        "source_urls": web.urls,
        "retry_pause": timedelta(seconds=0.01),
        "largest_answer": 1_000_000,
    }
    return web


def request(topic: str = "volcanology", language: str = "en", **params: Any) -> PathRequest:
    return PathRequest.from_params({"topic": topic, "language": language} | params)


def generate(wanted: PathRequest, task: Steps | None = None) -> dict[str, Any]:
    with translation.override(wanted.language):
        return dict(pipeline.generate(task or Steps(), wanted))


def noise(language: str) -> list[str]:
    """The persons, years, places, lists and associations that the articles on topics link to."""
    return [title for topic in corpus().topics[language] for title, _ in topic["noise"]]


@pytest.mark.parametrize(
    ("topic", "language", "num_nodes"),
    [(*topic, (10, 15, 30)[place % 3]) for place, topic in enumerate(TOPICS)],
)
def test_a_path_keeps_all_it_promises(
    web: ContentServer, topic: str, language: str, num_nodes: int
) -> None:
    document = generate(request(topic, language, num_nodes=num_nodes))
    validator.validate(document)
    assert document["generator"]["mode"] == "wiki"
    assert len(document["nodes"]) == num_nodes
    nodes = document["nodes"].values()
    assert len({node["title"] for node in nodes}) == num_nodes
    assert not {node["title"] for node in nodes} & set(noise(language))
    assert sum(bool(node["resources"]) for node in nodes) >= 0.9 * min(num_nodes, 15)
    assert sum(bool(node["quiz"]) for node in nodes) >= 0.7 * num_nodes
    assert all(node["exerciseSet"] for node in nodes if node["parentId"])
    assert document["stats"]["height"] <= 7


def test_the_same_answers_make_the_same_bytes(web: ContentServer) -> None:
    first, second = (json.dumps(generate(request())) for _ in range(2))
    assert first == second


def test_texts_from_wikipedia_carry_their_licence_and_their_authors(web: ContentServer) -> None:
    document = generate(request())
    credited = {one["url"]: one for one in document["attribution"]}
    for node in document["nodes"].values():
        for question in node["quiz"]["questions"] if node["quiz"] else ():
            assert question["source"]["license"] == "CC BY-SA 4.0"
            assert credited[question["source"]["url"]]["author"] == "Wikipedia contributors"


def test_what_comes_before_is_said_with_its_evidence(web: ContentServer) -> None:
    nodes = generate(request())["nodes"]
    by_title = {node["title"]: node for node in nodes.values()}
    volcano = by_title["Volcano"]
    before = {nodes[one["id"]]["title"]: one for one in volcano["prerequisiteReasons"]}
    assert before["Magma"]["evidence"] == "definition"
    assert "volcano" in before["Magma"]["reason"]


@pytest.mark.parametrize("step", ["article", "leads", "found", "outline", "quizzes"])
def test_a_resumed_path_does_not_ask_again(web: ContentServer, step: str) -> None:
    whole = generate(request())
    dying = Steps(dies_after=step)
    with pytest.raises(Stopped):
        generate(request(), dying)
    resumed = Steps(dying.kept)
    assert generate(request(), resumed) == whole
    assert not set(resumed.computed) & set(dying.computed)


FAULTS = {
    "500": faults.says(500),
    "404": faults.says(404),
    "HTML with 200": faults.says(200),
    "429": faults.too_many(),
    "429 for a minute": faults.too_many("60"),
    "silence": faults.never_answers,
    "drips": faults.drips,
    "breaks off": faults.breaks_off,
    "ends early": faults.ends_early,
    "hangs up": faults.hangs_up,
    "no HTTP": faults.speaks_no_http,
    "a loop": faults.redirects_to_itself,
    "into the house": faults.redirects_to("http://127.0.0.1:1/"),
    "a flood": faults.never_ends,
    "a bomb": faults.unpacks_to_much,
    "nested": faults.nested_deeply,
}
#: What has to be waited for; everything else may take its time on a busy machine.
WAITS = {
    "silence": {"read_timeout": timedelta(seconds=1)},
    "drips": {"network_time": timedelta(seconds=2)},
}


def told_of(document: dict[str, Any]) -> list[str]:
    return [one["message"] for one in document["diagnostics"] if one["code"] == SOURCE_FAILED]


@pytest.mark.parametrize(
    "name", ["500", "HTML with 200", "429 for a minute", "silence", "breaks off", "a bomb"]
)
def test_whatever_the_other_sources_do_there_is_a_path_that_names_them(
    hasty: ContentServer, settings: Settings, name: str
) -> None:
    settings.REUNE_LEARNING_PATHS |= WAITS.get(name, {})
    others = [service for service in hasty.urls if service not in ("wikipedia", "mdn")]
    for service in others:
        hasty.fail(service, FAULTS[name])
    task = Steps()
    document = generate(request(), task)
    validator.validate(document)
    told = told_of(document)
    assert len(told) == len(others), told
    assert set(told) <= set(task.said)


@pytest.mark.parametrize("number", range(4))
def test_errors_in_the_sources_own_words_are_told_as_well(
    hasty: ContentServer, number: int
) -> None:
    own: dict[str, list[faults.Shape]] = {}
    for shape in faults.SHAPES:
        if shape.service not in ("wikipedia", "mdn"):  # mdn is not asked about volcanoes
            own.setdefault(shape.service, []).append(shape)
    shapes = [shapes[number] for shapes in own.values() if number < len(shapes)]
    for shape in shapes:
        hasty.fail(shape.service, shape.fault)
    told = told_of(generate(request()))
    titles = {source.name: source.title for source in all_sources()}
    for shape in shapes:
        assert any(titles[shape.service] in message for message in told), (shape, told)
    assert len(told) == len(shapes)


@pytest.mark.parametrize("name", FAULTS)
def test_whatever_wikipedia_does_the_failure_is_a_sentence(
    hasty: ContentServer, settings: Settings, name: str
) -> None:
    settings.REUNE_LEARNING_PATHS |= WAITS.get(name, {})
    hasty.fail("wikipedia", FAULTS[name])
    with pytest.raises(UnknownTopic, match=r"volcanology.*Wikipedia.*nearest topics"):
        generate(request())


def test_wikipedia_s_failure_midway_makes_the_path_poorer_or_is_a_sentence(
    hasty: ContentServer,
) -> None:
    """The search and the article are answered, then one question more each time."""
    outcomes = []
    for answered in range(2, 7):
        CachedAnswer.objects.all().delete()
        hasty.seen.clear()
        hasty.fault("wikipedia", *[None] * answered)
        hasty.fail("wikipedia", faults.says(404))
        try:
            document = generate(request())
        except UnknownTopic as error:
            outcomes.append(str(error))
        else:
            validator.validate(document)
            outcomes += told_of(document)
        hasty.heal()
    assert all("Wikipedia refused the question." in outcome for outcome in outcomes)
    assert {outcome == "Wikipedia refused the question." for outcome in outcomes} == {True, False}


def test_without_wikipedia_the_reason_and_the_nearest_topics_are_told_in_time(
    web: ContentServer,
) -> None:
    for service in web.urls:
        web.fail(service, faults.says(503))
    began = time.monotonic()
    with pytest.raises(UnknownTopic, match=r"volcanology.*Wikipedia.*nearest topics"):
        generate(request())
    assert time.monotonic() - began < 40


def test_without_a_contact_the_failure_says_what_to_set(settings: Settings) -> None:
    settings.REUNE_LEARNING_PATHS = {}
    with pytest.raises(UnknownTopic, match=r"REUNE_CONTACT=you@example\.org"):
        generate(request())


def test_a_topic_nobody_knows_fails_and_says_so(web: ContentServer) -> None:
    with pytest.raises(UnknownTopic, match="no article on “qwertyuiop zxcv”"):
        generate(request("qwertyuiop zxcv"))


def test_another_name_of_the_topic_leads_to_it(web: ContentServer) -> None:
    assert generate(request("criação de abelhas", "pt"))["topic"] == "Apicultura"
    assert [one for one in web.asked("wikipedia") if "srsearch" in one.params] == []


def test_of_a_word_with_several_meanings_the_chosen_one_and_others_are_told(
    web: ContentServer,
) -> None:
    task = Steps()
    document = generate(request("Super"), task)
    told = next(o for o in document["diagnostics"] if o["code"] == "topic_is_ambiguous")["message"]
    assert "about “Super (hive)”; there are also: Beehive." in told
    assert told in task.said


def test_too_little_material_says_what_it_was_looked_for_under(web: ContentServer) -> None:
    with pytest.raises(UnknownTopic, match="too little material on “Point”"):
        generate(request("Point"))


def test_what_there_is_not_enough_of_is_said_with_how_much_there_is(web: ContentServer) -> None:
    with pytest.raises(UnknownTopic, match=r"“Honey” for 14 nodes. Ask for num_nodes=14"):
        generate(request("honey"))
    assert len(generate(request("honey", num_nodes=14))["nodes"]) == 14


def test_a_catalogue_topic_asks_nobody(web: ContentServer) -> None:
    generate(request("python"))
    assert not web.seen
