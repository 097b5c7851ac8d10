"""Pages go to the nodes they fit, each once, within the request's limits."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from learning_paths.catalogue.topic import LANGUAGES, CatalogueResource, Language
from learning_paths.page_urls import canonical_url
from learning_paths.request import PathRequest
from learning_paths.schema import Level
from learning_paths.stages.matching import fill_up, one_each
from learning_paths.stages.outline import outline
from learning_paths.stages.ranking import unique_candidates
from learning_paths.stages.resources import MOST_PER_NODE, resources
from learning_paths.stages.values import ROOT, Candidate, Outline, RankedResource, Resources
from tests.learning_paths.paths import EACH_TOPIC_IN_EACH_LANGUAGE, real_path
from tests.learning_paths.topics import make_concept, make_topic


def make_candidate(**overrides: Any) -> Candidate:
    """A page listed for the concept "bale"."""
    values: Any = {
        "title": "Baleth",
        "url": "https://example.org/baleth",
        "language": "en",
        "type": "article",
        "minutes": 10,
        "difficulty": 1,
        "source": "Example",
        "license": None,
        "author": None,
        "description": "What baleth is and how to handle it.",
        "checked": None,
        "concepts": ["bale"],
    }
    return values | overrides


def make_outline(request: PathRequest, candidates: list[Candidate] | None = None) -> Outline:
    plan = outline(make_topic(), request)
    return plan if candidates is None else {**plan, "candidates": candidates}


def found(request: PathRequest, candidates: list[Candidate] | None = None) -> Resources:
    plan = make_outline(request, candidates)
    with translation.override(request.language):
        return resources(plan, [concept["id"] for concept in plan["concepts"]], request)


def pages(found: Resources) -> list[RankedResource]:
    return [page for some in found["assigned"].values() for page in some]


# --- limits ----------------------------------------------------------------------------------

requests = st.builds(
    PathRequest,
    topic=st.just("sailcraft"),
    language=st.sampled_from(LANGUAGES),
    num_nodes=st.integers(10, 30),
    max_resources=st.integers(5, 30),
    similarity_threshold=st.sampled_from([0.0, 0.1, 0.15, 0.3, 0.6, 1.0]),
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(requests)
def test_every_limit_of_the_request_holds(request: PathRequest) -> None:
    result = found(request)
    given_pages = pages(result)
    assert len(result["assigned"]) == request.num_nodes
    assert len(given_pages) <= request.max_resources
    assert len({canonical_url(page["url"]) for page in given_pages}) == len(given_pages)
    assert all(len(node) <= MOST_PER_NODE for node in result["assigned"].values())
    assert all(page["cosine"] >= request.similarity_threshold for page in given_pages)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(requests)
def test_the_same_request_gets_the_same_pages(request: PathRequest) -> None:
    assert found(request) == found(request)


def test_a_threshold_nothing_reaches_leaves_the_path_without_pages() -> None:
    assert pages(found(PathRequest(topic="sailcraft", similarity_threshold=1.0))) == []


# --- who gets what ---------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_node_with_a_fitting_page_gets_one_while_stock_lasts(language: Language) -> None:
    request = PathRequest(topic="sailcraft", language=language, max_resources=30)
    with_a_page = {
        concept for page in make_outline(request)["candidates"] for concept in page["concepts"]
    }
    assigned = found(request)["assigned"]
    assert with_a_page <= {node for node, some in assigned.items() if some}


@pytest.mark.parametrize(("topic", "language"), EACH_TOPIC_IN_EACH_LANGUAGE)
def test_fifteen_pages_are_one_for_each_of_fifteen_nodes(topic: str, language: Language) -> None:
    assigned = real_path(topic, language).resources["assigned"]
    assert {node: len(some) for node, some in assigned.items()} == dict.fromkeys(assigned, 1)


def test_with_few_pages_the_root_and_the_essential_concepts_come_first() -> None:
    request = PathRequest(topic="sailcraft", language="en", num_nodes=20, max_resources=5)
    plan = make_outline(request)
    essential = [concept["id"] for concept in plan["concepts"] if concept["essential"]]
    served = [node for node, some in found(request)["assigned"].items() if some]
    assert served == [node for node in [ROOT, *essential] if node in served]
    assert len(served) == 5


def test_the_limit_is_named_when_it_leaves_nodes_without_a_page() -> None:
    few = found(PathRequest(topic="sailcraft", language="en", max_resources=5))
    assert "resource_limit" in [one["code"] for one in few["diagnostics"]]
    assert "no_resource" in [one["code"] for one in few["diagnostics"]]


def test_english_is_given_only_where_the_language_has_nothing() -> None:
    request = PathRequest(topic="sailcraft", language="pt", num_nodes=30, max_resources=30)
    candidates = make_outline(request)["candidates"]
    in_portuguese = {
        concept for page in candidates if page["language"] == "pt" for concept in page["concepts"]
    }
    assigned = found(request)["assigned"]
    english = {
        node for node, some in assigned.items() if any(page["language"] == "en" for page in some)
    }
    assert english
    assert english.isdisjoint(in_portuguese)


def test_a_page_listed_for_one_concept_of_the_path_goes_to_no_other() -> None:
    request = PathRequest(topic="sailcraft", language="en", num_nodes=30, max_resources=30)
    for node, some in found(request)["assigned"].items():
        assert all(page["concepts"] in ([], [node]) for page in some)


def test_a_page_on_the_topic_goes_to_a_concept_only_if_its_title_names_it() -> None:
    request = PathRequest(topic="sailcraft", language="en", similarity_threshold=0.0)
    names_it = make_candidate(title="Baleth in full", url="https://example.org/1", concepts=[])
    about_it = make_candidate(title="Clay and cords", url="https://example.org/2", concepts=[])
    assigned = found(request, [names_it, about_it])["assigned"]
    assert [page["url"] for page in assigned["bale"]] == [names_it["url"]]
    assert [page["url"] for page in assigned[ROOT]] == [about_it["url"]]


def test_of_two_pages_the_one_nearer_to_the_concept_ranks_higher() -> None:
    request = PathRequest(topic="sailcraft", language="en", similarity_threshold=0.0)
    near = make_candidate(url="https://example.org/z")
    far = make_candidate(
        title="Painting", description="Colours and brushes.", url="https://example.org/a"
    )
    assert [page["url"] for page in found(request, [far, near])["assigned"]["bale"]] == [
        near["url"],
        far["url"],
    ]


def test_the_author_of_the_topic_may_list_a_page_in_any_order() -> None:
    topic = make_topic()
    turned = replace(topic, resources=tuple(reversed(topic.resources)))
    request = PathRequest(topic="sailcraft", language="en", max_resources=30)
    plans = [outline(one, request) for one in (topic, turned)]
    order = [concept["id"] for concept in plans[0]["concepts"]]
    one, other = (resources(plan, order, request)["assigned"] for plan in plans)
    assert one == other


def test_beside_one_page_another_type_counts_for_more() -> None:
    request = PathRequest(
        topic="sailcraft", language="en", similarity_threshold=0.0, max_resources=2
    )
    first = make_candidate(license="CC0 1.0", url="https://a.example.org/1")
    alike = make_candidate(title="Baleth, again", url="https://a.example.org/2")
    other = make_candidate(title="Baleth, again", url="https://b.example.org/3", type="tutorial")
    given_pages = found(request, [first, alike, other])["assigned"]["bale"]
    assert [page["url"] for page in given_pages] == [first["url"], other["url"]]


# --- the same page twice -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("http://www.Example.org:80/a/", "https://example.org/a"),
        ("https://example.org/a?utm_source=x&b=2&a=1&fbclid=z", "https://example.org/a?a=1&b=2"),
        (
            "https://pt.m.wikipedia.org/wiki/Xadrez#História",
            "https://pt.wikipedia.org/wiki/Xadrez#História",
        ),
        ("https://pt.wikipedia.org/wiki/Vari%C3%A1vel", "https://pt.wikipedia.org/wiki/Variável"),
        (
            "https://docs.python.org/3/tutorial/a.html#lists",
            "https://docs.python.org/3/tutorial/a.html#lists",
        ),
        ("https://example.org/a#:~:text=b", "https://example.org/a"),
        ("https://youtu.be/abc-1?si=x", "https://youtube.com/watch?v=abc-1"),
        ("https://www.youtube.com/shorts/abc-1", "https://youtube.com/watch?v=abc-1"),
        (
            "https://m.youtube.com/watch?v=abc-1&t=90&feature=share",
            "https://youtube.com/watch?v=abc-1",
        ),
        ("https://arxiv.org/pdf/1706.03762v5.pdf", "https://arxiv.org/abs/1706.03762"),
        ("https://dx.doi.org/10.1000/ABC", "https://doi.org/10.1000/abc"),
    ],
)
def test_copies_of_an_address_have_one_canonical_form(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical


@pytest.mark.parametrize(
    ("change", "is_duplicate"),
    [
        ({"url": "http://www.example.org/baleth/"}, True),
        ({"url": "https://other.example.org/x"}, True),
        ({"url": "https://other.example.org/x", "title": "Baleths"}, True),
        ({"url": "https://other.example.org/x", "language": "pt"}, False),
        ({"url": "https://other.example.org/x", "type": "video"}, False),
        ({"url": "https://other.example.org/x", "concepts": ["cavo"]}, False),
    ],
)
def test_a_page_counts_once(change: dict[str, Any], is_duplicate: bool) -> None:
    twins = unique_candidates([make_candidate(), make_candidate(**change)])
    assert len(twins) == (1 if is_duplicate else 2)


def test_titles_that_differ_in_a_number_are_different_pages() -> None:
    chapters = [
        make_candidate(
            title=f"A long handbook of knots, chapter {number}", url=f"https://e.org/{number}"
        )
        for number in (3, 4)
    ]
    assert unique_candidates(chapters) == chapters


def test_a_page_listed_twice_belongs_to_both_concepts() -> None:
    (page,) = unique_candidates([make_candidate(), make_candidate(concepts=["cavo"])])
    assert page["concepts"] == ["bale", "cavo"]


# --- the matching ----------------------------------------------------------------------------


def test_a_node_with_one_choice_gets_it_before_a_node_with_two() -> None:
    scores = {"a": {"x": 0.9, "y": 0.8}, "b": {"x": 0.5}}
    assert one_each(["a", "b"], scores, most=2) == {"a": "y", "b": "x"}


def test_ties_go_to_the_first_name() -> None:
    assert one_each(["a"], {"a": {"y": 0.5, "x": 0.5}}, most=1) == {"a": "x"}


def test_no_node_goes_without_for_a_later_one() -> None:
    scores = {"a": {"x": 0.1}, "b": {"x": 0.9}}
    assert one_each(["a", "b"], scores, most=2) == {"a": "x"}


score_tables = st.dictionaries(
    st.sampled_from("abcde"),
    st.dictionaries(st.sampled_from("uvwxyz"), st.integers(1, 20).map(lambda n: n / 20)),
    min_size=1,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(score_tables, st.integers(1, 5))
def test_as_many_nodes_get_one_as_can(scores: dict[str, dict[str, float]], most: int) -> None:
    given_pages = one_each(sorted(scores), scores, most)
    assert all(name in scores[node] for node, name in given_pages.items())
    assert len(set(given_pages.values())) == len(given_pages)
    assert len(given_pages) == min(most, _largest_matching(scores))


def _largest_matching(scores: dict[str, dict[str, float]]) -> int:
    choices = [[None, *options] for options in scores.values()]
    sizes = []
    for picks in itertools.product(*choices):
        taken = [pick for pick in picks if pick is not None]
        if len(set(taken)) == len(taken):
            sizes.append(len(taken))
    return max(sizes)


def test_what_is_left_goes_where_it_adds_most() -> None:
    scores = {"a": {"x": 0.9, "y": 0.2, "z": 0.3}, "b": {"v": 0.9, "w": 0.8}, "c": {}}
    lists = fill_up(
        {"a": "x", "b": "v"}, scores, lambda node, name, _: scores[node][name], each=2, most=4
    )
    assert lists == {"a": ["x", "z"], "b": ["v", "w"], "c": []}


def test_a_fallback_page_needs_an_english_wording_to_be_judged_by() -> None:
    """Without the concept in English, nothing says that an English page is about it."""
    request = PathRequest(topic="sailcraft", language="pt")
    plan = make_outline(request, [make_candidate()])
    order = [concept["id"] for concept in plan["concepts"]]
    assert len(resources(plan, order, request)["assigned"]["bale"]) == 1
    for concept in plan["concepts"]:
        del concept["english"]
    assert resources(plan, order, request)["assigned"]["bale"] == []


def test_the_page_of_a_concept_is_described_as_the_author_wrote_it() -> None:
    page = CatalogueResource(
        title="Baleth",
        url="https://www.example.org/baleth/",
        lang="en",
        type="article",
        minutes=7,
        difficulty=1,
        source="Example",
        description="What baleth is.",
    )
    topic = make_topic()
    topic = replace(topic, concepts=(make_concept("bale", resources=(page,)), *topic.concepts[1:]))
    request = PathRequest(topic="sailcraft", language="en")
    plan = outline(topic, request)
    result = resources(plan, [concept["id"] for concept in plan["concepts"]], request)
    assert [page["url"] for page in result["assigned"]["bale"]] == [page.url]


# --- a level -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "first"), [("beginner", 1), ("intermediate", 2), ("advanced", 3)]
)
def test_of_pages_on_one_thing_a_learner_gets_the_one_of_their_level_first(
    level: Level, first: int
) -> None:
    """Also where the words of another fit better: there the hardest page is named best."""
    titles = {1: "Handling it: baleth", 2: "Notes on baleth", 3: "Baleth"}
    candidates = [
        make_candidate(title=title, url=f"https://example.org/{number}", difficulty=number)
        for number, title in titles.items()
    ]
    plan = make_outline(PathRequest(topic="sailcraft", language="en"), candidates)
    request = PathRequest(topic="sailcraft", language="en", level=level)
    (page, *_rest) = resources(plan, ["bale"], request)["assigned"]["bale"]
    assert page["difficulty"] == first
