"""
What makes a good topic, as far as a program can tell.

A rule takes a topic and yields one sentence for each thing that an author has to mend. The rules
are those of docs/catalogue.md; this module has the ones on ids, prerequisites and sizes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from learning_paths.catalogue.exercise_rules import EXERCISE_RULES
from learning_paths.catalogue.names import topic_names
from learning_paths.catalogue.resource_rules import RESOURCE_RULES
from learning_paths.catalogue.text_rules import TEXT_RULES, texts_are_there_in_every_language
from learning_paths.catalogue.topic import Topic, TopicEntry

Rule = Callable[[Topic], Iterator[str]]

CATEGORIES = frozenset(
    "technology science maths finance health arts culture history languages hobby".split()  # noqa: SIM905
)
#: A path may have 30 nodes, one of which is the topic itself.
FEWEST_CONCEPTS = 30
BRANCHES = range(4, 9)
FEWEST_CONCEPTS_OF_A_BRANCH = 3
#: The shortest path has 10 nodes: the topic and 9 concepts.
ESSENTIALS = range(9, 13)
#: `min_width` is 3 by default: so many concepts have to stand on the first level.
FEWEST_ENTRIES = 3
#: A question needs three wrong answers of the same kind.
FEWEST_CONCEPTS_OF_A_KIND = 4
LONGEST_CHAIN = range(4, 10)
MOST_PREREQUISITES = 3
CONCEPT_MINUTES = range(5, 181)

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def broken_rules(topic: Topic) -> list[str]:
    """Return what is wrong with the topic, each as a sentence; empty if it is good."""
    # The other rules read every text, so they cannot run while one is missing.
    missing = list(texts_are_there_in_every_language(topic))
    found = missing or [finding for rule in RULES for finding in rule(topic)]
    return [f"{topic.id}: {finding}" for finding in found]


def clashing_names(entries: Sequence[TopicEntry]) -> list[str]:
    """Return a sentence for each name, in any language, that leads to more than one topic."""
    owners: dict[str, list[str]] = {}
    for entry in entries:
        for name in topic_names(entry):
            owners.setdefault(name, []).append(entry.id)
    return [
        f"the name {name!r} is claimed by {' and '.join(ids)}; leave it to one of them"
        for name, ids in sorted(owners.items())
        if len(ids) > 1
    ]


def longest_chain(topic: Topic) -> list[str]:
    """Return the ids of a longest chain of prerequisites, the first to learn first."""
    chains: dict[str, list[str]] = {}
    for concept in topic.concepts:
        before = [chains[need] for need in concept.prerequisites if need in chains]
        chains[concept.id] = [*max(before, key=len, default=[]), concept.id]
    return max(chains.values(), key=len, default=[])


def ids_are_unique_slugs(topic: Topic) -> Iterator[str]:
    for what, ids in (
        ("topic", [topic.id]),
        ("branch", [branch.id for branch in topic.branches]),
        ("concept", [concept.id for concept in topic.concepts]),
        ("kind", [concept.kind for concept in topic.concepts]),
    ):
        for slug, count in Counter(ids).items():
            if count > 1 and what != "kind":
                yield f"{what} {slug}: there are {count} with this id"
            if not _SLUG.fullmatch(slug):
                yield f"{what} {slug}: an id is made of a-z, 0-9 and single hyphens"


def head_is_in_order(topic: Topic) -> Iterator[str]:
    if topic.category not in CATEGORIES:
        yield f"category {topic.category!r} is none of {', '.join(sorted(CATEGORIES))}"
    if topic.version < 1:
        yield f"version is {topic.version}; it starts at 1"
    if topic.wikidata is not None and not re.fullmatch(r"Q[1-9]\d*", topic.wikidata):
        yield f"wikidata {topic.wikidata!r} is not like Q28865"
    for name, items, sizes in (
        ("objectives", topic.objectives, range(3, 7)),
        ("prerequisite_knowledge", topic.prerequisite_knowledge, range(1, 4)),
    ):
        if len(items) not in sizes:
            yield f"there are {len(items)} {name}; {_span(sizes)} are right"


def branches_are_of_a_teachable_size(topic: Topic) -> Iterator[str]:
    if len(topic.branches) not in BRANCHES:
        yield f"there are {len(topic.branches)} branches; {_span(BRANCHES)} are right"
    sizes = Counter(concept.branch for concept in topic.concepts)
    known = {branch.id for branch in topic.branches}
    for branch in topic.branches:
        if sizes[branch.id] < FEWEST_CONCEPTS_OF_A_BRANCH:
            yield (
                f"branch {branch.id} has {sizes[branch.id]} concepts; "
                f"it takes at least {FEWEST_CONCEPTS_OF_A_BRANCH}"
            )
    for concept in topic.concepts:
        if concept.branch not in known:
            yield f"concept {concept.id}: there is no branch {concept.branch!r}"


def concepts_are_enough_for_the_largest_path(topic: Topic) -> Iterator[str]:
    if len(topic.concepts) < FEWEST_CONCEPTS:
        yield f"there are {len(topic.concepts)} concepts; it takes at least {FEWEST_CONCEPTS}"


def prerequisites_stand_earlier(topic: Topic) -> Iterator[str]:
    """What stands earlier cannot come round again, so there is no cycle either."""
    places = {concept.id: place for place, concept in enumerate(topic.concepts)}
    for place, concept in enumerate(topic.concepts):
        for need in concept.prerequisites:
            if need not in places:
                yield f"concept {concept.id}: its prerequisite {need!r} does not exist"
            elif places[need] >= place:
                yield f"concept {concept.id} stands before its prerequisite {need}; move it behind"


def prerequisites_are_few_and_direct(topic: Topic) -> Iterator[str]:
    ancestors = _ancestors(topic)
    for concept in topic.concepts:
        given = concept.prerequisites
        if len(given) > MOST_PREREQUISITES or len(set(given)) < len(given):
            yield f"concept {concept.id}: give 0 to {MOST_PREREQUISITES} different prerequisites"
        for need in given:
            if through := [other for other in given if need in ancestors.get(other, ())]:
                yield (
                    f"concept {concept.id}: the prerequisite {need} is no direct one, "
                    f"{through[0]} needs it already; leave it out"
                )


def essentials_are_a_path_of_their_own(topic: Topic) -> Iterator[str]:
    essential = {concept.id for concept in topic.concepts if concept.essential}
    if len(essential) not in ESSENTIALS:
        yield f"there are {len(essential)} essential concepts; {_span(ESSENTIALS)} are right"
    for concept in topic.concepts:
        for need in concept.prerequisites:
            if concept.essential and need not in essential:
                yield f"concept {concept.id} is essential, so its prerequisite {need} has to be"
    entries = [each for each in topic.concepts if each.essential and not each.prerequisites]
    if len(entries) < FEWEST_ENTRIES:
        yield (
            f"{len(entries)} essential concepts have no prerequisite; "
            f"it takes at least {FEWEST_ENTRIES} to begin with"
        )


def kinds_have_enough_members(topic: Topic) -> Iterator[str]:
    for kind, size in sorted(Counter(concept.kind for concept in topic.concepts).items()):
        if size < FEWEST_CONCEPTS_OF_A_KIND:
            yield (
                f"kind {kind!r} has {size} concepts; it takes at least "
                f"{FEWEST_CONCEPTS_OF_A_KIND}, so that wrong answers can be alike"
            )


def longest_chain_fits_a_tree(topic: Topic) -> Iterator[str]:
    chain = longest_chain(topic)
    if len(chain) not in LONGEST_CHAIN:
        yield (
            f"the longest chain of prerequisites has {len(chain)} concepts "
            f"({', '.join(chain)}); {_span(LONGEST_CHAIN)} are right"
        )


def difficulty_never_falls(topic: Topic) -> Iterator[str]:
    difficulty = {concept.id: concept.difficulty for concept in topic.concepts}
    for concept in topic.concepts:
        if concept.difficulty not in range(1, 4):
            yield f"concept {concept.id}: difficulty is {concept.difficulty}; 1, 2 or 3 is right"
        for need in concept.prerequisites:
            if difficulty.get(need, 0) > concept.difficulty:
                yield (
                    f"concept {concept.id}: difficulty {concept.difficulty} is below "
                    f"the {difficulty[need]} of its prerequisite {need}"
                )


def minutes_are_sane(topic: Topic) -> Iterator[str]:
    for concept in topic.concepts:
        if concept.minutes not in CONCEPT_MINUTES:
            yield f"concept {concept.id}: {concept.minutes} minutes; {_span(CONCEPT_MINUTES)} fit"


def neighbours_exist(topic: Topic) -> Iterator[str]:
    known = {concept.id for concept in topic.concepts}
    for concept in topic.concepts:
        for field in ("confusable", "not_distractors"):
            for other in getattr(concept, field):
                if other not in known or other == concept.id:
                    yield f"concept {concept.id}: {field} has {other!r}, which is no other concept"
        for other in concept.confusable:
            if other in concept.not_distractors:
                yield f"concept {concept.id}: {other} is both in confusable and in not_distractors"


def reason_goes_with_a_prerequisite(topic: Topic) -> Iterator[str]:
    for concept in topic.concepts:
        if concept.prerequisites and concept.reason is None:
            yield f"concept {concept.id}: say in `reason` why {concept.prerequisites[0]} is first"
        if concept.reason is not None and not concept.prerequisites:
            yield f"concept {concept.id}: there is no prerequisite, so leave out `reason`"


RULES: tuple[Rule, ...] = (
    ids_are_unique_slugs,
    head_is_in_order,
    branches_are_of_a_teachable_size,
    concepts_are_enough_for_the_largest_path,
    prerequisites_stand_earlier,
    prerequisites_are_few_and_direct,
    essentials_are_a_path_of_their_own,
    kinds_have_enough_members,
    longest_chain_fits_a_tree,
    difficulty_never_falls,
    minutes_are_sane,
    neighbours_exist,
    reason_goes_with_a_prerequisite,
    *TEXT_RULES,
    *EXERCISE_RULES,
    *RESOURCE_RULES,
)


def _ancestors(topic: Topic) -> dict[str, set[str]]:
    ancestors: dict[str, set[str]] = {}
    for concept in topic.concepts:
        direct = set(concept.prerequisites)
        ancestors[concept.id] = direct.union(*(ancestors.get(need, set()) for need in direct))
    return ancestors


def _span(allowed: range) -> str:
    return f"{allowed[0]} to {allowed[-1]}"
