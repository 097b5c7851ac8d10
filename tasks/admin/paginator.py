"""Pages of a table that may have millions of rows."""

from __future__ import annotations

from functools import cached_property
from typing import Any, cast

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.translation import gettext as _


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # no generic at run time
    """
    Counts up to `most` rows and lists no more: whoever looks for something uses a filter.

    To count a million rows takes longer than to show some, and so does to skip them.
    """

    most = 10_000

    @cached_property
    def count(self) -> int:
        """At most `most`."""
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by()[: self.most].count()

    @property
    def is_capped(self) -> bool:
        """Whether there are, in all likelihood, more than are listed."""
        return self.count >= self.most

    @property
    def in_words(self) -> str:
        """How many there are, as far as that is known."""
        if self.is_capped:
            text = _("The newest %(count)d are listed. Filter or search to find older ones.")
        else:
            text = _("%(count)d in all")
        return text % {"count": self.count}
