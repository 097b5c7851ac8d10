from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tasks", "0007_deleted_task"),
    ]

    operations = [
        # The default is the database's: the old code inserts without the column.
        migrations.AddField(
            model_name="taskinfo",
            name="request_id",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="which request submitted it, in the logs",
                max_length=64,
            ),
        ),
    ]
