from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.contrib.postgres.search import SearchVectorField
from django.db import migrations, models

# One that was interrupted has left an index that is not valid.
DROP = "DROP INDEX CONCURRENTLY IF EXISTS "


class Migration(migrations.Migration):
    """Indexes for the admin: the words of descriptions, and the newest tasks of a kind."""

    atomic = False  # CREATE INDEX CONCURRENTLY cannot run inside a transaction

    dependencies = [("tasks", "0009_process")]

    operations = [
        migrations.AlterModelOptions(
            name="taskinfo", options={"verbose_name": "task", "verbose_name_plural": "tasks"}
        ),
        migrations.AlterModelOptions(
            name="tasklimit",
            options={"verbose_name": "task limit", "verbose_name_plural": "task limits"},
        ),
        migrations.RunSQL(DROP + "tasks_taskinfo_kind_newest", migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="taskinfo",
            index=models.Index(
                fields=["kind", "-created_at", "-id"], name="tasks_taskinfo_kind_newest"
            ),
        ),
        migrations.RunSQL(DROP + "tasks_taskinfo_words", migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="taskinfo",
            index=GinIndex(
                models.Func(
                    models.F("description"),
                    template="to_tsvector('simple', %(expressions)s)",
                    output_field=SearchVectorField(),
                ),
                name="tasks_taskinfo_words",
                fastupdate=False,
            ),
        ),
    ]
