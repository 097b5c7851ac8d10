"""What a node says before its pages and exercises: two or three sentences from the catalogue."""

from __future__ import annotations

from django.utils.translation import gettext as _

from learning_paths.stages.values import Outline, OutlineConcept
from learning_paths.stages.wording import meaning, sentence, why_before


def concept_hints(concept: OutlineConcept, outline: Outline) -> list[str]:
    """Return what it builds on, what is close to it, and when it is learned."""
    concepts = {one["id"]: one for one in outline["concepts"]}
    hints = [
        why_before(concepts[edge["id"]], concept, edge)
        for edge in concept["prerequisites"][:1]
        if edge["id"] in concepts
    ]
    close = _("Something close, but different. %(meaning)s")
    hints += [close % {"meaning": meaning(other)} for other in _closest(concept, outline)]
    learned = _("This step is learned when you can do this: %(objective)s")
    return [*hints, learned % {"objective": sentence(concept["objective"])}]


def _closest(concept: OutlineConcept, outline: Outline) -> list[OutlineConcept]:
    """Return the one of its confusable concepts that is most like it, if it has any."""
    known = {one["id"]: one for one in (*outline["concepts"], *outline["spare"])}
    others = [known[id] for id in concept["confusable"] if id in known]
    others.sort(
        key=lambda other: (
            other["kind"] != concept["kind"],
            concept["id"] not in other["confusable"],
            other["branch"] != concept["branch"],
        )
    )
    return others[:1]


def root_hints(outline: Outline) -> list[str]:
    """Return what to bring, where to begin and what the path leads to."""
    first = outline["concepts"][0]
    return [
        *(
            _("It helps to know this beforehand: %(knowledge)s")
            % {"knowledge": sentence(knowledge)}
            for knowledge in outline["prerequisite_knowledge"][:1]
        ),
        _("Begin with “%(term)s”. %(meaning)s")
        % {"term": first["term"], "meaning": meaning(first)},
        *(
            _("At the end you can do this: %(objective)s") % {"objective": sentence(objective)}
            for objective in outline["objectives"][:1]
        ),
    ]
