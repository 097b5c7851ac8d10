"""A topic made of what sources gave: what is in it, in which chapters, and what it says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation

from learning_paths.stages.gathered import Gathered, Page, Part
from learning_paths.stages.web_topic import topic_of
from tests.learning_paths.stages.test_web_prerequisites import page

TEXTS = {
    "Honey bee": "A honey bee is an insect that lives in large families.",
    "Colony": "A colony is a family of honey bee workers that shares a nest and a mother.",
    "Queen": "A queen is the only fertile female of a colony, and the mother of all.",
    "Hive": "A hive is a box or basket in which people keep a colony.",
    "Frame": "A frame is a wooden rim that can be taken out of the hive.",
    "Smoker": "A smoker is a tin with bellows that blows cool smoke on bees.",
}


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def gathered(*further: Page, is_individual: bool = False, **kinds: list[str]) -> Gathered:
    """Beekeeping with two chapters; `further` pages are named in its second one."""
    topic = page("Beekeeping", "Beekeeping is the care of bees in boxes made by people.")
    topic["is_individual"] = is_individual
    pages = [page(title, text) for title, text in TEXTS.items()]
    for one in pages:
        one["kinds"] = kinds.get(one["title"], [])
    named = " ".join(f"There is {one['title']}." for one in further)
    return Gathered(
        topic=topic,
        parts=[
            Part(level=1, title="", text="The care of the colony and of the honey bee."),
            Part(level=2, title="The family", text="Honey bee, honey bee, colony, and queen."),
            Part(level=2, title="The box", text=f"Hive, frame and smoker; a colony. {named}"),
            Part(level=2, title="See also", text="Ants"),
        ],
        pages=[*pages, *further],
        links={},
        chapters=[],
        found=[],
    )


def terms(given: Gathered) -> list[str]:
    return [concept.term["en"] for concept in topic_of(given, "en").concepts]


def person(title: str = "François Huber") -> Page:
    made = page(title, f"{title} was a naturalist who studied the honey bee at night.")
    made["kinds"] = ["Q5"]
    return made


def place(title: str = "La Alcarria") -> Page:
    made = page(title, f"{title} is a region of Spain that is known for honey.")
    made["is_individual"] = True
    return made


def test_persons_and_places_are_no_concepts_of_a_subject() -> None:
    assert terms(gathered(person(), place())) == terms(gathered())


def test_they_are_of_a_place_or_a_person() -> None:
    assert {"François Huber", "La Alcarria"} <= {
        *terms(gathered(person(), place(), is_individual=True))
    }


@pytest.mark.parametrize("kind", ["Q4167410", "Q13406463", "Q11424"])
def test_lists_and_works_never_are(kind: str) -> None:
    film = page("The Bee Movie", "The Bee Movie is a film in which bees go to court.")
    film["kinds"] = [kind]
    assert "The Bee Movie" not in terms(gathered(film, is_individual=True))


def test_what_does_not_say_what_it_is_is_left_out() -> None:
    assert "Vague" not in terms(gathered(page("Vague", "Much has been written.")))


def test_two_names_of_one_thing_are_one_concept() -> None:
    twin = page("Hives", "Hives are boxes or baskets in which people keep bees.")
    assert len([one for one in terms(gathered(twin)) if one.startswith("hive")]) == 1


def test_concepts_stand_in_the_chapter_that_speaks_of_them_most_after_what_they_need() -> None:
    topic = topic_of(gathered(), "en")
    assert [branch.title["en"] for branch in topic.branches] == ["The family", "The box"]
    branches = {concept.id: concept.branch for concept in topic.concepts}
    assert branches["honey-bee"] == branches["colony"] == branches["queen"] == "the-family"
    assert branches["hive"] == branches["frame"] == branches["smoker"] == "the-box"
    order = [*branches]
    for concept in topic.concepts:
        assert all(order.index(one) < order.index(concept.id) for one in concept.prerequisites)
        assert len(concept.evidence) == len(concept.reasons) == len(concept.prerequisites)


def test_where_a_path_can_begin_is_essential() -> None:
    starts = [one for one in topic_of(gathered(), "en").concepts if not one.prerequisites]
    assert {one.id for one in starts} == {"honey-bee", "smoker"}
    assert all(one.essential for one in starts)


def test_aims_and_exercises_differ_from_step_to_step() -> None:
    concepts = topic_of(gathered(), "en").concepts
    aims = {concept.objective["en"].split("“")[0] for concept in concepts}
    tasks = {concept.exercise.prompt["en"].split("“")[0] for concept in concepts}
    assert len(aims) >= 2
    assert len(tasks) == 3


def test_what_a_concept_builds_on_is_not_told_from_it() -> None:
    for concept in topic_of(gathered(), "en").concepts:
        assert not set(concept.confusable) & set(concept.prerequisites)


def test_the_article_on_the_topic_is_a_page_for_its_root() -> None:
    first = topic_of(gathered(), "en").resources[0]
    assert (first.title, first.license) == ("Beekeeping", "CC BY-SA 4.0")
    assert first.author == "Wikipedia contributors"


def test_a_sentence_on_a_thing_with_a_longer_name_is_none_on_what_its_name_begins_with() -> None:
    jelly = page("Honey", "Honey is a food that is kept in a comb by the workers of a nest.")
    said = page(
        "Comb", "A comb is a sheet of wax. In it the workers keep the honey and the pollen."
    )
    facts = [
        fact["en"]
        for concept in topic_of(gathered(jelly, said), "en").concepts
        if concept.id == "honey"
        for fact in concept.facts
    ]
    assert facts == ["In it the workers keep the {} and the pollen."]
