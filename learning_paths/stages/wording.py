"""Small things the texts and ids of a path need."""

from __future__ import annotations

import hashlib
import re

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from learning_paths.stages.values import OutlineConcept, Prerequisite

# One plain word of at least two letters: "for", "programação", the "ano" of "ano-luz". What it
# does not match, or is not in lower case, keeps its writing: e4, π, pH, f-string, print(), iPhone.
_PLAIN_WORD = re.compile(r"[^\W\d_]{2,}(?=$|[\s,.:;!?]|-[^\W\d_])")
_END = (".", "!", "?", "…")


def current_language() -> str:
    """Return the two letters of the active translation: "pt", "en" or "es"."""
    return (get_language() or "en")[:2]


def title(text: str) -> str:
    """Return `text` with a capital first letter where that does not change what it says."""
    word = _PLAIN_WORD.match(text)
    if word is None or not word[0].islower():
        return text
    return text[0].upper() + text[1:]


def phrase(text: str) -> str:
    """Return a definition as an option shows it: capital first letter, no full stop."""
    return title(text.strip().rstrip(".").rstrip())


def sentence(text: str) -> str:
    """Return `text` with a capital first letter and one mark at its end."""
    text = title(text.strip())
    return text if text.endswith(_END) else f"{text}."


def meaning(concept: OutlineConcept) -> str:
    """Return the term and its definition as one line."""
    return f"{title(concept['term'])}: {sentence(concept['definition'])}"


def why_before(before: OutlineConcept, after: OutlineConcept, edge: Prerequisite) -> str:
    """Return which of two comes first, and the author's reason or else what the first one is."""
    order = _("“%(before)s” comes before “%(after)s”.") % {
        "before": before["term"],
        "after": after["term"],
    }
    return f"{order} {sentence(edge['reason']) if edge['reason'] else meaning(before)}"


def short_hash(*parts: str) -> str:
    """Return 8 hex digits of the sha256 of the parts, for ids that stay the same."""
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:8]


def order_key(*parts: str) -> str:
    """Return a key that sorts as if shuffled, and the same way on every run."""
    return hashlib.sha256("|".join(parts).encode()).hexdigest()
