"""
What could be better in a topic that keeps every rule.

Most of it is found by asking the generator: which pages it would never give, which questions it
would have to drop, and why. A piece of advice is a sentence that begins with its place, as a
rule's is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import NamedTuple

from django.utils import translation

from learning_paths.catalogue.topic import LANGUAGES, Language, Topic
from learning_paths.request import SIMILARITY, PathRequest
from learning_paths.stages.ordering import ordering
from learning_paths.stages.outline import outline
from learning_paths.stages.quiz_items import Draft, Drafts
from learning_paths.stages.quizzes import FEWEST, dropped
from learning_paths.stages.ranking import rank
from learning_paths.stages.tree import tree
from learning_paths.stages.values import ROOT, Outline
from learning_paths.text import share_a_stem, tokens, words

_LEAST_COSINE = SIMILARITY[2]
_FORMS = {"definition_to_term": "term", "cloze": "facts", "term_to_definition": "definition"}


class _Made(NamedTuple):
    """The whole topic as one path, in one language, and all that could be asked about it."""

    outline: Outline
    drafts: Drafts


class Whole:
    """A topic, and what the generator makes of all of it, once for all advice."""

    def __init__(self, topic: Topic) -> None:
        self.topic = topic

    def request(
        self, language: Language, similarity_threshold: float = _LEAST_COSINE
    ) -> PathRequest:
        """Return a request for every concept, in bounds that give up no prerequisite."""
        size = len(self.topic.concepts)
        return PathRequest(
            topic=self.topic.id,
            language=language,
            num_nodes=size + 1,
            max_width=size,
            max_height=size,
            similarity_threshold=similarity_threshold,
        )

    @cached_property
    def made(self) -> dict[Language, _Made]:
        return {language: self._made(language) for language in LANGUAGES}

    def _made(self, language: Language) -> _Made:
        request = self.request(language)
        with translation.override(language):
            plan = outline(self.topic, request)
            return _Made(plan, Drafts(plan, tree(plan, ordering(plan), request), language))

    @cached_property
    def dropped(self) -> dict[Language, list[tuple[Draft, list[str]]]]:
        return {language: self._dropped(language) for language in LANGUAGES}

    def _dropped(self, language: Language) -> list[tuple[Draft, list[str]]]:
        plan, drafts = self.made[language]
        about = [one for concept in plan["concepts"] for one in drafts.about(concept["id"])]
        with translation.override(language):
            return [*dropped(about, plan)]


def pages_are_there_in_each_language(whole: Whole) -> Iterator[str]:
    for concept in whole.topic.concepts:
        for language in LANGUAGES:
            if all(page.lang != language for page in concept.resources):
                yield f"concept {concept.id}: resources ({language}): there is no page"


def pages_say_what_they_are_about(whole: Whole) -> Iterator[str]:
    """A page below the threshold of a request, 0.15 unless given, is given to no one."""
    for language in LANGUAGES:
        request = whole.request(language, similarity_threshold=0.0)
        for node, pages in rank(whole.made[language].outline, request).items():
            for page in pages.values():
                is_listed = node in page["concepts"] or not (page["concepts"] or node != ROOT)
                if is_listed and page["language"] == language and page["cosine"] < _LEAST_COSINE:
                    place = "topic" if node == ROOT else f"concept {node}"
                    yield (
                        f"{place}: resources ({language}): {page['url']} has too few words in "
                        f"common with what it is about ({page['cosine']:.3f}, from "
                        f"{_LEAST_COSINE} on it is given)"
                    )


def questions_can_be_asked(whole: Whole) -> Iterator[str]:
    """Say of each text of which the generator can make no sound question why that is so."""
    for language in LANGUAGES:
        for draft, codes in whole.dropped[language]:
            if draft.kind in _FORMS:
                for code in codes:
                    place = f"concept {draft.concept}: {_FORMS[draft.kind]} ({language})"
                    yield f"{place}: {_why(code, draft, language)}"


def _why(code: str, draft: Draft, language: Language) -> str:
    if code == "few_options":
        return "fewer than three others could stand beside it as wrong options, by their length"
    if code in ("clang", "key_in_stem"):
        said = set(tokens(draft.text, language)).intersection(tokens(draft.right, language))
        told = [word for word in words(draft.right) if said.intersection(tokens(word, language))]
        return f"the question is dropped, as it and its answer alone say {' and '.join(told)!r}"
    if code == "all_or_none":
        return "the question is dropped, as an option says “all of them” or “none of them”"
    return f"the question is dropped: {code}"


def concepts_have_enough_questions(whole: Whole) -> Iterator[str]:
    for language in LANGUAGES:
        gone = {draft.text for draft, _ in whole.dropped[language]}
        kinds = {
            concept.id: {
                draft.kind
                for draft in whole.made[language].drafts.about(concept.id)
                if draft.text not in gone
            }
            for concept in whole.topic.concepts
        }
        for concept, left in kinds.items():
            if len(left) < FEWEST:
                yield (
                    f"concept {concept}: facts ({language}): {len(left)} kinds of questions are "
                    f"left, a quiz takes {FEWEST}"
                )


def confusable_terms_can_stand_side_by_side(whole: Whole) -> Iterator[str]:
    """Two terms with a word in common are never offered together: each would hint at the other."""
    terms = {concept.id: concept.term for concept in whole.topic.concepts}
    for concept in whole.topic.concepts:
        for language in LANGUAGES:
            term = concept.term[language]
            alike = [
                share_a_stem(term, terms[other][language], language) for other in concept.confusable
            ]
            if alike and all(alike):
                names = ", ".join(concept.confusable)
                yield (
                    f"concept {concept.id}: confusable ({language}): {names} cannot be offered "
                    "beside it, as the terms share a word"
                )


def aliases_give_nothing_away(whole: Whole) -> Iterator[str]:
    """That a definition has an alias as it stands is an error; here its words come in any order."""
    for language in LANGUAGES:
        for concept in whole.topic.concepts:
            said = set(tokens(concept.definition[language], language))
            for alias in concept.aliases[language]:
                stems = set(tokens(alias, language))
                if len(stems) > 1 and stems <= said:
                    yield (
                        f"concept {concept.id}: definition ({language}): has every word of the "
                        f"alias {alias!r}"
                    )


ADVICE: tuple[Callable[[Whole], Iterator[str]], ...] = (
    pages_are_there_in_each_language,
    pages_say_what_they_are_about,
    questions_can_be_asked,
    concepts_have_enough_questions,
    confusable_terms_can_stand_side_by_side,
    aliases_give_nothing_away,
)
