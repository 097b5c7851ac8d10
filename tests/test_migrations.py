from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.operations import AddConstraintNotValid
from django.core.management import call_command
from django.db import connection
from django.db.migrations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    CreateModel,
    DeleteModel,
    Migration,
    RemoveField,
    RenameField,
    RunPython,
    RunSQL,
)
from django.db.migrations.loader import MigrationLoader
from django.db.models import (
    CASCADE,
    BigAutoField,
    CharField,
    CheckConstraint,
    DateTimeField,
    ForeignKey,
    Index,
    IntegerField,
    Q,
    UUIDField,
)
from django.db.models.functions import Now

from tests import migration_rules

APPS = ("tasks", "learning_paths")
#: The last migrations of the newest release, 0.1.0. Before it there were no rows to rewrite and no
#: old code beside the new.
RELEASED = {"tasks": "0011_claim_in_place", "learning_paths": "0004_names"}

CHECK = CheckConstraint(condition=Q(progress=1), name="x")
ANOTHER_STEP = ForeignKey("tasks.TaskStep", CASCADE, null=True)
ONCE = IntegerField(null=True, unique=True)
COLUMNS = [("id", BigAutoField(primary_key=True)), ("a", IntegerField(unique=True, db_index=True))]


@pytest.mark.django_db
def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.parametrize("app", APPS)
def test_migrations_are_one_line(app: str) -> None:
    loader = MigrationLoader(None)
    assert len(loader.graph.leaf_nodes(app)) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("app", APPS)
def test_migrations_go_back_and_forth(app: str) -> None:
    before = set(connection.introspection.table_names())
    call_command("migrate", app, "zero", verbosity=0)
    assert not any(name.startswith(f"{app}_") for name in connection.introspection.table_names())
    call_command("migrate", app, verbosity=0)
    assert set(connection.introspection.table_names()) == before


def migrations_of(app: str) -> list[tuple[str, Any]]:
    disk = MigrationLoader(None).disk_migrations
    return sorted((name, one) for (label, name), one in disk.items() if label == app)


@pytest.mark.parametrize("app", APPS)
def test_every_migration_can_be_undone(app: str) -> None:
    assert not [
        (name, migration_rules.irreversible(one))
        for name, one in migrations_of(app)
        if migration_rules.irreversible(one)
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("app", APPS)
def test_a_migration_after_a_release_runs_beside_its_code(app: str) -> None:
    for name, migration in migrations_of(app):
        if name > RELEASED[app]:
            text = StringIO()
            call_command("sqlmigrate", app, name, stdout=text)
            on_purpose = getattr(migration, "on_purpose", ())
            assert not migration_rules.broken(text.getvalue(), on_purpose=on_purpose), name


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rule", "operation"),
    [
        ("index_locks", AddIndex("taskinfo", Index(fields=["kind"], name="x"))),
        ("constraint_scans", AddConstraint("taskinfo", CHECK)),
        ("column_constraint_scans", AddField("taskinfo", "x", ONCE)),
        ("column_constraint_scans", AddField("taskinfo", "x", ANOTHER_STEP)),
        ("table_rewritten", AlterField("taskinfo", "progress", IntegerField(db_default=0))),
        ("null_refused", AlterField("taskinfo", "retry_at", DateTimeField())),
        ("default_dropped", AddField("taskinfo", "x", IntegerField(default=1))),
        ("default_volatile", AddField("taskinfo", "x", UUIDField(db_default=RandomUUID()))),
        ("gone_for_old_code", RemoveField("taskinfo", "kind")),
        ("gone_for_old_code", RenameField("taskinfo", "kind", "sort")),
        ("gone_for_old_code", DeleteModel("TaskStep")),
    ],
)
def test_what_old_code_or_many_rows_would_suffer_from_is_found(rule: str, operation: Any) -> None:
    found = migration_rules.broken(sql_of(operation))
    assert rule in found
    assert rule not in migration_rules.broken(sql_of(operation), on_purpose=(rule,))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "operation",
    [
        AddField("taskinfo", "x", IntegerField(null=True)),
        AddField("taskinfo", "x", CharField(db_default="", max_length=5)),
        AddField("taskinfo", "x", DateTimeField(db_default=Now())),
        AlterField("taskinfo", "kind", CharField(max_length=100, help_text="other words")),
        AddConstraintNotValid("taskinfo", CHECK),
        CreateModel("Other", COLUMNS),
    ],
)
def test_what_does_not_disturb_is_let_be(operation: Any) -> None:
    assert migration_rules.broken(sql_of(operation)) == []


def test_an_index_that_is_made_beside_the_work_is_let_be() -> None:
    made = 'CREATE {} "x" ON "tasks_taskinfo" ("kind")'
    assert migration_rules.broken(made.format("INDEX CONCURRENTLY")) == []
    assert migration_rules.broken(made.format("UNIQUE INDEX CONCURRENTLY")) == []
    assert migration_rules.broken(made.format("UNIQUE INDEX")) == ["index_locks"]


def sql_of(operation: Any) -> str:
    """What the operation would do to the database as it is."""
    before = MigrationLoader(connection).project_state()
    after = before.clone()
    operation.state_forwards("tasks", after)
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        operation.database_forwards("tasks", editor, before, after)
    return "\n".join(editor.collected_sql)


def test_an_operation_without_a_way_back_is_found() -> None:
    migration = Migration("x", "tasks")
    migration.operations = [RunPython(RunPython.noop), RunSQL("SELECT 1")]
    assert len(migration_rules.irreversible(migration)) == 2
    migration.operations = [RunPython(RunPython.noop, RunPython.noop), RunSQL("", "")]
    assert migration_rules.irreversible(migration) == []
