from dataclasses import replace

import pytest

from learning_paths.catalogue.exercise_rules import EXERCISE_RULES
from learning_paths.catalogue.resource_rules import RESOURCE_RULES
from learning_paths.catalogue.rules import RULES, broken_rules, clashing_names, longest_chain
from learning_paths.catalogue.text_rules import TEXT_RULES
from learning_paths.catalogue.topic import LANGUAGES
from tests.learning_paths.broken_topics import BROKEN, concept, exercise, resource, text
from tests.learning_paths.small_topic import good_entry, good_topic, sentence, words


def test_a_good_topic_breaks_no_rule():
    assert broken_rules(good_topic()) == []


@pytest.mark.parametrize(
    ("rule", "make", "sentence"),
    BROKEN,
    ids=[f"{rule}-{number}" for number, (rule, _, _) in enumerate(BROKEN)],
)
def test_a_broken_rule_is_told_by_its_own_sentence(rule, make, sentence):
    broken = next(each for each in RULES if each.__name__ == rule)
    topic = make()
    assert any(sentence in finding for finding in broken(topic))
    assert any(finding.startswith(f"{topic.id}: ") for finding in broken_rules(topic))


def test_every_rule_is_shown_to_find_something():
    assert {rule.__name__ for rule in RULES} == {rule for rule, _, _ in BROKEN}
    assert set(RULES) > {*TEXT_RULES, *EXERCISE_RULES, *RESOURCE_RULES}


@pytest.mark.parametrize("value", ["", "  ", " padded"])
def test_a_blank_text_is_found_before_the_other_rules_run(value):
    found = broken_rules(text(3, "definition", "es", value))
    assert found == [
        "tiny-topic: concept c3: definition (es) is empty or has space around it",
    ]


def test_a_missing_language_is_found_before_the_other_rules_run():
    found = broken_rules(concept(3, term={"pt": "laço", "en": "loop"}))
    assert found == ["tiny-topic: concept c3: term must be in exactly pt, en, es"]


def test_a_word_of_many_terms_or_of_the_title_tells_no_term():
    topic = good_topic()
    renamed = [
        replace(c, term={lang: f"peg {c.term[lang]}" for lang in LANGUAGES}) if n < 4 else c
        for n, c in enumerate(topic.concepts)
    ]
    renamed[3] = replace(
        renamed[3],
        definition=sentence("d", 12) | {"en": f"{words('en', 'x', 12)} peg of the topic"},
    )
    assert broken_rules(replace(topic, concepts=tuple(renamed))) == []


def test_a_link_may_stand_under_another_language_than_its_host_has():
    assert broken_rules(resource("https://lichess.org/learn", lang="es")) == []


def test_files_of_its_own_are_allowed_to_a_program():
    code = "import tempfile\nwith tempfile.TemporaryFile('w') as file:\n    file.write('a')\n"
    assert broken_rules(exercise("code", code=code)) == []


def test_the_longest_chain_is_told_first_concept_first():
    assert longest_chain(good_topic()) == ["c0", "c5", "c10", "c15", "c20", "c25"]


def test_a_name_may_lead_to_one_topic_only():
    chess = good_entry("chess", aliases={"pt": ("Xadrez",), "en": (), "es": ()})
    game = good_entry("board-games", aliases={"pt": (), "en": (), "es": ("xádrez!",)})
    assert clashing_names([chess, game]) == [
        "the name 'xadrez' is claimed by chess and board-games; leave it to one of them"
    ]
    assert clashing_names([chess]) == []
