"""
The quality of the catalogue's own files, and how they are read.

    .venv/bin/python -m pytest tests/learning_paths/test_catalogue.py -k python

checks one topic and names what its author has to mend.
"""

from dataclasses import replace

import pytest

from learning_paths.catalogue.loader import (
    FOLDER,
    find_topic,
    index,
    load_topic,
    nearest_topics,
    read_entry,
    read_topic,
    topic_ids,
)
from learning_paths.catalogue.names import topic_names
from learning_paths.catalogue.programs import wrong_outputs
from learning_paths.catalogue.rules import broken_rules, clashing_names
from learning_paths.catalogue.topic import LANGUAGES
from learning_paths.exceptions import CatalogueError
from tests.learning_paths.small_topic import good_exercise, good_topic

every_topic = pytest.mark.parametrize("topic_id", topic_ids())

HEAD = """
id = "tiny"
category = "hobby"
version = 1
[title]
pt = "Miúdo"
en = "Tiny"
es = "Menudo"
[summary]
pt = "Um"
en = "One"
es = "Uno"
"""
CONCEPT = """
[[concepts]]
id = "loop"
branch = "basics"
kind = "construct"
difficulty = 1
minutes = 30
term = {pt = "laço", en = "loop", es = "bucle"}
definition = {pt = "a", en = "b", es = "c"}
objective = {pt = "a", en = "b", es = "c"}
[concepts.exercise]
kind = "manual"
minutes = 5
prompt = {pt = "a", en = "b", es = "c"}
"""


@every_topic
def test_a_topic_keeps_the_rules(topic_id):
    found = broken_rules(load_topic(topic_id))
    assert not found, "\n".join(["mend these:", *found])


@every_topic
def test_a_program_prints_what_its_exercise_says(topic_id):
    assert [*wrong_outputs(load_topic(topic_id))] == []


def test_a_program_that_prints_something_else_or_dies_is_told():
    topic = good_topic()
    assert [*wrong_outputs(topic)] == []
    exercises = (good_exercise("code", output="3\n"), good_exercise("code", code="print(1 / 0)"))
    concepts = tuple(
        replace(concept, exercise=exercise)
        for concept, exercise in zip(topic.concepts, exercises, strict=False)
    )
    wrong, dead = wrong_outputs(replace(topic, concepts=concepts))
    assert wrong == "concept c0: exercise: `output` should be '2\\n'"
    assert "ZeroDivisionError" in dead


@every_topic
def test_a_topic_is_found_by_every_name_it_has(topic_id):
    entry = next(each for each in index() if each.id == topic_id)
    for name in topic_names(entry):
        assert {find_topic(name, language).id for language in LANGUAGES} == {topic_id}


def test_no_name_leads_to_two_topics():
    assert clashing_names(index()) == []


def test_the_catalogue_has_24_topics_and_those_people_asked_for_most():
    asked_for = {
        *("art-history", "artificial-intelligence", "astronomy", "baking", "chess", "cooking"),
        *("data-science", "football", "gardening", "javascript", "machine-learning", "mythology"),
        *("oceanography", "paleontology", "photography", "python", "quantum-computing"),
    }
    assert asked_for <= set(topic_ids())
    assert len(topic_ids()) >= 24
    assert [entry.id for entry in index()] == list(topic_ids()) == sorted(topic_ids())


@every_topic
def test_the_head_of_a_file_says_the_same_as_the_whole(topic_id):
    entry, topic = read_entry(FOLDER / f"{topic_id}.toml"), load_topic(topic_id)
    for field in ("id", "wikidata", "category", "version", "title", "summary", "aliases"):
        assert getattr(entry, field) == getattr(topic, field)


def test_there_are_topics_to_suggest_for_what_is_not_there():
    assert find_topic("vulcanologia", "pt") is None
    assert len(nearest_topics("vulcanologia", "pt")) == 3
    assert nearest_topics("galáxias", "pt")[0].id == "astronomy"


@pytest.mark.parametrize("topic_id", ["nothing", "../python", "python.toml", "", "PYTHON"])
def test_only_a_topic_of_the_catalogue_is_read(topic_id):
    with pytest.raises(CatalogueError, match=r"there is no such file"):
        load_topic(topic_id)


def test_a_file_without_its_optional_fields_is_read(tmp_path):
    topic = read_topic(written(tmp_path, HEAD + CONCEPT))
    concept = topic.concepts[0]
    assert (topic.wikidata, topic.branches) == (None, ())
    assert (concept.essential, concept.prerequisites, concept.reason) == (False, (), None)
    assert concept.aliases == {"pt": (), "en": (), "es": ()}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('id = "tiny"', 'id = "other"', "tiny.toml: id: must be the file's name, 'tiny'"),
        ("version = 1", "version = ", "tiny.toml: Invalid value (at line 4"),
        ("version = 1", 'version = "1"', "tiny.toml: version: must be a whole number, not '1'"),
        ("version = 1", "version = true", "tiny.toml: version: must be a whole number"),
        ("version = 1", "versoin = 1", "tiny.toml: versoin: there is no such field"),
        ("version = 1\n", "", "tiny.toml: version is missing"),
        ('es = "Uno"\n', "", "tiny.toml: summary: es is missing"),
        ('es = "Uno"', 'es = "Uno"\nfr = "Un"', "tiny.toml: summary: fr is no language of the"),
        ('es = "Uno"', "es = 1", "tiny.toml: summary.es: must be a text, not 1"),
        ("difficulty = 1\n", "", "tiny.toml: concepts[loop]: difficulty is missing"),
        ('en = "loop", ', "", "tiny.toml: concepts[loop]: term: en is missing"),
        ('{pt = "laço", en = "loop", es = "bucle"}', '"loop"', "term: must be a table by language"),
        ('"manual"', '"essay"', "exercise: kind: must be one of manual, text_match, code, not 'e"),
        ("difficulty", 'confusable = "if"\ndifficulty', "confusable: must be a list, not 'if'"),
        ("difficulty", "confusable = [1]\ndifficulty", "confusable[1]: must be a text, not 1"),
        ("[concepts.exercise]", "[[concepts.exercise]]", "exercise: must be a table, not ["),
    ],
)
def test_a_malformed_file_is_refused_by_file_place_and_field(tmp_path, old, new, sentence):
    text = HEAD + CONCEPT
    assert old in text
    with pytest.raises(CatalogueError) as refused:
        read_topic(written(tmp_path, text.replace(old, new, 1)))
    assert sentence in str(refused.value)


def test_everything_that_is_malformed_is_told_at_once_a_line_each(tmp_path):
    text = (HEAD + CONCEPT).replace("version = 1", "versoin = 1").replace(', es = "bucle"', "")
    with pytest.raises(CatalogueError) as refused:
        read_topic(written(tmp_path, text.replace("minutes = 30", 'minutes = "30"')))
    assert str(refused.value).splitlines() == [
        "tiny.toml: versoin: there is no such field",
        "tiny.toml: version is missing",
        "tiny.toml: concepts[loop]: minutes: must be a whole number, not '30'",
        "tiny.toml: concepts[loop]: term: es is missing",
    ]


def test_a_head_whose_tables_stand_too_late_is_refused(tmp_path):
    late = HEAD.partition("[summary]")
    path = written(tmp_path, f"{late[0]}{CONCEPT}{late[1]}{late[2]}")
    assert read_topic(path).id == "tiny"
    with pytest.raises(CatalogueError, match=r"tiny\.toml: summary is missing"):
        read_entry(path)


def written(folder, text):
    path = folder / "tiny.toml"
    path.write_text(text, "utf-8")
    return path
