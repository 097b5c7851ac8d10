"""
The sorts of exercise, each made of the catalogue's own texts.

A builder returns None where the path has not got what the sort needs. Hints come in three steps
at most: from what the thing is about to nearly the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from learning_paths.stages.values import Outline, OutlineConcept, PathExercise, Question
from learning_paths.stages.wording import meaning, order_key, phrase, sentence, title, why_before
from learning_paths.text import BLANK, masked, normalized_answer, share_a_stem

_LETTERS = "ABC"
_MINUTES = {"term": 3, "choice": 3, "order": 5, "compare": 10}
_PROJECT_MINUTES, _PROJECT_MINUTES_PER_POINT = 10, 5
_PROJECT_POINTS = 5
# Topics expect two or three things; a path for advanced learners expects some of its basics too.
_READINESS_POINTS, _READINESS_MINUTES_PER_FURTHER = 3, 2


class Material:
    """A path's concepts and branches, looked up by id."""

    def __init__(self, outline: Outline, order: Sequence[str], language: str) -> None:
        self.concepts = {concept["id"]: concept for concept in outline["concepts"]}
        self.branches = {branch["id"]: branch["title"] for branch in outline["branches"]}
        self.order = order
        self.language = language

    def branch_of(self, concept: OutlineConcept) -> str:
        return self.branches[concept["branch"]]

    def prerequisite_hints(self, concept: OutlineConcept) -> list[str]:
        """Return why the strongest prerequisite comes first, if it is in the path."""
        for edge in concept["prerequisites"][:1]:
            if edge["id"] in self.concepts:
                return [why_before(self.concepts[edge["id"]], concept, edge)]
        return []


# --- by hand ---------------------------------------------------------------------------------


def hand_written(concept: OutlineConcept, material: Material) -> PathExercise:
    """Return the author's exercise. A program is judged by the learner: nothing here runs code."""
    given = concept["exercise"]
    about = [meaning(concept), *material.prerequisite_hints(concept)]
    exercise = PathExercise(
        key=f"{concept['id']}/own",
        method="manual",
        title=_("Practice: %(term)s") % {"term": title(concept["term"])},
        description=sentence(concept["objective"]),
        instructions=given["prompt"],
        minutes=given["minutes"],
        difficulty=concept["difficulty"],
        hints=about,
        solution=given.get("solution", ""),
        answer="",
        accepted=[],
        checklist=given.get("checklist", []),
        options=[],
    )
    if given["kind"] == "text_match":
        _judge_by_text(exercise, given["answers"])
    elif given["kind"] == "code":
        _judge_by_output(exercise, given["language"], given["code"], given["output"])
    else:
        first = exercise["checklist"][0]
        exercise["hints"] = [*about, _("First make sure of this: %(point)s") % {"point": first}]
        exercise["solution"] = exercise["solution"] or _as_solution(exercise["checklist"])
    return exercise


def _judge_by_text(exercise: PathExercise, answers: Sequence[str]) -> None:
    exercise["method"] = "text_match"
    exercise["answer"] = answers[0]
    exercise["accepted"] = _accepted(answers)
    exercise["hints"] = [*exercise["hints"], _shape(answers[0])]


def _judge_by_output(exercise: PathExercise, language: str, code: str, output: str) -> None:
    """Keep it manual, but say exactly what has to appear on the screen."""
    lines = output.splitlines()
    prints = ngettext(
        "The program prints %(count)d line; it begins with “%(start)s”.",
        "The program prints %(count)d lines; the first is “%(start)s”.",
        len(lines),
    ) % {"count": len(lines), "start": lines[0]}
    idea = exercise["solution"]
    exercise["hints"] = [exercise["hints"][0], idea, prints]
    exercise["checklist"] = [
        _("The program runs without an error message."),
        _("What it prints is exactly this: %(output)s") % {"output": " ⏎ ".join(lines)},
    ]
    exercise["solution"] = f"{idea}\n\n```{language}\n{code.strip()}\n```\n\n```\n{output}```"
    exercise["language"] = language
    exercise["output"] = output


def _as_solution(checklist: Sequence[str]) -> str:
    return "\n".join([_("A good result looks like this:"), *_bullets(checklist)])


def _bullets(points: Sequence[str]) -> list[str]:
    return [f"- {point}" for point in points]


# --- from the path's texts -------------------------------------------------------------------


