"""Which articles may be concepts, by what the topic's own article says."""

from __future__ import annotations

import pytest

from learning_paths.stages.gathered import Part
from learning_paths.stages.web_candidates import candidates, lessons, may_be_concept, mentions


def part(level: int, title: str, text: str = "") -> Part:
    return Part(level=level, title=title, text=text)


ARTICLE = [
    part(1, "", "Beekeeping is the care of honey bees for honey and beeswax."),
    part(2, "The hive", "A hive holds frames. Frames hold comb."),
    part(3, "Smoker", "A smoker calms the bees; honey bees fear smoke."),
    part(2, "Products", "Honey is eaten. Honey is sold. Beeswax is melted."),
    part(2, "See also", "Ant farm"),
    part(3, "Elsewhere", "Wasps"),
    part(2, "References", "Bees and honey, 1999."),
]


def test_headings_under_which_there_is_nothing_to_learn_go_with_what_belongs_to_them() -> None:
    titles = [one["title"] for one in lessons(ARTICLE)]
    assert titles == ["", "The hive", "Smoker", "Products"]


@pytest.mark.parametrize(
    "title",
    [
        *("1851", "List of bees", "Lista de plantas apícolas", "Anexo:Tipos", "Category:Bees"),
        *("Século XX", "19th century", "October", "History of beekeeping", "Timeline"),
    ],
)
def test_years_lists_and_other_namespaces_are_no_concepts(title: str) -> None:
    assert not may_be_concept(title)


@pytest.mark.parametrize("title", ["Honey", "Liston", "Octopus", "Historia natural marina", "C++"])
def test_words_that_begin_like_them_may_be(title: str) -> None:
    assert may_be_concept(title)


def test_what_the_article_speaks_of_most_comes_first_and_what_it_never_names_not_at_all() -> None:
    found = candidates(["Wasp", "Beeswax", "Honey", "Smoker (device)"], lessons(ARTICLE), [], "en")
    assert found[0] == "Honey"
    assert "Smoker (device)" in found
    assert "Wasp" not in found


def test_a_chapter_of_a_book_counts_for_a_concept() -> None:
    without = candidates(["Frames", "Comb"], lessons(ARTICLE), [], "en")
    with_book = candidates(["Frames", "Comb"], lessons(ARTICLE), ["Comb"], "en")
    assert without.index("Frames") < without.index("Comb")
    assert with_book.index("Comb") < with_book.index("Frames")


def test_a_concept_is_at_home_under_its_heading_else_where_it_is_spoken_of_most() -> None:
    parts = lessons(ARTICLE)
    found = {one.title: one for one in mentions(["Smoker", "Honey", "Care"], parts, [], "en")}
    assert found["Smoker"].home == 2
    assert (found["Honey"].part, found["Honey"].home) == (0, 3), "not the lead, nor an aside"
    assert found["Care"].home is None


def test_a_part_whose_sentences_begin_with_it_is_its_home_before_one_that_names_it_more() -> None:
    parts = [
        part(2, "The colony", "Brood is the name of eggs and larvae."),
        part(2, "Health", "There is foul brood. Mites live in the brood of weak colonies."),
    ]
    assert mentions(["Brood"], parts, [], "en")[0].home == 0
