"""
What a migration may not do while the code of the release before still runs and many rows exist.

By its SQL, as `sqlmigrate` prints it: that is what the database does. What django-migration-linter
finds and a little more, without another app in INSTALLED_APPS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.db.migrations import RunPython, RunSQL

#: Rule, and the statement that breaks it. `{table}` is one that the migration has not made itself.
_RULES = {
    "index_locks": r'CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY).* ON "?{table}\b',
    "constraint_scans": r'ALTER TABLE "?{table}"? ADD CONSTRAINT (?!.*(?:NOT VALID|USING INDEX))',
    "column_constraint_scans": r'ALTER TABLE "?{table}"? ADD COLUMN .*(?:UNIQUE|REFERENCES)\b',
    "table_rewritten": r'ALTER TABLE "?{table}"? ALTER COLUMN .* TYPE\b',
    "null_refused": r'ALTER TABLE "?{table}"? ALTER COLUMN .* SET NOT NULL',
    "value_needed": r'ALTER TABLE "?{table}"? ADD COLUMN (?!.*DEFAULT).* NOT NULL',
    "default_dropped": r'ALTER TABLE "?{table}"? ALTER COLUMN .* DROP DEFAULT',
    "default_volatile": r'ALTER TABLE "?{table}"? ADD COLUMN .*DEFAULT.*(?:uuid|random|clock_t)',
    "gone_for_old_code": r'ALTER TABLE "?{table}"? (?:DROP COLUMN|RENAME)|DROP TABLE "?{table}',
}


def irreversible(migration: Any) -> list[str]:
    """The operations that cannot be undone."""
    found = []
    for operation in migration.operations:
        if isinstance(operation, RunPython) and operation.reverse_code is None:
            found.append("RunPython without reverse_code")
        if isinstance(operation, RunSQL) and operation.reverse_sql is None:
            found.append("RunSQL without reverse_sql")
    return found


def broken(sql: str, *, on_purpose: tuple[str, ...] = ()) -> list[str]:
    """
    The rules that this SQL breaks, each once.

    `on_purpose` is the migration's attribute of that name: rules it breaks knowingly, such as
    gone_for_old_code in the release after the one whose code has stopped using a column.
    """
    own = set(re.findall(r'CREATE TABLE "?(\w+)', sql))
    other = rf"(?!(?:{'|'.join(own) or '-'})\b)\w+"
    return [rule for rule in _breaches(sql, other) if rule not in on_purpose]


def _breaches(sql: str, table: str) -> Iterator[str]:
    statements = [" ".join(one.split()) for one in sql.split(";")]
    for rule, pattern in _RULES.items():
        form = re.compile(pattern.replace("{table}", table), re.IGNORECASE)
        if any(form.search(one) for one in statements):
            yield rule
