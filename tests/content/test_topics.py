"""The topics of the content server are whole enough to make a path of."""

from __future__ import annotations

import re
from itertools import combinations

import pytest

from tests.content.corpus import LANGUAGES, concepts, corpus

TOPICS = ["beekeeping", "typography", "volcanology"]
LINK = re.compile(r"\[([a-z0-9-]+)")

BARE_LINK = re.compile(r"\[([a-z0-9-]+)\]")

every_language = pytest.mark.parametrize("language", LANGUAGES)


@every_language
def test_every_topic_is_there_in_every_language(language: str) -> None:
    assert [topic["id"] for topic in corpus().topics[language]] == TOPICS


@pytest.mark.parametrize("number", range(len(TOPICS)))
def test_a_topic_has_forty_articles_in_one_language_and_thirty_in_the_others(number: int) -> None:
    counts = [len(concepts(corpus().topics[language][number])) for language in LANGUAGES]
    assert max(counts) >= 40
    assert min(counts) >= 30


@every_language
def test_links_lead_to_articles_of_the_topic(language: str) -> None:
    for number, topic in enumerate(corpus().topics[language]):
        known = {row[0] for row in concepts(corpus().topics["en"][number])} | {topic["id"]}
        linked = set(LINK.findall(str(topic["sections"]) + topic["lead"] + str(topic["noise"])))
        assert linked <= known
        bare = set(BARE_LINK.findall(str(topic["sections"]) + topic["lead"] + str(topic["noise"])))
        assert bare <= {row[0] for row in concepts(topic)} | {topic["id"]}, "nothing to show"


@every_language
def test_articles_are_long_and_linked_enough(language: str) -> None:
    pages = [
        page
        for page in corpus().wikis["wikipedia", language].pages
        if not page.is_disambiguation and not page.id.startswith("noise")
    ]
    assert sum(page.words >= 120 for page in pages) > 0.7 * len(pages)
    assert all(len(page.links) >= 2 for page in pages)
    assert all(page.extract.count("\n== ") >= 3 for page in pages)
    assert "[" not in "".join(page.extract for page in pages)


@every_language
def test_titles_are_of_one_page(language: str) -> None:
    pages = corpus().wikis["wikipedia", language].pages
    names = [name for page in pages for name in (page.title, *page.names)]
    assert sorted(names) == sorted(set(names))


def test_each_thing_has_one_item_and_each_language_a_text_of_its_own() -> None:
    by_item: dict[str, list[str]] = {}
    for page in corpus().pages():
        if page.qid and ":" not in page.id:
            by_item.setdefault(page.qid, []).append(page.lead)
    assert sum(len(leads) == 3 for leads in by_item.values()) >= 90
    assert all(a != b for leads in by_item.values() for a, b in combinations(leads, 2))
