"""What catalogue_check tells an author."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from learning_paths.catalogue.loader import FOLDER
from learning_paths.catalogue.rules import RULES
from learning_paths.catalogue.topic import Topic
from learning_paths.review.advice import ADVICE, Whole
from learning_paths.review.findings import Finding, Review, review
from learning_paths.review.remedies import REMEDIES
from tests.learning_paths.small_topic import good_topic, link, sentence, words

CHESS = (FOLDER / "chess.toml").read_text("utf-8")


def concept(number: int, **changes: Any) -> Topic:
    """The good topic with something else in one of its concepts."""
    concepts = [*good_topic().concepts]
    concepts[number] = replace(concepts[number], **changes)
    return good_topic(concepts=tuple(concepts))


def term(number: int, value: str) -> dict[str, str]:
    return {**good_topic().concepts[number].term, "en": value}


def shared_word() -> Topic:
    topic = concept(3, term=term(3, "red rook"), confusable=("c4",))
    concepts = [*topic.concepts]
    concepts[4] = replace(concepts[4], term=term(4, "red king"))
    return replace(topic, concepts=tuple(concepts))


def unfitting_page() -> Topic:
    page = link("https://en.wikipedia.org/wiki/X", title="Zebra", description="Stripes all over")
    return concept(3, resources=(page,))


def wrong_title() -> Topic:
    page = link("https://en.wikipedia.org/wiki/X", title="Zebra", description="Stripes all over")
    return good_topic(resources=(*good_topic().resources, page))


def definition(text: str, **changes: Any) -> Topic:
    return concept(3, definition=sentence("def3", 14) | {"en": text}, **changes)


SAID: list[tuple[str, Callable[[], Topic], str]] = [
    (
        "pages_are_there_in_each_language",
        lambda: concept(3, resources=good_topic().concepts[3].resources[1:]),
        "concept c3: resources (pt): there is no page",
    ),
    (
        "pages_say_what_they_are_about",
        unfitting_page,
        "concept c3: resources (en): https://en.wikipedia.org/wiki/X has too few words",
    ),
    (
        "pages_say_what_they_are_about",
        wrong_title,
        "topic: resources (en): https://en.wikipedia.org/wiki/X has too few words",
    ),
    (
        "questions_can_be_asked",
        lambda: concept(3, term=term(3, "unpronounceably-long-winded-terminology")),
        "concept c3: term (en): fewer than three others could stand beside it",
    ),
    (
        "questions_can_be_asked",
        lambda: definition(f"Description {words('en', 'd', 13)}"),
        "concept c3: definition (en): the question is dropped, as it and its answer alone say "
        "'description'",
    ),
    (
        "questions_can_be_asked",
        lambda: definition(f"{words('en', 'd', 13)} for all of them"),
        "concept c3: definition (en): the question is dropped, as an option says",
    ),
    (
        "concepts_have_enough_questions",
        lambda: concept(3, term=term(3, "unpronounceably-long-winded-terminology"), facts=()),
        "concept c3: facts (en): ",
    ),
    (
        "confusable_terms_can_stand_side_by_side",
        shared_word,
        "concept c3: confusable (en): c4 cannot be offered beside it",
    ),
    (
        "aliases_give_nothing_away",
        lambda: definition(
            f"Move of a king {words('en', 'd', 9)} with a rook",
            aliases={"pt": (), "en": ("rook and king",), "es": ()},
        ),
        "concept c3: definition (en): has every word of the alias 'rook and king'",
    ),
]


def said(name: str, topic: Topic) -> list[str]:
    return [*next(rule for rule in ADVICE if rule.__name__ == name)(Whole(topic))]


@pytest.mark.parametrize(
    ("name", "make", "message"), SAID, ids=[f"{name}-{n}" for n, (name, _, _) in enumerate(SAID)]
)
def test_advice_is_given_where_there_is_cause(
    name: str, make: Callable[[], Topic], message: str
) -> None:
    assert [one for one in said(name, make()) if one.startswith(message)]
    assert not [one for one in said(name, good_topic()) if one.startswith(message)]


def test_every_piece_of_advice_is_shown_to_be_given() -> None:
    assert {rule.__name__ for rule in ADVICE} == {name for name, _, _ in SAID}


def test_every_rule_and_every_piece_of_advice_says_how_to_mend_it() -> None:
    others = {
        "form",
        "texts_are_there_in_every_language",
        "programs_print_their_output",
        "names_lead_to_one_topic",
    }
    assert REMEDIES.keys() == {rule.__name__ for rule in (*RULES, *ADVICE)} | others


def test_a_finding_knows_its_place() -> None:
    rule = "lengths_are_readable"
    found = Finding.of("error", rule, "concept c3: definition (es) has 2 words; 12 to 40 are right")
    assert (found.concept, found.field, found.language) == ("c3", "definition", "es")
    assert "Shorten" in found.remedy
    form = Finding.of("error", "form", "tiny.toml: concepts[loop]: term: es is missing")
    assert (form.concept, form.field) == ("loop", "term")


def test_the_score_is_the_share_of_concepts_without_advice() -> None:
    def advice(message: str) -> Finding:
        return Finding.of("advice", "questions_can_be_asked", message)

    some = [advice("concept a: term (pt): x"), advice("concept a: facts (pt): x")]
    assert Review("t", Path("t.toml"), 10, []).score == 100
    assert Review("t", Path("t.toml"), 10, some).score == round(100 * 29 / 30)
    assert Review("t", Path("t.toml"), 10, [advice("concept a: x")]).score == 90
    wrong = Finding.of("error", "minutes_are_sane", "concept a: 0 minutes")
    assert Review("t", Path("t.toml"), 10, [wrong]).score == 0


# --- files -----------------------------------------------------------------------------------


def spoilt(folder: Path, *changes: tuple[str, str]) -> Path:
    text = CHESS
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / "chess.toml"
    path.write_text(text, "utf-8")
    return path


def rules(found: Review) -> set[str]:
    return {finding.rule for finding in found.errors}


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    path = spoilt(
        tmp_path,
        ('category = "', 'category = "x'),
        ("minutes = ", "minutes = 99"),
        ("https://pt.wikipedia.org/", "http://pt.wikipedia.org/"),
    )
    found = rules(review(path))
    assert {"head_is_in_order", "urls_are_https_and_canonical", "minutes_are_sane"} <= found


def test_a_malformed_file_is_reviewed_by_its_form(tmp_path: Path) -> None:
    assert rules(review(spoilt(tmp_path, ("version = ", "versoin = ")))) == {"form"}
    assert rules(review(spoilt(tmp_path, ("version = ", "version ? ")))) == {"form"}


def test_a_missing_text_and_a_name_of_another_topic_are_told(tmp_path: Path) -> None:
    assert "names_lead_to_one_topic" in rules(
        review(spoilt(tmp_path, ("[aliases]\npt = [", '[aliases]\npt = ["astronomia", ')))
    )
    blank = spoilt(tmp_path, ('term = {pt = "', 'term = {pt = " '))
    assert rules(review(blank)) == {"texts_are_there_in_every_language"}


def test_the_example_of_the_documentation_lacks_nothing_but_more_of_the_same(
    tmp_path: Path,
) -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "catalogue.md").read_text("utf-8")
    example = text.partition("<!-- origami.toml -->\n```toml\n")[2].partition("```")[0]
    path = tmp_path / "origami.toml"
    path.write_text(example, "utf-8")
    assert rules(review(path)) == {
        "branches_are_of_a_teachable_size",
        "concepts_are_enough_for_the_largest_path",
        "essentials_are_a_path_of_their_own",
        "kinds_have_enough_members",
        "longest_chain_fits_a_tree",
        "resources_are_enough",
    }


# --- the command -----------------------------------------------------------------------------


def run(*command: str) -> str:
    out = StringIO()
    call_command("catalogue_check", *command, stdout=out, stderr=out)
    return out.getvalue()


def test_the_command_ends_with_a_line_and_a_score_for_each_topic() -> None:
    lines = run("chess", "python").splitlines()
    ends = [line for line in lines if " concepts, score " in line]
    assert [line.split(":")[0] for line in ends] == ["chess", "python"]
    assert all(": 0 errors, " in line for line in ends)


def test_the_command_ends_with_an_error_if_there_is_one(tmp_path: Path) -> None:
    path = spoilt(tmp_path, ('category = "', 'category = "x'))
    out = StringIO()
    with pytest.raises(CommandError, match="to be mended: chess"):
        call_command("catalogue_check", str(path), "--json", stdout=out)
    [found] = json.loads(out.getvalue())
    assert found["errors"][0]["rule"] == "head_is_in_order"
    assert found["errors"][0]["field"] == "category"
    assert (found["score"], found["advice"]) == (0, [])


def test_the_command_says_what_it_cannot_read() -> None:
    with pytest.raises(CommandError, match="astrologia: neither a topic of the catalogue nor"):
        run("astrologia")


def test_the_advice_can_be_left_out() -> None:
    assert " 0 pieces of advice" in run("chess", "--errors")
    assert " 0 pieces of advice" not in run("chess")
