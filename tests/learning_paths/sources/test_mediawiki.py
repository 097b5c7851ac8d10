from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches

from learning_paths.conf import Conf
from learning_paths.exceptions import Reason, SourceUnavailable
from learning_paths.http import HttpClient
from learning_paths.sources.base import Query
from learning_paths.sources.mediawiki import Wikibooks, Wikipedia
from tests.content import faults, mediawiki, spoiling
from tests.content.corpus import corpus
from tests.content.server import ContentServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def conf(content: ContentServer) -> Conf:
    return Conf(contact="ops@example.org", source_urls=content.urls, network_calls=10_000)


@pytest.fixture
def client(conf: Conf) -> Iterator[HttpClient]:
    with HttpClient(conf) as client:
        yield client


@pytest.fixture
def wikipedia(client: HttpClient, conf: Conf) -> Wikipedia:
    return Wikipedia(client, conf)


@pytest.fixture
def wikibooks(client: HttpClient, conf: Conf) -> Wikibooks:
    return Wikibooks(client, conf)


@pytest.mark.parametrize(
    ("language", "topic", "title"),
    [
        ("pt", "apicultura", "Apicultura"),
        ("es", "tipografía", "Tipografía"),
        ("en", "volcanology", "Volcanology"),
    ],
)
def test_a_topic_is_found_by_its_name(
    wikipedia: Wikipedia, language: Any, topic: str, title: str
) -> None:
    best, *others = wikipedia.find(topic, language)
    assert best.title == title
    assert best.words > 1000
    assert "<" not in best.snippet
    assert others


def test_a_search_gives_no_disambiguation(wikipedia: Wikipedia, content: ContentServer) -> None:
    titles = [page.title for page in wikipedia.search(Query("colônia", "pt", limit=30))]
    assert "Colônia de abelhas" in titles
    assert "Colônia" not in titles


def test_an_article_is_cut_at_its_headings(wikipedia: Wikipedia) -> None:
    article = wikipedia.article("Beekeeping", "en")
    assert article is not None
    assert article.sections[0].level == 1
    assert article.lead.startswith("Beekeeping is the care of colonies of the honey bee")
    headings = [(section.level, section.title) for section in article.sections[1:4]]
    assert headings == [(2, "The colony"), (3, "Honey bee"), (3, "Bee colony")]
    assert article.sections[-1].title == "References"
    assert article.sections[-1].text == ""
    assert "==" not in article.text
    assert article.qid.startswith("Q")


def test_an_article_is_found_through_its_redirects(wikipedia: Wikipedia) -> None:
    article = wikipedia.article("criação de abelhas", "pt")
    assert article is not None
    assert article.title == "Apicultura"
    assert set(article.names) == {"Criação de abelhas", "criação de abelhas"}
    assert article.provenance.license == "CC BY-SA 4.0"
    assert article.provenance.attribution == "Wikipedia contributors"
    assert article.provenance.url == "https://pt.wikipedia.org/wiki/Apicultura"


@pytest.mark.parametrize("title", ["No such thing", "", "  ", "a[b", "a|b", "x" * 300, "\ud800"])
def test_what_is_no_title_is_no_article(wikipedia: Wikipedia, title: str) -> None:
    assert wikipedia.article(title, "en") is None
    assert not wikipedia.leads([title], "en")
    assert not wikipedia.links(title, "en")


def test_leads_come_in_the_order_asked_for_and_once_each(
    wikipedia: Wikipedia, content: ContentServer
) -> None:
    asked = ["Honey", "Comb", "Beehive", "Nothing", "Honeycomb", "a|b", "Colony (disambiguation)"]
    leads = wikipedia.leads(asked, "en")
    assert [lead.title for lead in leads] == [
        "Honey", "Honeycomb", "Beehive", "Colony (disambiguation)",
    ]  # fmt: skip
    assert set(leads[1].names) == {"Honeycomb", "Comb"}
    assert [lead.is_disambiguation for lead in leads] == [False, False, False, True]
    assert leads[0].text.startswith("Honey is the food that workers make")
    assert leads[0].description == "What bees make"
    assert leads[0].size > 500
    assert len(content.seen) == 1


