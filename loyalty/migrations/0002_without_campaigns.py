from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(model_name="contact", name="loyalty_campaign_once"),
        migrations.RemoveField(model_name="contact", name="campaign"),
        migrations.AlterField(
            model_name="contact",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("reached", "reached, will come"),
                    ("not_reached", "not reached"),
                    ("no_interest", "no interest"),
                ],
                max_length=12,
                verbose_name="outcome",
            ),
        ),
        migrations.DeleteModel(name="Campaign"),
    ]
