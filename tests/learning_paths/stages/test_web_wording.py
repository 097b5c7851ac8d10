"""Definitions, sentences with a blank and terms, as articles give them."""

from __future__ import annotations

import pytest

from learning_paths.stages.gathered import Page
from learning_paths.stages.web_wording import definition, facts, plain, sayings, term
from tests.learning_paths.stages.test_web_prerequisites import page


def named(title: str, text: str, *names: str) -> Page:
    made = page(title, text)
    made["names"] = [*names]
    return made


@pytest.mark.parametrize(
    ("language", "title", "text", "expected"),
    [
        ("en", "Honey", "Honey is a food that bees make. It keeps.", "A food that bees make."),
        (
            "pt",
            "Mel",
            "O mel (do latim mel) é um alimento das abelhas.",
            "Um alimento das abelhas.",
        ),
        ("es", "Mieles", "Las mieles son alimentos de las abejas.", "Alimentos de las abejas."),
        ("en", "Honey", "In the north, snow is cold and white all year.", ""),
        ("en", "Honey", "Honey is food.", ""),
        ("en", "Honey", "", ""),
    ],
)
def test_a_definition_says_what_it_is_without_its_name(
    language: str, title: str, text: str, expected: str
) -> None:
    assert definition(named(title, text), language) == expected


def test_a_long_definition_ends_at_a_comma() -> None:
    text = f"Honey is a food that bees make, {'which is sweet and golden, ' * 12}and keeps."
    said = definition(named("Honey", text), "en")
    assert said.startswith("A food that bees make, which")
    assert said.endswith("golden.")
    assert len(said.split()) < 46


def test_facts_name_the_concept_once_and_not_first() -> None:
    comb = named(
        "Honeycomb",
        "A honeycomb is a sheet of wax. Workers build the honeycomb from small scales of wax."
        " Honeycomb stands first here and so it gives itself away at once."
        " The comb and the honeycomb are two words for what is one thing.",
        "Comb",
    )
    told = ["In a frame hangs a comb that can be taken out of the hive."]
    assert facts(comb, told, "en") == [
        "Workers build the {} from small scales of wax.",
        "In a frame hangs a {} that can be taken out of the hive.",
    ]


def test_a_form_of_the_name_is_its_name_too_but_the_name_itself_goes_first() -> None:
    queen = named("Queen bee", "A queen bee is the mother of all.", "Queen (bee)")
    told = [
        "In late spring the colony raises young queens in large cells.",
        "A swarm is led away by the old queen bee and hangs in a tree.",
    ]
    assert facts(queen, told, "en") == [
        "A swarm is led away by the old {} and hangs in a tree.",
        "In late spring the colony raises young {} in large cells.",
    ]


def test_sayings_are_the_sentences_of_its_article_that_do_not_name_it() -> None:
    apiary = named(
        "Apiary",
        "An apiary is a place where hives stand. Few are enough."
        " It should have sun in the morning and water near by."
        " Some apiaries are moved to where the plants are in flower."
        " The bee yard is a quiet place where nobody comes by.",
        "Bee yard",
    )
    assert sayings(apiary, "en") == ["It should have sun in the morning and water near by."]


def test_what_stands_in_brackets_is_left_out_nested_or_not() -> None:
    assert plain("Lava (from Latin (old) labes) , flows [1].") == "Lava, flows."


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("Queen bee", "The old queen bee leaves with half of them.", "queen bee"),
        ("Varroa destructor", "The mite Varroa destructor came later.", "Varroa destructor"),
        ("Frame (beekeeping)", "It hangs in a frame.", "frame"),
        ("Earth's crust", "Nobody names it.", "Earth's crust"),
        ("Honey", "Nobody names it.", "honey"),
    ],
)
def test_a_term_is_written_as_in_running_text(title: str, text: str, expected: str) -> None:
    assert term(named(title, text), [text]) == expected
