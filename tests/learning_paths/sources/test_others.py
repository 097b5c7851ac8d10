"""What is particular to one source; what all have in common is in test_contract.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches

from learning_paths.conf import Conf
from learning_paths.exceptions import Reason, SourceUnavailable
from learning_paths.http import HttpClient
from learning_paths.sources.base import Query, Source
from learning_paths.sources.mdn import Mdn
from learning_paths.sources.mitlearn import MitLearn
from learning_paths.sources.openlibrary import OpenLibrary
from learning_paths.sources.reading import minutes_of, plain, query_text, read_each, web_url
from learning_paths.sources.searxng import SearXng
from learning_paths.sources.stackexchange import StackExchange, site_of
from learning_paths.sources.wikidata import Wikidata
from learning_paths.sources.youtube import YouTube
from tests.content import faults, spoiling
from tests.content.corpus import corpus
from tests.content.server import ContentServer


@pytest.fixture
def conf(content: ContentServer) -> Conf:
    keys = {"youtube": "k", "stackexchange": "k"}
    return Conf(contact="a@b.example", source_urls=content.urls, source_keys=keys)


@pytest.fixture
def client(conf: Conf) -> Iterator[HttpClient]:
    with HttpClient(conf) as client:
        yield client


def search(kind: type[Source], client: HttpClient, conf: Conf, *query: Any, **more: Any) -> Any:
    return kind(client, conf).search(Query(*query, **more))


# --- Wikidata ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_items_have_names_in_every_language_and_their_relations(
    client: HttpClient, conf: Conf, content: ContentServer
) -> None:
    comb, topic = (
        page.qid
        for title in ("Honeycomb", "Beekeeping")
        for page in [corpus().wikis["wikipedia", "en"].find(title)]
        if page
    )
    found = Wikidata(client, conf).entities([comb, "Q999", comb])
    assert [*found] == [comb]
    entity = found[comb]
    assert entity.labels == {"pt": "Favo de mel", "en": "Honeycomb", "es": "Panal"}
    assert entity.aliases["pt"] == ("Favo",)
    assert entity.sitelinks["ptwiki"] == "Favo de mel"
    assert entity.part_of == (topic,)
    assert entity.subclass_of == (), "an unknown value is none"
    assert len(content.seen) == 1


@pytest.mark.django_db
def test_one_person_place_or_association_is_told_from_sorts_of_things(
    client: HttpClient, conf: Conf
) -> None:
    titles = ["François Huber", "Slovenia", "International Bee Research Association", "Honey"]
    qids = [page.qid for page in corpus().wikis["wikipedia", "en"].pages if page.title in titles]
    found = Wikidata(client, conf).entities(qids, ["en"]).values()
    assert {one.labels["en"]: one.is_individual for one in found} == {
        **dict.fromkeys(titles, True),
        "Honey": False,
    }


@pytest.mark.django_db
def test_items_are_asked_for_by_fifties(
    client: HttpClient, conf: Conf, content: ContentServer
) -> None:
    qids = sorted({page.qid for page in corpus().pages() if page.qid})[:120]
    assert len(Wikidata(client, conf).entities(qids)) == 120
    assert [len(seen.params["ids"].split("|")) for seen in content.seen] == [50, 50, 20]


@pytest.mark.django_db
def test_an_item_of_any_shape_is_read_or_unavailable(content: ContentServer, conf: Conf) -> None:
    page = corpus().wikis["wikipedia", "en"].find("Honeycomb")
    assert page

    def ask() -> Any:
        caches["sources"].clear()
        with HttpClient(conf) as client:
            return Wikidata(client, conf).entities([page.qid])

    assert spoiling.check(content, "wikidata", ask) > 300


# --- Books, questions, courses -------------------------------------------------------------------


@pytest.mark.django_db
def test_books_are_asked_for_in_the_language_and_tell_whether_they_are_free(
    client: HttpClient, conf: Conf, content: ContentServer
) -> None:
    books = search(OpenLibrary, client, conf, "apicultura", "pt")
    assert content.seen[0].params["language"] == "por"
    assert {book.title: book.is_free for book in books} == {
        "Apicultura sem pressa": True,
        "O caderno do apicultor: apicultura mês a mês": True,
        "Apicultura no quintal": False,
    }
    assert books[1].author == "José Brandão"
    assert books[1].description == "José Brandão, 1931"
    assert books[1].thumbnail == "https://covers.openlibrary.org/b/id/4001-M.jpg"


@pytest.mark.parametrize(
    ("query", "site"),
    [
        (Query("drone", "en", topic="beekeeping"), "gardening"),
        (Query("kerning", "en", topic="typography"), "graphicdesign"),
        (Query("magma", "en", topic="volcanology"), "earthscience"),
        (Query("lists", "en", topic="Python"), "stackoverflow"),
        (Query("recursion", "en", topic="logic", category="technology"), "stackoverflow"),
        (Query("limits", "en", topic="series", category="maths"), "math"),
        (Query("listas", "pt", topic="Python"), "pt.stackoverflow"),
        (Query("listas", "es", topic="bases de datos", category="technology"), "es.stackoverflow"),
        (Query("mel", "pt", topic="apicultura"), None),
        (Query("Aphrodite", "en", topic="sculpture"), None),
    ],
    ids=lambda value: f"{value.topic}-{value.language}" if isinstance(value, Query) else value,
)
def test_a_question_goes_to_the_site_of_its_subject(query: Query, site: str | None) -> None:
    assert site_of(query) == site


@pytest.mark.django_db
def test_questions_have_their_own_licence_and_votes(
    client: HttpClient, conf: Conf, content: ContentServer
) -> None:
    item = {
        "question_id": 7, "link": "https://x.stackexchange.com/q/7", "title": "I can&#39;t",
        "score": -2, "content_license": "CC BY-SA 3.0", "owner": {"user_type": "does_not_exist"},
    }  # fmt: skip
    content.fault("stackexchange", faults.says(200, {"items": [item], "has_more": False}))
    (found,) = search(StackExchange, client, conf, "honey", "en", topic="garden")
    assert (found.title, found.votes, found.author) == ("I can't", -2, None)
    assert found.provenance.license == "CC BY-SA 3.0"


@pytest.mark.django_db
def test_stack_exchange_is_left_alone_as_long_as_it_says(
    client: HttpClient, conf: Conf, content: ContentServer
) -> None:
    content.fault("stackexchange", faults.says(200, {"items": [], "backoff": 30}))
    search(StackExchange, client, conf, "honey", "en", topic="garden")
    with pytest.raises(SourceUnavailable) as caught:
        search(StackExchange, client, conf, "wax", "en", topic="garden")
    assert caught.value.reason == Reason.RESTING


@pytest.mark.django_db
def test_the_time_to_wait_is_read_in_the_prose_of_stack_exchange(
    client: HttpClient, conf: Conf, content: ContentServer
) -> None:
    shape = next(one for one in faults.SHAPES if one.name == "throttled_400")
    content.fault("stackexchange", shape.fault)
    with pytest.raises(SourceUnavailable) as caught:
        search(StackExchange, client, conf, "honey", "en", topic="garden")
    assert caught.value.retry_after is not None
    assert caught.value.retry_after.total_seconds() == 33_635


@pytest.mark.django_db
def test_lectures_tell_how_long_they_are_and_whether_they_are_licensed(
    client: HttpClient, conf: Conf, content: ContentServer
) -> None:
    found = search(MitLearn, client, conf, "magma", "en")
    assert {page.type for page in found} == {"course", "video"}
    assert {page.minutes for page in found if page.type == "video"} == {49}
    assert all(page.provenance.license == "CC BY-NC-SA 4.0" for page in found)
    assert "resource_type=course&resource_type=video" in content.seen[0].query
    assert "<" not in found[0].description


@pytest.mark.django_db
def test_a_lecture_in_another_language_is_left_out(
    client: HttpClient, conf: Conf, content: ContentServer
) -> None:
    result = {"id": 1, "title": "Vulcões", "url": "https://x.example/1", "resource_type": "video"}
    body = {"results": [result | {"languages": ["pt-br"]}, result | {"license_cc": False}]}
    content.fault("mitlearn", faults.says(200, body))
    (found,) = search(MitLearn, client, conf, "magma", "en")
    assert found.provenance.license is None


@pytest.mark.django_db
def test_mdn_is_asked_about_the_web_alone(
    client: HttpClient, conf: Conf, content: ContentServer
) -> None:
    assert not search(Mdn, client, conf, "honey", "en", topic="beekeeping")
    assert not content.seen
    (found,) = search(Mdn, client, conf, "line-height", "pt", topic="CSS")
    assert found.url == "https://developer.mozilla.org/pt-BR/docs/Web/CSS/line-height"
    assert content.seen[0].params["locale"] == "pt-BR"


# --- Videos and the web --------------------------------------------------------------------------


@pytest.mark.django_db
def test_videos_take_two_calls_and_tell_their_length_and_views(
    client: HttpClient, conf: Conf, content: ContentServer
) -> None:
    found = search(YouTube, client, conf, "mel", "pt", topic="apicultura", limit=3)
    assert [page.minutes for page in found] == [8, 9, 10]
    assert [page.votes for page in found] == [1000, 2000, 3000]
    assert found[0].author == "Tom & Bia"
    assert [seen.path for seen in content.seen] == ["/youtube/v3/search", "/youtube/v3/videos"]
    assert content.seen[0].params["relevanceLanguage"] == "pt"


@pytest.mark.django_db
def test_live_broadcasts_are_left_out(
    client: HttpClient, conf: Conf, content: ContentServer
) -> None:
    snippet = {"title": "Now", "liveBroadcastContent": "live"}
    content.fault(
        "youtube", faults.says(200, {"items": [{"id": {"videoId": "x"}, "snippet": snippet}]})
    )
    assert not search(YouTube, client, conf, "mel", "pt")
    assert len(content.seen) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://www.youtube.com/watch?v=1", "video"),
        ("https://music.stackexchange.com/q/1", "qa"),
        ("https://ocw.mit.edu/courses/1", "course"),
        ("https://docs.python.org/3/", "documentation"),
        ("https://notyoutube.com/", "article"),
        ("https://example.org/", "article"),
    ],
)
def test_a_page_of_the_web_is_of_the_kind_of_its_host(
    client: HttpClient, conf: Conf, content: ContentServer, url: str, kind: str
) -> None:
    result = {"url": url, "title": "T", "content": "C"}
    content.fault("searxng", faults.says(200, {"results": [result], "unresponsive_engines": []}))
    (found,) = search(SearXng, client, conf, "x", "en")
    assert (found.type, found.language, found.provenance.license) == (kind, "", None)


@pytest.mark.django_db
def test_addresses_that_nobody_should_open_are_left_out(
    client: HttpClient, conf: Conf, content: ContentServer
) -> None:
    urls = [
        "javascript:alert(1)", "data:text/html,x", "ftp://x.example/", "//x.example", "https://",
        "https://user:password@x.example/", "https://good.example/",
    ]  # fmt: skip
    results = [{"url": url, "title": "T"} for url in urls]
    content.fault("searxng", faults.says(200, {"results": results}))
    assert [page.url for page in search(SearXng, client, conf, "x", "en")] == [urls[-1]]


# --- Reading -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (None, ""),
        ("<p>A &amp; <b>b</b></p>\n c", "A & b c"),
        ("a\u200bb\u00ad c\x07", "ab c"),
        ("word " * 100, f"{'word ' * 59}word…"),
        ("x" * 400, f"{'x' * 300}…"),
    ],
)
def test_a_text_becomes_one_clean_line(text: str | None, line: str) -> None:
    assert plain(text) == line


@pytest.mark.parametrize(
    ("duration", "minutes"),
    [
        ("PT15M33S", 16), ("PT1H", 60), ("PT59S", 1), ("P1DT1M", 1441), ("P0D", None), ("", None),
        ("nonsense", None),
    ],
)  # fmt: skip
def test_durations_are_minutes_rounded_up(duration: str, minutes: int | None) -> None:
    assert minutes_of(duration) == minutes


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"C++" OR -insource:/x/', "C++ OR insource x"),
        ("re-entry d'água .NET C#", "re-entry d'água .NET C#"),
        ("a|b\n\x00c", "a b c"),
    ],
)
def test_a_question_has_no_operators(text: str, words: str) -> None:
    assert query_text(text) == words


def test_what_cannot_be_read_is_left_out_unless_it_is_everything() -> None:
    assert read_each([{"x": 1}, {}, {"x": 2}], lambda item: item["x"]) == [1, 2]
    assert read_each([], lambda item: item["x"]) == []
    with pytest.raises(KeyError):
        read_each([{}, {}], lambda item: item["x"])


@pytest.mark.parametrize("url", [None, 5, "", "nothing", "mailto:a@b.example", "http://[bad"])
def test_what_is_no_address_of_the_web_is_refused(url: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        web_url(url)
