"""The form of the page: what it shows, and how what comes back becomes a task."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import uuid4

from django.http import QueryDict
from django.utils.translation import get_language

from learning_paths.catalogue.loader import index
from learning_paths.catalogue.topic import LANGUAGES, Language
from learning_paths.handlers import KIND
from learning_paths.request import (
    BOUNDS,
    CATEGORY_LENGTH,
    DEFAULT_LANGUAGE,
    HOURS_PER_WEEK,
    SIMILARITY,
    TOPIC_LENGTH,
    PathRequest,
)
from learning_paths.schema import LEVELS
from reune import page_texts
from tasks import lifecycle
from tasks.models import TaskInfo
from tasks.owners import Owner

#: The sizes one can choose from; the API takes any between the bounds.
SIZES = {"size_short": 10, "size_standard": 15, "size_thorough": 22, "size_full": 30}
#: The numbers behind "more options".
NUMBERS = ("max_resources", "min_width", "max_width", "min_height", "max_height")
FIELDS = (
    *("topic", "language", "num_nodes", "level", "hours_per_week"),
    *(*NUMBERS, "category", "similarity_threshold"),
)
#: As much of a value as the form shows again.
_SHOWN = 300
_NONCE = re.compile(r"[0-9a-f]{32}")


class Suggestion(NamedTuple):
    name: str
    summary: str
    category: str


@dataclass(frozen=True)
class PathForm:
    """
    `values` and `errors` by the name of the parameter; an error of the whole form has no name.

    A form that is sent twice, by a double click or after a lost answer, is one task: `nonce` is
    the same in both.
    """

    values: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)
    nonce: str = ""

    def with_errors(self, errors: Mapping[str, str]) -> PathForm:
        return replace(self, errors=errors)

    @property
    def general_errors(self) -> list[str]:
        """What no field of the form shows beside itself."""
        return [text for name, text in self.errors.items() if name not in FIELDS]

    @property
    def languages(self) -> list[dict[str, Any]]:
        names = {"pt": "Português", "en": "English", "es": "Español"}
        chosen = self.values.get("language") or _page_language()
        return [{"code": code, "name": names[code], "chosen": code == chosen} for code in LANGUAGES]

    @property
    def sizes(self) -> list[dict[str, Any]]:
        chosen = self.values.get("num_nodes") or str(BOUNDS["num_nodes"].default)
        return [
            {"label": page_texts.FORM[name], "nodes": nodes, "chosen": chosen == str(nodes)}
            for name, nodes in SIZES.items()
        ]

    @property
    def levels(self) -> list[dict[str, Any]]:
        """Nobody's in particular first, which is no value."""
        chosen = self.values.get("level", "")
        names = {"": page_texts.FORM["level_any"]} | {
            level: page_texts.PATH[level] for level in LEVELS.values()
        }
        return [
            {"code": code, "name": name, "chosen": code == chosen} for code, name in names.items()
        ]

    @property
    def numbers(self) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "label": page_texts.FORM[name],
                "value": self.values.get(name, ""),
                "error": self.errors.get(name, ""),
                "bound": BOUNDS[name],
            }
            for name in NUMBERS
        ]

    @property
    def similarity(self) -> dict[str, str]:
        # As text: a template would write 0,15 in Portuguese, which is no number to a browser.
        return dict(zip(("lowest", "highest", "default"), map(str, SIMILARITY), strict=True))

    @property
    def is_unfolded(self) -> bool:
        """Whether a value or an error is behind "more options"."""
        return any(
            self.values.get(name) or self.errors.get(name)
            for name in (*NUMBERS, "category", "similarity_threshold")
        )

    @property
    def limits(self) -> dict[str, int]:
        shortest, longest = TOPIC_LENGTH
        fewest, most = HOURS_PER_WEEK
        return {
            "shortest": shortest,
            "longest": longest,
            "category": CATEGORY_LENGTH,
            "fewest_hours": fewest,
            "most_hours": most,
        }


def from_query(query: QueryDict) -> PathForm:
    """A form to fill in; a link to the page may fill in some of it."""
    return PathForm(_values(query), nonce=uuid4().hex)


def from_post(sent: QueryDict) -> PathForm:
    nonce = sent.get("nonce", "")
    return PathForm(_values(sent), nonce=nonce if _NONCE.fullmatch(nonce) else uuid4().hex)


def submit(form: PathForm, owner: Owner) -> TaskInfo:
    """Raises InvalidRequest, in the page's language and not the path's, and what submit raises."""
    PathRequest.from_params({**form.values, "language": _page_language()})
    wanted = json.dumps(form.values, sort_keys=True).encode()
    key = f"page-{form.nonce}-{hashlib.sha256(wanted).hexdigest()[:32]}"
    return lifecycle.submit(KIND, form.values, owner=owner, idempotency_key=key)


def topics() -> tuple[Suggestion, ...]:
    """Every topic of the catalogue in the page's language, by name."""
    return _topics(_page_language())


@lru_cache(maxsize=len(LANGUAGES))
def _topics(language: Language) -> tuple[Suggestion, ...]:
    found = (
        Suggestion(entry.title[language], entry.summary[language], entry.category)
        for entry in index()
    )
    return tuple(sorted(found, key=lambda one: one.name.casefold()))


def mixed(topics: Sequence[Suggestion], limit: int) -> list[Suggestion]:
    """Return the first of each category, the second of each and so on, up to `limit`, by name."""
    seen: Counter[str] = Counter()
    rounds: dict[Suggestion, int] = {}
    for topic in topics:
        rounds[topic] = seen[topic.category]
        seen[topic.category] += 1
    chosen = set(sorted(topics, key=rounds.__getitem__)[:limit])
    return [topic for topic in topics if topic in chosen]


def _values(sent: QueryDict) -> dict[str, str]:
    given = {name: sent.get(name, "").strip()[:_SHOWN] for name in FIELDS}
    return {name: value for name, value in given.items() if value}


def _page_language() -> Language:
    code = (get_language() or DEFAULT_LANGUAGE).split("-")[0]
    return code if code in LANGUAGES else DEFAULT_LANGUAGE
