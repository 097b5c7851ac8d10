from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Case, F, Q, When

INDEXES = (
    models.Index(
        name="tasks_taskinfo_without_slot",
        fields=["owner_key", "-priority", "created_at"],
        condition=Q(completed_at__isnull=True, entry__isnull=True),
    ),
    models.Index(
        name="tasks_taskinfo_unfinished",
        fields=["owner_key"],
        condition=Q(completed_at__isnull=True),
    ),
    models.Index(
        name="tasks_taskinfo_ended_as",
        fields=["ended_as", "completed_at"],
        condition=Q(completed_at__isnull=False),
    ),
)


def made_anew(index):
    """The operations for it; one that was interrupted has left an index that is not valid."""
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}"
    return (
        migrations.RunSQL(drop, migrations.RunSQL.noop),
        AddIndexConcurrently(model_name="taskinfo", index=index),
    )


class Migration(migrations.Migration):
    """Indexes without the status, and room in each page, so that a claim adds to no index."""

    atomic = False  # CREATE INDEX CONCURRENTLY cannot run inside a transaction

    dependencies = [("tasks", "0010_look_for_tasks")]

    operations = [
        # Before the column, which writes all pages anew.
        migrations.RunSQL(
            "ALTER TABLE tasks_taskinfo SET (fillfactor = 80)",
            "ALTER TABLE tasks_taskinfo RESET (fillfactor)",
        ),
        # One that was interrupted may have made it.
        migrations.RunSQL(
            "ALTER TABLE tasks_taskinfo DROP COLUMN IF EXISTS ended_as", migrations.RunSQL.noop
        ),
        migrations.AddField(
            model_name="taskinfo",
            name="ended_as",
            field=models.GeneratedField(
                db_persist=True,
                expression=Case(When(completed_at__isnull=False, then=F("status"))),
                help_text="the status if it is final: for an index that a claim leaves alone",
                output_field=models.CharField(max_length=10),
            ),
        ),
        *(operation for index in INDEXES for operation in made_anew(index)),
        RemoveIndexConcurrently(model_name="taskinfo", name="tasks_taskinfo_waiting"),
        RemoveIndexConcurrently(model_name="taskinfo", name="tasks_taskinfo_active"),
        RemoveIndexConcurrently(model_name="taskinfo", name="tasks_taskinfo_ended"),
    ]
