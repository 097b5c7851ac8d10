"""What staff type to find tasks: an id or its beginning, an owner, or words of the topic."""

from __future__ import annotations

import re
from uuid import UUID

from django.contrib.auth.models import User
from django.contrib.postgres.search import SearchQuery
from django.db.models import Q

from tasks.models import DESCRIPTION_WORDS, TaskInfoQuerySet

#: So many digits of an id are enough, and what people copy from it up to the first dash.
_ID = re.compile(r"[0-9a-f]{8,32}")
_OWNER_KEY = re.compile(r"user:\d+|ip:[0-9a-f]+")
#: So many are taken by their ids. When there are more, the newest are soon found going backwards.
_FEW = 1000


def matching(tasks: TaskInfoQuerySet, text: str) -> TaskInfoQuerySet:
    """
    Those of `tasks` that `text` may mean; each way to look has an index, and none adds rows twice.

    All its words have to be in the description, the beginnings of words being enough. PostgreSQL
    cannot know how many that are, and looking for the newest of a few it may well go through all.
    So few are looked for first, in no order.
    """
    text = text.strip()
    if _OWNER_KEY.fullmatch(text):
        return tasks.of_owner(text)
    meant = _named_like(text) | Q(owner_key=text)
    owners = list(User.objects.filter(username=text).values_list("pk", flat=True))
    if owners:
        meant |= Q(owner__in=owners)
    if words := re.findall(r"\w+", text):
        query = SearchQuery(
            " & ".join(f"'{word}':*" for word in words), search_type="raw", config="simple"
        )
        tasks = tasks.alias(words=DESCRIPTION_WORDS)
        meant |= Q(words=query)
    found = tasks.filter(meant)
    first = list(found.order_by().values_list("pk", flat=True)[: _FEW + 1])
    return tasks.filter(pk__in=first) if len(first) <= _FEW else found


def _named_like(text: str) -> Q:
    digits = text.replace("-", "").lower()
    if not _ID.fullmatch(digits):
        return Q(pk__in=[])
    return Q(pk__range=(UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))))
