import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('customers', '0001_initial'),
        ('staff', '__first__'),
    ]

    operations = [
        migrations.AddField(
            model_name='note',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AddField(
            model_name='note',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notes', to='customers.customer', verbose_name='customer'),
        ),
        migrations.AddConstraint(
            model_name='plan',
            constraint=models.CheckConstraint(condition=models.Q(('monthly_price__gte', 0)), name='customers_plan_price_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='plan',
            constraint=models.CheckConstraint(condition=models.Q(('monthly_margin__lte', models.F('monthly_price'))), name='customers_plan_margin_within_price'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='subscriptions', to='customers.customer', verbose_name='customer'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='plan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='subscriptions', to='customers.plan', verbose_name='plan'),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(fields=['customer', '-created_at', '-id'], name='customers_document_timeline'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['state', 'created_at'], name='customers_delivery_queue'),
        ),
        migrations.AddConstraint(
            model_name='customer',
            constraint=models.CheckConstraint(condition=models.Q(('company', ''), ('family_name', ''), ('given_name', ''), _negated=True), name='customers_customer_has_a_name'),
        ),
        migrations.AddIndex(
            model_name='note',
            index=models.Index(fields=['customer', '-at', '-id'], name='customers_note_timeline'),
        ),
        migrations.AddConstraint(
            model_name='subscription',
            constraint=models.CheckConstraint(condition=models.Q(('monthly_price__gte', 0)), name='customers_subscription_price_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='subscription',
            constraint=models.CheckConstraint(condition=models.Q(('monthly_margin__lte', models.F('monthly_price'))), name='customers_subscription_margin_within_price'),
        ),
        migrations.AddConstraint(
            model_name='subscription',
            constraint=models.CheckConstraint(condition=models.Q(('contract_end__isnull', True), ('contract_end__gte', models.F('started_on')), _connector='OR'), name='customers_contract_ends_after_start'),
        ),
        migrations.AddConstraint(
            model_name='subscription',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['ending', 'ended']), _negated=True), ('ends_on__isnull', False), _connector='OR'), name='customers_ended_has_a_date'),
        ),
    ]