def test_many_leads_are_asked_for_in_few_requests(
    wikipedia: Wikipedia, content: ContentServer
) -> None:
    titles = [page.title for page in corpus().wikis["wikipedia", "en"].pages[:45]]
    assert [lead.title for lead in wikipedia.leads(titles, "en")] == titles
    assert len(content.seen) == 3


def test_links_are_all_there_though_the_answer_has_several_parts(
    wikipedia: Wikipedia, content: ContentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = wikipedia.links("Beekeeping", "en")
    assert len(whole) > 40
    caches["sources"].clear()
    monkeypatch.setattr(mediawiki, "MOST_LINKS", 15)
    assert wikipedia.links("Beekeeping", "en") == whole
    assert len(content.seen) == 1 + -(-len(whole) // 15)


def test_an_answer_that_never_ends_is_left_at_some_point(
    wikipedia: Wikipedia, content: ContentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mediawiki, "MOST_LINKS", 1)
    assert len(wikipedia.links("Beekeeping", "en")) == len(content.seen) == 5


def test_it_is_known_which_articles_link_to_each_other(
    wikipedia: Wikipedia, content: ContentServer
) -> None:
    among = wikipedia.links_among(["Queen bee", "Bee colony", "Honey", "Drone (bee)"], "en")
    assert among["Queen bee"] == {"Bee colony"}
    assert among["Drone (bee)"] == {"Queen bee", "Bee colony"}
    assert len(content.seen) == 1


def test_chapters_come_in_the_order_of_the_book(wikibooks: Wikibooks) -> None:
    chapters = wikibooks.chapters("Apicultura", "pt")
    assert [chapter.title for chapter in chapters] == [
        "Escolher o lugar", "Comprar a primeira colônia", "Ler o favo", "A primeira colheita",
        "A entressafra",
    ]  # fmt: skip
    assert chapters[0].page == "Apicultura/Escolher o lugar"
    assert chapters[0].url == "https://pt.wikibooks.org/wiki/Apicultura/Escolher_o_lugar"
    assert not wikibooks.chapters("No such book", "pt")


def test_a_wiki_of_the_old_format_is_read_too(wikipedia: Wikipedia, content: ContentServer) -> None:
    params = {
        "action": "query", "format": "json", "titles": "comb|Nothing|a<b", "redirects": "1",
        "prop": "extracts|pageprops|info|links", "pllimit": "500",
    }  # fmt: skip
    old = mediawiki.answer("wikipedia", "en", params)
    assert old["query"]["pages"]["-1"]["missing"] == ""
    for call in ("article", "links"):
        content.fault("wikipedia", faults.says(200, old))
        assert getattr(wikipedia, call)(f"Comb {call}", "en")


def test_what_is_read_can_be_stored(wikipedia: Wikipedia, content: ContentServer) -> None:
    text = "A\u0000b \u200bc\n\n\n== D\u00ad ==\ne\ud800"
    page = {"pageid": 1, "title": "T", "extract": text, "fullurl": "https://x.example/T"}
    content.fault("wikipedia", faults.says(200, {"query": {"pages": [page]}}))
    article = wikipedia.article("T", "en")
    assert article is not None
    assert [(one.title, one.text) for one in article.sections] == [("", "Ab c"), ("D", "e")]


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("find", ("honey", "en")),
        ("article", ("Comb", "en")),
        ("leads", (["Comb", "Honey"], "en")),
        ("links", ("Honey", "en")),
        ("links_among", (["Queen bee", "Bee colony"], "en")),
        ("chapters", ("Beekeeping", "en")),
    ],
)
def test_an_answer_of_any_shape_is_read_or_unavailable(
    content: ContentServer, conf: Conf, call: str, arguments: tuple[Any, ...]
) -> None:
    source = Wikibooks if call == "chapters" else Wikipedia

    def ask() -> Any:
        caches["sources"].clear()
        with HttpClient(conf) as client:
            return getattr(source(client, conf), call)(*arguments)

    assert spoiling.check(content, source.name, ask) > 30


def test_a_failure_within_a_long_answer_is_a_failure(
    wikipedia: Wikipedia, content: ContentServer
) -> None:
    titles = [page.title for page in corpus().wikis["wikipedia", "en"].pages[:45]]
    content.fault("wikipedia", faults.says(500))
    with pytest.raises(SourceUnavailable) as caught:
        wikipedia.leads(titles, "en")
    assert caught.value.reason == Reason.DOWN
