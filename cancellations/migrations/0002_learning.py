import cancellations.models.learning
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import pgtrigger.compiler
import pgtrigger.migrations
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cancellations', '0001_initial'),
        ('staff', '0002_shortcuts'),
        ('staff', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='LearnedModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('as_of', models.DateTimeField(unique=True, verbose_name='as of')),
                ('created_at', models.DateTimeField(verbose_name='learned at')),
                ('facts', models.PositiveIntegerField(verbose_name='cases counted')),
                ('arrays', models.BinaryField(verbose_name='posterior tables')),
                ('digest', models.CharField(max_length=64, verbose_name='SHA-256 of the tables')),
                ('about', models.JSONField(default=dict, verbose_name='settings and findings')),
            ],
            options={
                'verbose_name': 'learned model',
                'verbose_name_plural': 'learned models',
                'permissions': [('view_beliefs', 'May see what the engine believes')],
            },
        ),
        migrations.CreateModel(
            name='Budget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField(help_text='Its first day.', verbose_name='month')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=10, verbose_name='amount')),
                ('reserved', models.DecimalField(decimal_places=2, default=0, editable=False, max_digits=10, verbose_name='reserved')),
                ('consumed', models.DecimalField(decimal_places=2, default=0, editable=False, max_digits=10, verbose_name='consumed')),
                ('incentive', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='budgets', to='cancellations.incentive', verbose_name='incentive')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='staff.team', verbose_name='team')),
            ],
            options={
                'verbose_name': 'budget',
                'verbose_name_plural': 'budgets',
                'constraints': [models.UniqueConstraint(fields=('month', 'incentive', 'team'), name='cancellations_one_budget', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('amount__gte', django.db.models.expressions.CombinedExpression(models.F('reserved'), '+', models.F('consumed'))), ('consumed__gte', 0), ('reserved__gte', 0)), name='cancellations_budget_never_overspent'), models.CheckConstraint(condition=models.Q(('month__day', 1)), name='cancellations_budget_month')],
            },
        ),
        migrations.CreateModel(
            name='BudgetUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=10, verbose_name='amount')),
                ('state', models.CharField(choices=[('reserved', 'reserved'), ('consumed', 'consumed'), ('released', 'released')], default='reserved', max_length=10, verbose_name='state')),
                ('reserved_at', models.DateTimeField(verbose_name='reserved at')),
                ('settled_at', models.DateTimeField(blank=True, null=True, verbose_name='consumed or released at')),
                ('budget', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='cancellations.budget', verbose_name='budget')),
                ('offer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='budget_uses', to='cancellations.offer', verbose_name='offer')),
            ],
            options={
                'verbose_name': 'use of a budget',
                'verbose_name_plural': 'uses of budgets',
                'indexes': [models.Index(fields=['budget', 'reserved_at'], name='cancellations_budget_burn')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'released'), _negated=True), fields=('budget', 'offer'), name='cancellations_budget_used_once'), models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='cancellations_budget_use_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='EnginePolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('margin_floor', models.DecimalField(decimal_places=3, default=Decimal('0.100'), help_text="Share of a year's price that must be left after the incentive.", max_digits=4, validators=[django.core.validators.MinValueValidator(Decimal('-1')), django.core.validators.MaxValueValidator(Decimal('1'))], verbose_name='margin floor')),
                ('share_of_value', models.DecimalField(decimal_places=3, default=Decimal('0.500'), help_text='An incentive may cost at most this share of what the customer brings in 12 months.', max_digits=4, validators=[django.core.validators.MinValueValidator(Decimal('0')), django.core.validators.MaxValueValidator(Decimal('1'))], verbose_name="most of the customer's value")),
                ('household_days', models.PositiveSmallIntegerField(default=90, help_text='Also for those who share a payer.', verbose_name='cool-down of the household, days')),
                ('accepted_in_year', models.PositiveSmallIntegerField(default=2, verbose_name='accepted incentives in 12 months, at most')),
                ('goodwill_in_year', models.DecimalField(blank=True, decimal_places=2, default=Decimal('150'), help_text='What all apps together gave, this incentive included. Empty: no bound.', max_digits=10, null=True, verbose_name='goodwill in 12 months, at most')),
                ('hold_out', models.DecimalField(decimal_places=3, default=Decimal('0.100'), help_text='Share of customers to whom nothing is suggested, drawn anew each quarter: what uplift is measured by.', max_digits=4, validators=[django.core.validators.MinValueValidator(Decimal('0')), django.core.validators.MaxValueValidator(Decimal('0.5'))], verbose_name='hold-out')),
                ('salt', models.CharField(default=cancellations.models.learning.new_salt, editable=False, max_length=32)),
                ('created_at', models.DateTimeField(verbose_name='from')),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='set by')),
            ],
            options={
                'verbose_name': 'limits of the engine',
                'verbose_name_plural': 'limits of the engine',
                'permissions': [('change_limits', "May change the engine's limits and the hold-out")],
            },
        ),
        migrations.CreateModel(
            name='Belief',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.CharField(choices=[('accept', 'accepts when offered'), ('stay_accepted', 'still here after 90 days, having accepted'), ('stay_refused', 'still here after 90 days, having refused'), ('stay_none', 'still here after 90 days, with no offer')], max_length=16, verbose_name='quantity')),
                ('level', models.CharField(max_length=30, verbose_name='level')),
                ('kind', models.CharField(blank=True, max_length=20, verbose_name='kind')),
                ('segment', models.CharField(blank=True, max_length=12, verbose_name='segment')),
                ('k', models.FloatField(verbose_name='successes')),
                ('n', models.FloatField(verbose_name='cases')),
                ('mean', models.FloatField(verbose_name='mean')),
                ('strength', models.FloatField(verbose_name='strength, cases')),
                ('incentive', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='cancellations.incentive', verbose_name='incentive')),
                ('reason', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='cancellations.reason', verbose_name='reason')),
                ('model', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='beliefs', to='cancellations.learnedmodel', verbose_name='model')),
            ],
            options={
                'verbose_name': 'belief',
                'verbose_name_plural': 'beliefs',
                'indexes': [models.Index(fields=['model', 'quantity', 'level'], name='cancellations_belief_page'), models.Index(fields=['quantity', 'level', 'incentive', 'reason'], name='cancellations_belief_line')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='enginepolicy',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='83163c91e1e74ff2b0a97f4fb27f7264e1510a10', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_7cff8', table='cancellations_enginepolicy', when='BEFORE')),
        ),
    ]