def name_the_term(concept: OutlineConcept, material: Material) -> PathExercise:
    """Ask for the term of a definition."""
    names = [concept["term"], *concept["aliases"]]
    definition = phrase(masked(concept["definition"], names, material.language))
    return PathExercise(
        key=f"{concept['id']}/term",
        method="text_match",
        title=_("Find the word"),
        description=_("Recall a term from what it means."),
        instructions=_("Write the term for this description: “%(definition)s”")
        % {"definition": definition},
        minutes=_MINUTES["term"],
        difficulty=concept["difficulty"],
        hints=[*_chapter(concept, material), _shape(concept["term"]), *_blanks(concept)],
        solution=meaning(concept),
        answer=concept["term"],
        accepted=_accepted(names),
        checklist=[],
        options=[],
    )


def put_in_order(concept: OutlineConcept, material: Material) -> PathExercise | None:
    """
    Ask for the order of three concepts that build on one another, `concept` last.

    The order is the only right one: each is a catalogue prerequisite of the next.
    """
    chain = _chain(concept, material)
    if chain is None:
        return None
    shown = sorted(chain, key=lambda one: order_key(concept["id"], one["id"]))
    if shown == chain:
        shown = [*chain[1:], chain[0]]
    letters = {one["id"]: letter for one, letter in zip(shown, _LETTERS, strict=True)}
    right = [letters[one["id"]] for one in chain]
    terms = [one["term"] for one in chain]
    listed = "; ".join(f"{letters[one['id']]}. {one['term']}" for one in shown)
    steps = [_edge_reason(before, after) for before, after in pairwise(chain)]
    return PathExercise(
        key="/".join([*(one["id"] for one in chain), "order"]),
        method="text_match",
        title=_("In order: %(terms)s") % {"terms": ", ".join(one["term"] for one in shown)},
        description=_("One of the three builds on another, and that one on the third."),
        instructions=_("In which order are these learned? Answer with the three letters. %(list)s")
        % {"list": listed},
        minutes=_MINUTES["order"],
        difficulty=concept["difficulty"],
        hints=[meaning(chain[0]), steps[1], _("“%(term)s” comes first.") % {"term": terms[0]}],
        solution="\n".join([", ".join(right), *steps]),
        answer=", ".join(right),
        accepted=_accepted([", ".join(right), "".join(right), ", ".join(terms), " > ".join(right)]),
        checklist=[],
        options=[],
    )


def _chain(concept: OutlineConcept, material: Material) -> list[OutlineConcept] | None:
    """Return the concept with a prerequisite and the prerequisite's own, first things first."""
    for edge in concept["prerequisites"]:
        middle = material.concepts.get(edge["id"])
        for earlier in middle["prerequisites"] if middle else ():
            first = material.concepts.get(earlier["id"])
            if middle and first:
                return [first, middle, concept]
    return None


def _edge_reason(before: OutlineConcept, after: OutlineConcept) -> str:
    edge = next(edge for edge in after["prerequisites"] if edge["id"] == before["id"])
    return why_before(before, after, edge)


def compare(concept: OutlineConcept, other: OutlineConcept, material: Material) -> PathExercise:
    """Ask what two like concepts share and what sets them apart."""
    names = {"one": concept["term"], "other": other["term"]}
    return PathExercise(
        key="/".join([*sorted([concept["id"], other["id"]]), "compare"]),
        method="manual",
        title=_("Compare: %(one)s, %(other)s") % names,
        description=_("Two concepts side by side."),
        instructions=_(
            "Compare “%(one)s” and “%(other)s”: write one sentence on what they have in common, "
            "one on what sets them apart, and one on a case in which the first matters and the "
            "second does not."
        )
        % names,
        minutes=_MINUTES["compare"],
        difficulty=max(concept["difficulty"], other["difficulty"]),
        hints=[_where(concept, other, material), meaning(other), meaning(concept)],
        solution=f"{meaning(concept)}\n{meaning(other)}",
        answer="",
        accepted=[],
        checklist=[
            _agrees(concept),
            _agrees(other),
            _("In the case I describe, exchanging the two would make the sentence wrong."),
        ],
        options=[],
    )


def _agrees(concept: OutlineConcept) -> str:
    return _("What I wrote agrees with this. %(meaning)s") % {"meaning": meaning(concept)}


def _where(one: OutlineConcept, other: OutlineConcept, material: Material) -> str:
    if one["branch"] == other["branch"]:
        return _("Both belong to the chapter “%(branch)s”.") % {"branch": material.branch_of(one)}
    return _("“%(one)s” belongs to “%(here)s”, “%(other)s” to “%(there)s”.") % {
        "one": one["term"],
        "here": material.branch_of(one),
        "other": other["term"],
        "there": material.branch_of(other),
    }


