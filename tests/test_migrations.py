from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

APPS = ("tasks", "learning_paths")


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
