"""One contract, run over every source there is: adding a source adds its line in QUERIES."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import caches
from django.utils import translation

from learning_paths.catalogue.topic import LANGUAGES
from learning_paths.conf import Conf
from learning_paths.exceptions import Reason, SourceError, SourceRejected, SourceUnavailable
from learning_paths.http import HttpClient
from learning_paths.sources.base import (
    Query,
    Resource,
    Source,
    explain,
    explain_not_set_up,
)
from learning_paths.sources.registry import (
    all_sources,
    missing_sources,
    open_sources,
    wanted_sources,
)
from tests.content import faults, spoiling
from tests.content.server import ContentServer
from tests.content.services import SERVICES

pytestmark = pytest.mark.django_db

KEYS = {"youtube": "s3cr3t", "stackexchange": "s3cr3t"}
NOTHING = "qwertzuiop"

#: What each source is asked, and finds.
QUERIES = {
    "mdn": Query("font-family", "en", topic="CSS"),
    "mitlearn": Query("honey", "en", topic="beekeeping"),
    "openlibrary": Query("beekeeping", "en", topic="Beekeeping"),
    "searxng": Query("honey", "en", topic="beekeeping"),
    "stackexchange": Query("honey", "en", topic="beekeeping"),
    "wikibooks": Query("beekeeping", "en", topic="Beekeeping"),
    "wikidata": Query("honey", "en"),
    "wikipedia": Query("honey", "en", topic="beekeeping"),
    "wikiversity": Query("beekeeping", "en", topic="Beekeeping"),
    "youtube": Query("honey", "en", topic="beekeeping"),
}

every_source = pytest.mark.parametrize(
    "kind", all_sources(), ids=[source.name for source in all_sources()]
)


@pytest.fixture
def conf(content: ContentServer) -> Conf:
    return Conf(
        contact="ops@example.org",
        source_urls=content.urls,
        source_keys=KEYS,
        retry_pause=timedelta(seconds=0.01),
        network_time=timedelta(seconds=20),
        network_calls=100_000,
    )


@pytest.fixture
def client(conf: Conf) -> Iterator[HttpClient]:
    with HttpClient(conf) as client:
        yield client


@pytest.fixture
def source(kind: type[Source], client: HttpClient, conf: Conf) -> Source:
    return kind(client, conf)


def search(source: Source, **changes: Any) -> list[Resource]:
    query = QUERIES[source.name]
    return [*source.search(Query(**{**asdict(query), **changes}))]


def error_of(source: Source, **changes: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        search(source, **changes)
    assert caught.value.source == source.title
    return caught.value


def test_the_server_of_the_tests_speaks_for_every_source() -> None:
    names = [source.name for source in all_sources()]
    assert [*QUERIES] == names == sorted(SERVICES)


@every_source
def test_a_source_gives_pages_with_all_that_must_be_said_of_them(source: Source) -> None:
    found = search(source)
    assert found
    for page in found:
        assert page.key
        assert page.title
        assert page.url.startswith("https://")
        assert page.language in ("en", "")
        assert page.provenance.source == source.name
        assert page.provenance.title == source.title
        assert page.provenance.attribution
        assert len(page.provenance.retrieved_on) == 10
        assert page.minutes is None or page.minutes > 0
        for text in (page.title, page.description, page.author or ""):
            assert not set("<>") & set(text)
            assert "&amp;" not in text
            assert "&#39;" not in text
    assert len({page.key for page in found}) == len(found)


@every_source
def test_no_more_is_given_than_was_asked_for(source: Source) -> None:
    assert len(search(source, limit=1)) == 1


@every_source
def test_the_same_question_has_the_same_answer(source: Source, client: HttpClient) -> None:
    assert search(source) == search(source)


@every_source
def test_nothing_found_is_empty(source: Source) -> None:
    assert search(source, text=NOTHING, topic=NOTHING if source.name != "mdn" else "CSS") == []


@every_source
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_source_has_pages_of_its_languages_and_is_not_asked_for_others(
    source: Source, content: ContentServer, language: str
) -> None:
    topic = "CSS" if source.name == "mdn" else ""
    word = {"pt": "mel", "en": "honey", "es": "miel"}[language]
    text = "font-family" if source.name == "mdn" else word
    if source.name in ("openlibrary", "wikibooks", "wikiversity"):
        text = "Beekeeping" if language == "en" else "Apicultura"
    category = "technology" if source.name == "stackexchange" else ""
    found = search(source, text=text, topic=topic, category=category, language=language)
    if language in source.languages:
        assert found
        assert {page.language for page in found} <= {language, ""}
    else:
        assert not found
        assert not content.seen


@every_source
@pytest.mark.parametrize(
    "text", ["", "   ", '"', "a|b", 'x" OR insource:/.*/', "\0\ud800", "C++", "é" * 500]
)
def test_any_question_can_be_asked(source: Source, text: str) -> None:
    search(source, text=text, topic=text)


# --- Failures ------------------------------------------------------------------------------------


@every_source
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (faults.says(500), Reason.DOWN),
        (faults.says(503), Reason.DOWN),
        (faults.too_many("60"), Reason.THROTTLED),
        (faults.breaks_off, Reason.DOWN),
        (faults.hangs_up, Reason.DOWN),
        (faults.ends_early, Reason.UNREADABLE),
        (faults.nested_deeply, Reason.UNREADABLE),
        (faults.says(200), Reason.UNREADABLE),
        (faults.says(200, []), Reason.UNREADABLE),
        (faults.says(200, {}), Reason.UNREADABLE),
        (faults.says(200, b"null"), Reason.UNREADABLE),
        (faults.redirects_to_itself, Reason.DOWN),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_failure_that_may_pass_is_unavailable(
    source: Source, content: ContentServer, fault: faults.Fault, reason: Reason
) -> None:
    content.fail(source.name, fault)
    error = error_of(source)
    assert type(error) is SourceUnavailable
    assert error.reason == reason


@every_source
def test_silence_is_unavailable_too(kind: type[Source], conf: Conf, content: ContentServer) -> None:
    content.fail(kind.name, faults.never_answers)
    hasty = replace(conf, read_timeout=timedelta(seconds=0.3))
    with HttpClient(hasty) as client:
        error = error_of(kind(client, hasty))
    assert type(error) is SourceUnavailable
    assert error.reason == Reason.SLOW


@every_source
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (faults.says(404), Reason.REFUSED),
        (faults.never_ends, Reason.TOO_LARGE),
        (faults.redirects_to("http://127.0.0.1:1/"), Reason.UNSAFE),
    ],
    ids=["404", "never_ends", "redirect"],
)
def test_a_failure_that_lasts_is_a_rejection(
    source: Source, content: ContentServer, fault: faults.Fault, reason: Reason
) -> None:
    content.fail(source.name, fault)
    error = error_of(source)
    assert type(error) is SourceRejected
    assert error.reason == reason


@pytest.mark.parametrize("shape", faults.SHAPES, ids=lambda shape: f"{shape.service}-{shape.name}")
def test_the_errors_of_its_own_are_understood(
    shape: faults.Shape, client: HttpClient, conf: Conf, content: ContentServer
) -> None:
    content.fail(shape.service, shape.fault)
    error = error_of(open_sources(client, conf)[shape.service])
    assert error.reason == shape.reason
    assert isinstance(error, SourceRejected if shape.reason == "refused" else SourceUnavailable)


@every_source
def test_a_source_that_is_down_leaves_the_others_alone(
    source: Source, client: HttpClient, conf: Conf, content: ContentServer
) -> None:
    content.fail(source.name, faults.says(500))
    for _failure in range(3):
        error_of(source)
    others = open_sources(client, conf).values()
    assert all(search(other) for other in others if other.name != source.name)


@every_source
def test_an_answer_of_any_shape_is_read_or_unavailable(
    kind: type[Source], conf: Conf, content: ContentServer
) -> None:
    def ask() -> list[Resource]:
        caches["sources"].clear()
        with HttpClient(conf) as client:
            found = search(kind(client, conf), limit=2)
        json.dumps([*map(asdict, found)], allow_nan=False).encode()
        return found

    assert spoiling.check(content, kind.name, ask) > 50


# --- What is set up ------------------------------------------------------------------------------


@every_source
def test_a_source_without_its_setting_stays_off_and_says_so(kind: type[Source]) -> None:
    is_off = kind in missing_sources(Conf())
    assert is_off == bool(kind.needs)
    assert is_off != kind.is_set_up(Conf())
    if is_off:
        for language in LANGUAGES:
            with translation.override(language):
                assert kind.needs in explain_not_set_up(kind)
                assert kind.title in explain_not_set_up(kind)


def test_an_operator_chooses_the_sources(client: HttpClient) -> None:
    conf = Conf(contact="ops@example.org", sources=("mdn", "wikipedia"))
    assert [source.name for source in wanted_sources(conf)] == ["mdn", "wikipedia"]
    assert [*open_sources(client, conf)] == ["mdn", "wikipedia"]
    assert not missing_sources(conf)
    assert not open_sources(client, Conf(sources=()))


@pytest.mark.parametrize("reason", Reason)
def test_every_failure_has_a_sentence(reason: Reason) -> None:
    assert explain(SourceUnavailable("Wikipedia", reason)).startswith("Wikipedia ")


@every_source
def test_a_key_is_sent_to_its_source_alone(source: Source, content: ContentServer) -> None:
    search(source)
    keys = {seen.params.get("key") for seen in content.seen}
    assert keys == ({"s3cr3t"} if source.name in KEYS else {None})