def project(concept: OutlineConcept, material: Material) -> PathExercise | None:
    """Ask for one work that shows a whole branch, where `concept` is its last one in the path."""
    part = [
        material.concepts[id]
        for id in material.order
        if material.concepts[id]["branch"] == concept["branch"]
    ][-_PROJECT_POINTS:]
    if part[-1]["id"] != concept["id"] or len(part) < 2:
        return None
    points = [sentence(one["objective"]) for one in part]
    task = _(
        "Pick a subject of your own and make one small piece of work in which all of this can "
        "be seen:"
    )
    terms = ", ".join(one["term"] for one in part)
    return PathExercise(
        key=f"{concept['branch']}/project",
        method="manual",
        title=_("Project: %(branch)s") % {"branch": material.branch_of(concept)},
        description=_("One piece of work from these concepts: %(terms)s.") % {"terms": terms},
        instructions="\n".join([task, *_bullets(points)]),
        minutes=_PROJECT_MINUTES + _PROJECT_MINUTES_PER_POINT * len(points),
        difficulty=concept["difficulty"],
        hints=[meaning(one) for one in (*part[:2], *part[2:][-1:])],
        solution=_as_solution(points),
        answer="",
        accepted=[],
        checklist=points,
        options=[],
    )


def choice(question: Question, concept: OutlineConcept, material: Material) -> PathExercise:
    """Return a sound question that no quiz took."""
    right = question["options"][question["correct"]]
    return PathExercise(
        key=f"{question['concept']}/{question['key']}/{question['kind']}",
        method="multiple_choice",
        title=_("Choose: %(term)s") % {"term": title(concept["term"])},
        description=_("One more question on this step."),
        instructions=question["text"],
        minutes=_MINUTES["choice"],
        difficulty=question["difficulty"],
        hints=_choice_hints(question, concept, material),
        solution=question["explanation"],
        answer=str(question["correct"]),
        accepted=_accepted([right]),
        checklist=[],
        options=question["options"],
    )


def _choice_hints(question: Question, concept: OutlineConcept, material: Material) -> list[str]:
    right = question["options"][question["correct"]]
    if question["kind"] == "term_to_definition":
        start = " ".join(right.split()[:3])
        opening = _("The right one begins with “%(start)s”.") % {"start": start}
        return [*_blanks(concept), *material.prerequisite_hints(concept), opening]
    key = material.concepts[question["key"]]
    return [meaning(concept), *_chapter(key, material), _shape(right)]


# --- the path's start ------------------------------------------------------------------------


def readiness(outline: Outline) -> PathExercise | None:
    """Ask whether the learner brings what the topic's author expects."""
    points = [sentence(point) for point in outline["prerequisite_knowledge"]]
    if not points:
        return None
    further = max(0, len(points) - _READINESS_POINTS)
    return PathExercise(
        key="root/readiness",
        method="manual",
        title=_("Before you begin"),
        description=_("What this path builds on."),
        instructions=_("Go through the list and write down an example of your own for each point."),
        minutes=_MINUTES["order"] + _READINESS_MINUTES_PER_FURTHER * further,
        difficulty=1,
        hints=[],
        solution=_as_solution(points),
        answer="",
        accepted=[],
        checklist=points,
        options=[],
    )


# --- shared ----------------------------------------------------------------------------------


def _accepted(answers: Sequence[str]) -> list[str]:
    return [*dict.fromkeys(map(normalized_answer, answers))]


def _chapter(concept: OutlineConcept, material: Material) -> list[str]:
    """Return which chapter the concept belongs to, unless the chapter is named after it."""
    branch = material.branch_of(concept)
    if share_a_stem(branch, concept["term"], material.language):
        return []
    return [_("It belongs to the chapter “%(branch)s”.") % {"branch": branch}]


def _blanks(concept: OutlineConcept) -> list[str]:
    """Return the concept's first sentence with a blank, if it has one."""
    return [sentence(fact.replace("{}", BLANK)) for fact in concept["facts"][:1]]


def _shape(answer: str) -> str:
    """Return the first letter and the number of words of an answer, or its number of digits."""
    digits = sum(char.isdigit() for char in answer)
    if answer[0].isdigit():
        return ngettext(
            "The answer is written with %(count)d digit.",
            "The answer is written with %(count)d digits.",
            digits,
        ) % {"count": digits}
    words = len(answer.split())
    return ngettext(
        "The answer is %(count)d word and begins with “%(letter)s”.",
        "The answer is %(count)d words and begins with “%(letter)s”.",
        words,
    ) % {"count": words, "letter": answer[0]}
