"""
The quizzes of a path: which of the possible questions are asked, with which options, in which
place.

A quiz has three to five questions about its node, and where there are not three, questions about
what comes before it. The wrong options are chosen so that over the path nothing but knowledge
helps: the key is as often the longest option as any other, it echoes the stem no more than they
do, and its place goes round.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, combinations

from django.utils.translation import gettext as _

from learning_paths.stages.quiz_items import Draft, Drafts
from learning_paths.stages.quiz_validator import (
    ASKED_ALREADY,
    QuizContext,
    faults,
    key_is_longest,
    key_is_too_often_longest,
    stems,
    sticks_out,
)
from learning_paths.stages.values import (
    ROOT,
    Diagnostic,
    Outline,
    Question,
    Quizzes,
    Tree,
    TreeNode,
)
from learning_paths.stages.wording import current_language, order_key, phrase, title
from learning_paths.text import normalized_answer, word_count

#: In percent; 3 of 4 and 4 of 5 pass, 2 of 3 does not.
PASSING_SCORE = 70
FEWEST, AIM = 3, 4
OPTIONS, FEWEST_OPTIONS = 4, 3
# One quiz in so many is short, so that a question is left for an exercise.
_LEAVES_ONE = 3

# What one place down the list of plausible wrong options costs, against one question's worth of
# imbalance in the path. Measured over five topics, three languages and four sizes.
_COST_OF_RANK = 0.12
_COST_OF_IMBALANCE = 1.0
_COST_OF_ECHO = 1.0
_COST_OF_REPETITION = 0.15
# More than all the others together: such a question is dropped.
_COST_OF_CLANG = 100.0


def quizzes(outline: Outline, tree: Tree) -> Quizzes:
    """
    Return a quiz for every node that has three sound questions, in the active language.

    The same outline and tree give the same quizzes. A node left without one is named in
    `diagnostics`.
    """
    drafts = Drafts(outline, tree, current_language())
    bench = _Bench(_context(outline), seed=f"{outline['topic']}|{outline['version']}")
    by_node: dict[str, list[Question]] = {node["id"]: [] for node in tree["nodes"]}
    by_node[ROOT] = bench.take(drafts.overview(), count=AIM, is_mixed=False)
    for place, node in enumerate(tree["nodes"][1:], start=1):
        by_node[node["id"]] = bench.take(drafts.about(node["id"]), count=_aim(outline, place))
    for node in tree["nodes"][1:]:
        _review(by_node, node, drafts, bench)
    thin_out_long_keys(by_node)
    unused = _unused(tree, drafts, bench)
    asked = {id: quiz for id, quiz in by_node.items() if len(quiz) >= FEWEST}
    _deal([*asked.values(), *unused.values()], bench.seed)
    return Quizzes(
        by_node={id: asked.get(id) for id in by_node},
        unused=unused,
        rejected=dict(sorted(Counter(chain(*bench.rejected.values())).items())),
        diagnostics=_diagnostics(outline, by_node.keys() - asked.keys()),
    )


def dropped(drafts: Iterable[Draft], outline: Outline) -> Iterator[tuple[Draft, list[str]]]:
    """Yield each draft no sound question can be made of, by itself, with the rules it breaks."""
    context = _context(outline)
    for draft in drafts:
        bench = _Bench(context, seed="")
        if not bench.take([draft], count=1):
            yield draft, bench.rejected[draft.text]


def _aim(outline: Outline, place: int) -> int:
    """Return how many questions the quiz of a node is to have; beginners get the easiest three."""
    is_short = place % _LEAVES_ONE == 0 or outline.get("level") == "beginner"
    return FEWEST if is_short else AIM


def _context(outline: Outline) -> QuizContext:
    concepts = [*outline["concepts"], *outline["spare"]]
    return QuizContext(
        language=current_language(),
        terms=frozenset(normalized_answer(concept["term"]) for concept in concepts),
        definitions=frozenset(
            normalized_answer(phrase(concept["definition"])) for concept in concepts
        ),
    )


@dataclass
class _Bench:
    """Turns drafts into questions, and remembers what the path has so far."""

    context: QuizContext
    seed: str
    stems: set[str] = field(default_factory=set)
    taken: set[tuple[str, str]] = field(default_factory=set)
    #: How often the key had so many wrong options at least as long as itself.
    lengths: Counter[int] = field(default_factory=Counter)
    wrong_uses: Counter[str] = field(default_factory=Counter)
    #: Right answers, above chance, of who takes the option that repeats most of the question.
    echo_gain: float = 0.0
    #: By the text of what was not asked, the rules it broke.
    rejected: dict[str, list[str]] = field(default_factory=dict)

    def take(
        self, drafts: Iterable[Draft], *, count: int, is_mixed: bool = True, options: int = OPTIONS
    ) -> list[Question]:
        """Return up to `count` sound questions; none of the same kind if `is_mixed`."""
        taken: list[Question] = []
        kinds: set[str] = set()
        for draft in drafts:
            if len(taken) == count:
                break
            if is_mixed and draft.kind in kinds:
                continue
            if question := self._sound(draft, options - 1):
                taken.append(self._note(question))
                kinds.add(draft.kind)
        return taken

    def _sound(self, draft: Draft, wrong_options: int) -> Question | None:
        wrong = self._choose(draft, wrong_options)
        if not wrong:
            self.rejected[draft.text] = ["few_options"]
            return None
        question = _question(draft, wrong, self.seed)
        so_far = replace(self.context, stems=self.stems, taken=self.taken)
        found = faults(question, so_far)
        if unsound := [code for code in found if code not in ASKED_ALREADY]:
            self.rejected[draft.text] = unsound
        return None if found else question

    def _note(self, question: Question) -> Question:
        self.rejected.pop(question["text"], None)
        self.stems.add(normalized_answer(question["text"]))
        self.taken.add((question["key"], question["kind"]))
        right = question["options"][question["correct"]]
        wrong = [option for option in question["options"] if option != right]
        if len(question["options"]) == OPTIONS:
            self.lengths[_as_long(right, wrong)] += 1
        self.wrong_uses.update(wrong)
        echoes = _echoes(question["text"], question["options"], self.context.language)
        self.echo_gain += _echo_gain(echoes[right], [echoes[option] for option in wrong])
        return question

    def _choose(self, draft: Draft, count: int) -> tuple[str, ...]:
        """Return the `count` wrong options that cost least; none if no set is possible."""
        price = {
            option: _COST_OF_RANK * place + _COST_OF_REPETITION * self.wrong_uses[option]
            for place, option in enumerate(draft.wrong)
        }
        fewest = min(self.lengths[number] for number in range(OPTIONS))
        echo_cost = self._uneven(draft) if draft.is_evened else self._loud(draft)

        def cost(options: tuple[str, ...]) -> float:
            imbalance = self.lengths[_as_long(draft.right, options)] - fewest
            return (
                sum(price[option] for option in options)
                + echo_cost(options)
                + _COST_OF_IMBALANCE * imbalance
            )

        # The first of equals wins, and combinations come in the order of plausibility.
        return min(_even_sets(draft, count), key=cost, default=())

    def _loud(self, draft: Draft) -> Callable[[tuple[str, ...]], float]:
        """Return what it costs that a wrong option repeats more of the question than the right."""
        echoes = _echoes(draft.text, (draft.right, *draft.wrong), self.context.language)
        most = len(echoes[draft.right])
        louder = {option for option in draft.wrong if len(echoes[option]) > most}
        return lambda options: _COST_OF_ECHO * (not louder.isdisjoint(options))

    def _uneven(self, draft: Draft) -> Callable[[tuple[str, ...]], float]:
        """Return what it costs that who listens for echoes does better, or worse, than chance."""
        echoes = _echoes(draft.text, (draft.right, *draft.wrong), self.context.language)
        right = echoes[draft.right]

        def cost(options: tuple[str, ...]) -> float:
            others = [echoes[option] for option in options]
            gain = self.echo_gain + _echo_gain(right, others)
            return _COST_OF_ECHO * abs(gain) + _COST_OF_CLANG * bool(right.difference(*others))

        return cost


def _echoes(text: str, options: Iterable[str], language: str) -> dict[str, frozenset[str]]:
    """Return the stems of the question that each option repeats."""
    said = stems(text, language)
    return {option: said & stems(option, language) for option in options}


def _echo_gain(right: Collection[str], others: Sequence[Collection[str]]) -> float:
    """Return how much above chance it is right to take the option that repeats most."""
    most = max(map(len, [right, *others]))
    best = sum(len(echo) == most for echo in [right, *others])
    return (len(right) == most) / best - 1 / (1 + len(others))


def _even_sets(draft: Draft, count: int) -> Iterator[tuple[str, ...]]:
    """Yield the sets of wrong options among which the right one does not stick out."""
    size = {option: word_count(option) for option in (draft.right, *draft.wrong)}
    for options in combinations(draft.wrong, count):
        if sticks_out(draft.right, options):
            continue
        sizes = [size[draft.right], *(size[option] for option in options)]
        if draft.most_to_least is None or max(sizes) <= draft.most_to_least * min(sizes):
            yield options


def _question(draft: Draft, wrong: Sequence[str], seed: str) -> Question:
    """Return the question with its key first; `_deal` moves it."""
    ordered = sorted(wrong, key=lambda option: order_key(seed, draft.text, option))
    return Question(
        kind=draft.kind,
        concept=draft.concept,
        key=draft.key,
        text=draft.text,
        options=[draft.right, *ordered],
        correct=0,
        explanation=draft.explanation,
        difficulty=draft.difficulty,
    )


def _as_long(right: str, wrong: Iterable[str]) -> int:
    """Return how many wrong options have at least as many characters as the right one."""
    return sum(len(option) >= len(right) for option in wrong)


def _review(
    by_node: dict[str, list[Question]], node: TreeNode, drafts: Drafts, bench: _Bench
) -> None:
    """
    Fill a quiz of fewer than three: with questions about what comes before the node, nearest
    first, then with ones of three options about the node itself.
    """
    quiz = by_node[node["id"]]
    for before in drafts.before(node["id"]):
        missing = max(0, FEWEST - len(quiz))
        quiz += bench.take(drafts.about(before), count=missing, is_mixed=False)
    missing = max(0, FEWEST - len(quiz))
    quiz += bench.take(drafts.about(node["id"]), count=missing, options=FEWEST_OPTIONS)


def thin_out_long_keys(by_node: dict[str, list[Question]]) -> None:
    """
    Drop questions whose key is the longest option until the path's share of them is allowed.

    The longest quizzes lose theirs first. One that falls below FEWEST no longer counts.
    """
    while True:
        counted = {id: quiz for id, quiz in by_node.items() if len(quiz) >= FEWEST}
        questions = [question for quiz in counted.values() for question in quiz]
        if not key_is_too_often_longest(questions):
            return
        telling = [id for id, quiz in counted.items() if any(map(key_is_longest, quiz))]
        quiz = by_node[max(telling, key=lambda id: len(by_node[id]))]
        quiz.remove(next(filter(key_is_longest, reversed(quiz))))


def _unused(tree: Tree, drafts: Drafts, bench: _Bench) -> dict[str, list[Question]]:
    """Return what is left to ask about each concept, one of a kind."""
    return {
        node["id"]: bench.take(drafts.about(node["id"]), count=AIM) for node in tree["nodes"][1:]
    }


def _deal(quizzes: Iterable[list[Question]], seed: str) -> None:
    """Give the keys their places: each place once per round, the rounds ordered by the seed."""
    places = {size: _places(seed, size) for size in (FEWEST_OPTIONS, OPTIONS)}
    for quiz in quizzes:
        for question in quiz:
            right, *wrong = question["options"]
            place = next(places[len(question["options"])])
            question["options"] = [*wrong[:place], right, *wrong[place:]]
            question["correct"] = place


def _places(seed: str, size: int) -> Iterator[int]:
    turn = 0
    while True:
        yield from sorted(range(size), key=lambda place: order_key(seed, str(turn), str(place)))
        turn += 1


def _diagnostics(outline: Outline, missing: Collection[str]) -> list[Diagnostic]:
    names = {ROOT: outline["title"]} | {
        concept["id"]: title(concept["term"]) for concept in outline["concepts"]
    }
    message = _("“%(name)s” has no quiz: fewer than three questions about it were sound.")
    return [
        Diagnostic(level="info", code="no_quiz", message=message % {"name": name})
        for id, name in names.items()
        if id in missing
    ]
