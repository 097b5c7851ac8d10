"""The good topic with something wrong in it: for each rule of the catalogue what breaks it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from learning_paths.catalogue.topic import Branch, Topic
from tests.learning_paths.small_topic import good_exercise, good_topic, link, sentence, words


def concept(number: int, **changes: Any) -> Topic:
    """The good topic with something else in one of its concepts."""
    topic = good_topic()
    changed = replace(topic.concepts[number], **changes)
    return replace(
        topic, concepts=(*topic.concepts[:number], changed, *topic.concepts[number + 1 :])
    )


def text(number: int, field: str, language: str, value: str) -> Topic:
    """The good topic with another text in one field of a concept, in one language."""
    old = getattr(good_topic().concepts[number], field)
    return concept(number, **{field: {**old, language: value}})


def fact(language: str, value: str) -> Topic:
    return concept(3, facts=({**good_topic().concepts[3].facts[0], language: value},))


def exercise(kind: str, **changes: Any) -> Topic:
    number = ("manual", "text_match", "code").index(kind)
    return concept(number, exercise=good_exercise(kind, **changes))


def resource(url: str = "https://en.wikipedia.org/wiki/Another", **changes: Any) -> Topic:
    topic = good_topic()
    return concept(4, resources=(*topic.concepts[4].resources, link(url, **changes)))


def without(*numbers: int) -> Topic:
    concepts = good_topic().concepts
    return good_topic(concepts=tuple(c for n, c in enumerate(concepts) if n not in numbers))


def order(*numbers: int) -> Topic:
    concepts = good_topic().concepts
    return good_topic(concepts=tuple(concepts[number] for number in numbers))


def essential(*numbers: int) -> Topic:
    concepts = good_topic().concepts
    return good_topic(
        concepts=tuple(replace(c, essential=n in numbers) for n, c in enumerate(concepts))
    )


def chained(length: int) -> Topic:
    """The good topic with a chain of prerequisites through its first concepts, all of one level."""
    concepts = [
        replace(
            c,
            prerequisites=(f"c{n - 1}",) if 0 < n < length else (),
            reason=sentence("why", 10) if 0 < n < length else None,
            difficulty=1,
            essential=n in (0, 1, 2, 3, 4, 5, 26, 27, 28),
        )
        for n, c in enumerate(good_topic().concepts)
    ]
    return good_topic(concepts=tuple(concepts))


# The rule, a topic that breaks it, and what its author reads.
BROKEN: list[tuple[str, Callable[[], Topic], str]] = [
    ("ids_are_unique_slugs", lambda: good_topic(id="Tiny topic"), "topic Tiny topic: an id"),
    ("ids_are_unique_slugs", lambda: concept(29, id="c28"), "concept c28: there are 2"),
    ("ids_are_unique_slugs", lambda: concept(29, id="c_29"), "concept c_29: an id is made of"),
    ("ids_are_unique_slugs", lambda: concept(29, kind="a b"), "kind a b: an id is made of"),
    ("head_is_in_order", lambda: good_topic(category="fun"), "category 'fun' is none of"),
    ("head_is_in_order", lambda: good_topic(version=0), "version is 0"),
    ("head_is_in_order", lambda: good_topic(wikidata="28865"), "wikidata '28865'"),
    ("head_is_in_order", lambda: good_topic(objectives=()), "there are 0 objectives; 3 to 6"),
    (
        "head_is_in_order",
        lambda: good_topic(prerequisite_knowledge=()),
        "there are 0 prerequisite_knowledge; 1 to 3",
    ),
    (
        "branches_are_of_a_teachable_size",
        lambda: good_topic(branches=good_topic().branches[:3]),
        "there are 3 branches; 4 to 8",
    ),
    (
        "branches_are_of_a_teachable_size",
        lambda: good_topic(branches=(*good_topic().branches, Branch("empty", sentence("b", 2)))),
        "branch empty has 0 concepts",
    ),
    (
        "branches_are_of_a_teachable_size",
        lambda: concept(7, branch="nowhere"),
        "concept c7: there is no branch 'nowhere'",
    ),
    ("concepts_are_enough_for_the_largest_path", lambda: without(29), "there are 29 concepts"),
    (
        "prerequisites_stand_earlier",
        lambda: concept(9, prerequisites=("c99",)),
        "concept c9: its prerequisite 'c99' does not exist",
    ),
    (
        "prerequisites_stand_earlier",
        lambda: order(5, 0, 1, 2, 3, 4, *range(6, 30)),
        "concept c5 stands before its prerequisite c0",
    ),
    (
        "prerequisites_stand_earlier",
        lambda: concept(9, prerequisites=("c9",)),
        "concept c9 stands before its prerequisite c9",
    ),
    (
        "prerequisites_are_few_and_direct",
        lambda: concept(29, prerequisites=("c20", "c21", "c22", "c23")),
        "concept c29: give 0 to 3 different prerequisites",
    ),
    (
        "prerequisites_are_few_and_direct",
        lambda: concept(29, prerequisites=("c24", "c24")),
        "concept c29: give 0 to 3 different prerequisites",
    ),
    (
        "prerequisites_are_few_and_direct",
        lambda: concept(29, prerequisites=("c24", "c14")),
        "the prerequisite c14 is no direct one, c24 needs it already",
    ),
    (
        "essentials_are_a_path_of_their_own",
        lambda: essential(0, 1, 2, 3, 4, 5, 6, 7),
        "there are 8 essential concepts; 9 to 12",
    ),
    (
        "essentials_are_a_path_of_their_own",
        lambda: essential(0, 1, 2, 5, 6, 7, 10, 11, 17),
        "concept c17 is essential, so its prerequisite c12 has to be",
    ),
    (
        "essentials_are_a_path_of_their_own",
        lambda: essential(0, 1, 5, 6, 10, 11, 15, 16, 20),
        "2 essential concepts have no prerequisite",
    ),
    (
        "kinds_have_enough_members",
        lambda: concept(29, kind="odd"),
        "kind 'odd' has 1 concepts; it takes at least 4",
    ),
    ("longest_chain_fits_a_tree", lambda: chained(10), "has 10 concepts (c0, c1"),
    ("longest_chain_fits_a_tree", lambda: chained(3), "has 3 concepts (c0, c1, c2); 4 to 9"),
    ("difficulty_never_falls", lambda: concept(29, difficulty=4), "concept c29: difficulty is 4"),
    (
        "difficulty_never_falls",
        lambda: concept(29, difficulty=1),
        "difficulty 1 is below the 3 of its prerequisite c24",
    ),
    ("minutes_are_sane", lambda: concept(8, minutes=0), "concept c8: 0 minutes; 5 to 180 fit"),
    ("neighbours_exist", lambda: concept(8, confusable=("c99",)), "confusable has 'c99'"),
    ("neighbours_exist", lambda: concept(8, not_distractors=("c8",)), "not_distractors has 'c8'"),
    (
        "neighbours_exist",
        lambda: concept(8, confusable=("c1",), not_distractors=("c1",)),
        "c1 is both in confusable and in not_distractors",
    ),
    ("reason_goes_with_a_prerequisite", lambda: concept(8, reason=None), "why c3 is first"),
    (
        "reason_goes_with_a_prerequisite",
        lambda: concept(0, reason=sentence("why", 10)),
        "there is no prerequisite, so leave out `reason`",
    ),
    (
        "lengths_are_readable",
        lambda: good_topic(summary=sentence("s", 19)),
        "summary (pt) has 19 words; 20 to 50 are right",
    ),
    (
        "lengths_are_readable",
        lambda: text(3, "definition", "es", "demasiado corta"),
        "concept c3: definition (es) has 2 words; 12 to 40 are right",
    ),
    ("lengths_are_readable", lambda: text(3, "term", "en", words("en", "t", 6)), "term (en) has 6"),
    ("lengths_are_readable", lambda: text(3, "objective", "en", "Do it"), "objective (en) has 2"),
    ("lengths_are_readable", lambda: text(8, "reason", "en", "So it is"), "reason (en) has 3"),
    ("lengths_are_readable", lambda: fact("en", "Too short {}"), "facts[1] (en) has 3 words"),
    (
        "texts_are_translated",
        lambda: text(3, "definition", "es", good_topic().concepts[3].definition["en"].upper()),
        "concept c3: definition is the same in en and es; translate it",
    ),
    (
        "definitions_begin_without_an_article",
        lambda: text(3, "definition", "pt", f"Uma {words('pt', 'x', 13)}"),
        "definition (pt) begins with 'uma'",
    ),
    (
        "definitions_keep_their_term_secret",
        lambda: concept(
            3,
            term={"pt": "laço duplo", "en": "double loop", "es": "bucle doble"},
            definition=sentence("d", 12) | {"en": f"{words('en', 'x', 12)} looping"},
        ),
        "definition (en) tells its term by 'looping'",
    ),
    (
        "definitions_keep_their_term_secret",
        lambda: text(3, "definition", "en", f"{words('en', 'x', 12)} enalias3"),
        "definition (en) tells its term by 'enalias3'",
    ),
    (
        "definitions_differ",
        lambda: text(
            3, "definition", "en", good_topic().concepts[4].definition["en"] + " somewhat"
        ),
        "concept c4: definition (en) is too like that of c3",
    ),
    (
        "terms_name_one_concept",
        lambda: text(3, "term", "en", "Entérm4"),
        "concept c4: 'enterm4' (en) is a term or alias of c3 too",
    ),
    (
        "terms_name_one_concept",
        lambda: concept(3, aliases={"pt": ("ptterm4",), "en": (), "es": ()}),
        "concept c4: 'ptterm4' (pt) is a term or alias of c3 too",
    ),
    (
        "objectives_can_be_checked",
        lambda: text(3, "objective", "pt", f"Montagem {words('pt', 'x', 6)}"),
        "objective (pt) must begin with an infinitive, not 'montagem'",
    ),
    (
        "objectives_can_be_checked",
        lambda: text(3, "objective", "en", f"Understand {words('en', 'x', 6)}"),
        "objective (en) begins with 'understand'; say what the learner can do",
    ),
    (
        "facts_have_one_blank",
        lambda: fact("en", f"{words('en', 'x', 8)} {{}} and {{}}"),
        "facts[1] (en) has 2 blanks {}",
    ),
    (
        "facts_keep_their_term_secret",
        lambda: fact("en", f"{words('en', 'x', 8)} {{}} or Enterm3s"),
        "concept c3: facts[1] (en) names the term outside of the blank",
    ),
    (
        "facts_name_no_other_concept",
        lambda: fact("en", f"{words('en', 'x', 8)} {{}} or enterm9"),
        "concept c3: facts[1] (en) names another concept",
    ),
    (
        "facts_give_no_form_away",
        lambda: fact("pt", f"Uma {{}} {words('pt', 'x', 8)}"),
        "facts[1] (pt) has 'uma' before the blank",
    ),
    (
        "facts_stand_alone",
        lambda: fact("en", f"It turns {{}} {words('en', 'x', 8)}"),
        "facts[1] (en) begins with 'it'",
    ),
    (
        "exercises_have_the_fields_of_their_kind",
        lambda: exercise("manual", solution=sentence("s", 4)),
        "exercise of kind manual leaves out `solution`",
    ),
    (
        "exercises_have_the_fields_of_their_kind",
        lambda: exercise("code", output=None),
        "exercise of kind code needs `output`",
    ),
    (
        "exercises_have_the_fields_of_their_kind",
        lambda: exercise("manual", minutes=1),
        "exercise takes 1 minutes",
    ),
    (
        "checklists_are_short",
        lambda: exercise("manual", checklist=(sentence("one", 4),)),
        "has a checklist of 1",
    ),
    (
        "answers_are_there_and_not_in_the_prompt",
        lambda: exercise("text_match", answers={"pt": ("42",), "en": (), "es": ("42",)}),
        "needs an answer in en",
    ),
    (
        "answers_are_there_and_not_in_the_prompt",
        lambda: exercise("text_match", prompt=sentence("p", 8) | {"en": "Is it 42, or less?"}),
        "the answer '42' stands in the prompt (en)",
    ),
    (
        "programs_are_python_that_always_prints_the_same",
        lambda: exercise("code", language="ruby"),
        "is in ruby; only python",
    ),
    (
        "programs_are_python_that_always_prints_the_same",
        lambda: exercise("code", output="2"),
        "output must end with a line break",
    ),
    (
        "programs_are_python_that_always_prints_the_same",
        lambda: exercise("code", code="print("),
        "the code does not parse",
    ),
    (
        "programs_are_python_that_always_prints_the_same",
        lambda: exercise("code", code="import numpy"),
        "the code imports numpy",
    ),
    (
        "programs_are_python_that_always_prints_the_same",
        lambda: exercise("code", code="from urllib.request import urlopen"),
        "the code imports urllib",
    ),
    (
        "programs_are_python_that_always_prints_the_same",
        lambda: exercise("code", code="import datetime\nprint(datetime.datetime.now())"),
        "the code calls now()",
    ),
    (
        "programs_are_python_that_always_prints_the_same",
        lambda: exercise("code", code="print(input())"),
        "the code calls input()",
    ),
    (
        "urls_are_https_and_canonical",
        lambda: resource("http://en.wikipedia.org/wiki/A"),
        "must be https",
    ),
    (
        "urls_are_https_and_canonical",
        lambda: resource("https://openstax.org:443/x"),
        "without port or user",
    ),
    (
        "urls_are_https_and_canonical",
        lambda: resource("https://openstax.org/x?utm_source=y"),
        "leave out what only tracks",
    ),
    (
        "urls_are_https_and_canonical",
        lambda: resource("https://pt.wikipedia.org/wiki/Função", lang="pt"),
        "percent-encode what is not ASCII",
    ),
    ("urls_are_https_and_canonical", lambda: resource("https://openstax.org/x?"), "an empty part"),
    (
        "urls_are_https_and_canonical",
        lambda: resource("https://en.m.wikipedia.org/wiki/A"),
        "is the page for phones",
    ),
    (
        "urls_are_https_and_canonical",
        lambda: resource("https://en.wikipedia.org/w/index.php?title=A"),
        "give a wiki page as /wiki/",
    ),
    (
        "hosts_are_judged",
        lambda: resource("https://example.org/x"),
        "example.org is not among HOSTS",
    ),
    (
        "hosts_are_judged",
        lambda: resource("https://huggingface.co/models"),
        "huggingface.co is not among HOSTS",
    ),
    (
        "urls_are_unique",
        lambda: resource("https://en.wikipedia.org/wiki/Page%5F7"),
        "en.wikipedia.org/wiki/Page_7 is listed 2 times",
    ),
    ("languages_match_the_wiki", lambda: resource(lang="pt"), "lang is pt, the wiki's is en"),
    ("resources_are_described", lambda: resource(description="Short"), "description has 1 words"),
    ("resources_are_described", lambda: resource(source=" "), "title and source must say"),
    ("resources_are_described", lambda: resource(difficulty=0), "difficulty is 0"),
    ("resources_are_described", lambda: resource(minutes=0), "0 minutes; 1 to 6000 fit"),
    ("resources_are_described", lambda: resource(checked="21/11/2026"), "checked must be a day"),
    ("resources_are_enough", lambda: concept(4, resources=()), "concept c4 has no resource"),
    (
        "resources_are_enough",
        lambda: good_topic(
            concepts=tuple(replace(c, resources=c.resources[1:]) for c in good_topic().concepts)
        ),
        "there are 2 resources in pt; it takes at least 8",
    ),
    (
        "resources_are_enough",
        lambda: good_topic(resources=good_topic().resources[:5]),
        "there are 1 topic-wide resources in es; 2 to 4",
    ),
]
