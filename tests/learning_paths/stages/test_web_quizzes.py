"""Questions on texts that nobody wrote to be asked: articles repeat the words of their titles."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from django.utils import translation

from learning_paths.catalogue.topic import LANGUAGES, CatalogueResource, Concept, Origin, Text
from learning_paths.stages.quiz_items import Drafts
from learning_paths.stages.quiz_validator import QuizContext, faults
from learning_paths.stages.values import Question
from learning_paths.stages.wording import phrase
from learning_paths.text import BLANK, normalized_answer, word_count
from tests.learning_paths.paths import MadePath, make_path
from tests.learning_paths.topics import make_topic

ORIGIN = Origin("Bees", "https://en.wikipedia.org/wiki/Bees", "Wikipedia", "CC BY-SA 4.0", "They")
#: By their ids: what articles call the thing and say of it.
BEES = {
    "bale": ("queen bee", "The only fertile female of a nest and the mother of all its bees."),
    "dila": ("worker bee", "A female of the nest that does all the work and guards other bees."),
    "giro": ("drone bee", "A male without a sting who is raised to mate with one of the bees."),
    "jula": ("hive frame", "A wooden rim that holds a comb and is lifted out of the hive."),
    "pelo": ("hive tool", "A flat iron that parts what is glued together inside of a hive."),
}


BOOK = CatalogueResource(
    title="Queen bee and worker bee",
    url="https://example.org/bees",
    lang="en",
    type="article",
    minutes=90,
    difficulty=1,
    source="Example",
    description="The queen bee, the only fertile female of a nest and the mother of all its bees.",
)


def everywhere(text: str) -> Text:
    return dict.fromkeys(LANGUAGES, text)


def from_the_web(**changes: Any) -> MadePath:
    """A path in English whose concepts are from the web; `changes` are of the queen bee."""
    topic = make_topic()
    concepts = [_with_bees(concept) for concept in topic.concepts]
    concepts[0] = replace(concepts[0], **changes)
    return make_path(make_topic(concepts=tuple(concepts)), language="en", num_nodes=20)


def _with_bees(concept: Concept) -> Concept:
    concept = replace(concept, origin=ORIGIN, facts=())
    if concept.id not in BEES:
        return concept
    term, definition = map(everywhere, BEES[concept.id])
    aliases = dict.fromkeys(LANGUAGES, ())
    return replace(concept, term=term, definition=definition, aliases=aliases)


def description(path: MadePath) -> str:
    """Return the question that quotes the definition of the queen bee."""
    with translation.override("en"):
        drafts = Drafts(path.outline, path.tree, "en").about("bale")
    return drafts[0].text


def practice_minutes(path: MadePath, concept_id: str) -> int:
    questions = path.quizzes["by_node"][concept_id] or []
    work = sum(one["minutes"] for one in path.exercises[concept_id])
    return math.ceil(1.5 * len(questions)) + work


def asked(path: MadePath, kind: str, key: str) -> list[Question]:
    left = [one for quiz in path.quizzes["unused"].values() for one in quiz]
    return [one for one in (*path.questions, *left) if (one["kind"], one["key"]) == (kind, key)]


def test_a_description_is_asked_for_without_the_words_of_the_term() -> None:
    assert f"mother of all its {BLANK}" in description(from_the_web())


def test_a_text_of_an_author_is_asked_as_it_is() -> None:
    assert "mother of all its bees" in description(from_the_web(origin=None))


def test_a_description_of_which_too_little_would_be_left_is_asked_as_it_is() -> None:
    short = everywhere("Of all the bees she is the bee queens are.")
    assert BLANK not in description(from_the_web(definition=short))


@pytest.mark.parametrize("kind", ["term_to_definition", "cloze"])
def test_a_word_of_the_question_is_in_more_than_one_option(kind: str) -> None:
    fact = everywhere("In spring the bees of the nest follow an old {} into a tree.")
    (question,) = asked(from_the_web(facts=(fact,)), kind, "bale")
    options = [*question["options"]]
    assert "bee" in options.pop(question["correct"])
    assert any("bee" in option for option in options)


def test_that_goes_before_what_is_confused_with_the_right_option() -> None:
    fact = everywhere("In spring the bees of the nest follow an old {} into a tree.")
    confusable = ("cavo", "feno", "fomu", "gati", "hado", "kive", "kora", "lemi", "lopa")
    path = from_the_web(facts=(fact,), confusable=confusable)
    (question,) = asked(path, "cloze", "bale")
    assert sum("bee" in option for option in question["options"]) > 1


def test_what_is_said_of_a_concept_in_its_article_is_asked_for() -> None:
    saying = everywhere("She lives for several years and lays eggs all summer long.")
    (question,) = asked(from_the_web(sayings=(saying,)), "saying_to_term", "bale")
    assert question["text"].startswith("Of which concept is this said? “She lives for several")
    assert question["options"][question["correct"]] == "queen bee"


def test_every_question_on_the_web_s_texts_is_sound() -> None:
    path = from_the_web()
    concepts = [*path.outline["concepts"], *path.outline["spare"]]
    context = QuizContext(
        language="en",
        terms={normalized_answer(concept["term"]) for concept in concepts},
        definitions={normalized_answer(phrase(concept["definition"])) for concept in concepts},
    )
    assert path.questions
    for question in path.questions:
        assert faults(question, context) == [], question
        assert word_count(question["text"]) >= 6


def test_a_step_lasts_as_long_as_the_best_page_it_has() -> None:
    plain, web = (from_the_web(origin=origin, resources=(BOOK,)) for origin in (None, ORIGIN))
    lasts = {
        path.document["nodes"][id]["minutes"] - practice_minutes(path, "bale")
        for path in (plain, web)
        for id, node in path.document["nodes"].items()
        if node["conceptId"] == "bale"
    }
    assert lasts == {plain.concepts["bale"]["minutes"], BOOK.minutes}
