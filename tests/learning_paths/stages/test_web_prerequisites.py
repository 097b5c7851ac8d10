"""What comes before what, by the articles themselves."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from learning_paths.stages.gathered import Page
from learning_paths.stages.web_prerequisites import Before, prerequisites, without_cycles


def page(title: str, text: str) -> Page:
    return Page(
        title=title,
        names=[],
        url=f"https://en.wikipedia.org/wiki/{title}",
        qid="",
        text=text,
        description="",
        words=200,
        kinds=[],
        is_individual=False,
        source="Wikipedia",
        license="CC BY-SA 4.0",
        attribution="Wikipedia contributors",
    )


MAGMA = page("Magma", "Magma is molten rock below the ground.")
VOLCANO = page("Volcano", "A volcano is an opening through which magma rises.")
LAHAR = page("Lahar", "A lahar is a flow of mud. Some begin on a volcano. A volcano feeds many.")


def found(*pages: Page, links: dict[str, list[str]] | None = None) -> set[tuple[str, str, str]]:
    return {
        (one.before, one.after, one.evidence) for one in prerequisites(pages, links or {}, "en")
    }


def test_what_a_definition_needs_comes_before_it() -> None:
    assert found(VOLCANO, MAGMA) == {("Magma", "Volcano", "definition")}


def test_being_spoken_of_counts_as_well_if_more_speaks_for_it() -> None:
    links = {"Lahar": ["Volcano"], "Magma": ["Volcano"]}
    assert ("Volcano", "Lahar", "mention") in found(VOLCANO, MAGMA, LAHAR, links=links)
    assert ("Volcano", "Lahar", "mention") not in found(VOLCANO, MAGMA, LAHAR)


def test_a_link_alone_is_not_enough_unless_many_articles_build_on_it() -> None:
    basalt, dike = page("Basalt", "Basalt is a dark rock."), page("Dike", "A dike is a wall.")
    assert found(basalt, dike, links={"Dike": ["Basalt"]}) == set()
    others = [page(f"Thing {letter}", "It is.") for letter in "abcdefghijkl"]
    links = {"Dike": ["Basalt"]} | {one["title"]: ["Basalt"] for one in others}
    assert ("Basalt", "Dike", "link") in found(basalt, dike, *others, links=links)


def test_what_is_implied_is_not_said_again() -> None:
    ash = page("Ash", "Ash is magma that a volcano has torn to dust.")
    assert ("Magma", "Ash", "definition") not in found(MAGMA, VOLCANO, ash)


def test_a_word_of_the_name_is_not_what_a_thing_is_explained_by() -> None:
    honey = page("Honey", "Honey is a food that is kept in combs.")
    bee = page("Honey bee", "A honey bee is an insect. The honey bee lives in large families.")
    assert found(honey, bee) == set()
    maker = page("Honey bee", "A honey bee is an insect that lives on honey.")
    assert found(honey, maker) == {("Honey", "Honey bee", "definition")}


NAMES = list("abcdef")
PAIRS = st.lists(
    st.builds(
        Before,
        st.sampled_from(NAMES),
        st.sampled_from(NAMES),
        st.floats(1, 9).map(lambda score: round(score, 2)),
        st.just("mention"),
    ).filter(lambda pair: pair.before != pair.after),
    max_size=20,
    unique_by=lambda pair: frozenset((pair.before, pair.after)),
)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(PAIRS)
def test_nothing_comes_before_itself_by_way_of_others(pairs: list[Before]) -> None:
    kept = without_cycles(pairs, NAMES)
    left = set(NAMES)
    while ready := {
        one for one in left if all(p.before not in left for p in kept if p.after == one)
    }:
        left -= ready
    assert not left
    assert 2 * sum(pair.score for pair in kept) >= sum(pair.score for pair in pairs)


def test_of_a_cycle_the_weakest_goes() -> None:
    scores = {"ab": 5.0, "bc": 4.0, "ca": 1.5}
    pairs = [Before(a, b, scores[a + b], "mention") for a, b in pairwise("abca")]
    assert {pair.before + pair.after for pair in without_cycles(pairs, list("abc"))} == {"ab", "bc"}
