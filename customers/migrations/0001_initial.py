from pathlib import Path

import django.db.models.deletion
import pgtrigger.compiler
import phonenumber_field.modelfields
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Upper

from staff.operations import together

SQL = Path(__file__).resolve().parent.parent / "search.sql"


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('staff', '0001_initial'),
    ]

    operations = together([
        migrations.CreateModel(
            name='Household',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(blank=True, max_length=120, verbose_name='name')),
            ],
            options={
                'verbose_name': 'household',
                'verbose_name_plural': 'households',
            },
        ),
        migrations.CreateModel(
            name='Customer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=30, unique=True, verbose_name='customer number')),
                ('given_name', models.CharField(blank=True, max_length=120, verbose_name='given name')),
                ('family_name', models.CharField(blank=True, max_length=120, verbose_name='family name')),
                ('company', models.CharField(blank=True, max_length=160, verbose_name='company')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('phone', phonenumber_field.modelfields.PhoneNumberField(blank=True, max_length=128, region=None, verbose_name='phone')),
                ('language', models.CharField(choices=[('en', 'English'), ('sv', 'Swedish'), ('de', 'German')], default='en', max_length=5, verbose_name='language')),
                ('street', models.CharField(blank=True, max_length=160, verbose_name='street')),
                ('postcode', models.CharField(blank=True, max_length=16, verbose_name='postcode')),
                ('city', models.CharField(blank=True, max_length=80, verbose_name='city')),
                ('country', models.CharField(default='SE', max_length=2, verbose_name='country')),
                ('birthday', models.DateField(blank=True, null=True, verbose_name='birthday')),
                ('customer_since', models.DateField(verbose_name='customer since')),
                ('segment', models.CharField(choices=[('standard', 'Standard'), ('plus', 'Plus'), ('business', 'Business')], default='standard', max_length=12, verbose_name='segment')),
                ('is_vulnerable', models.BooleanField(default=False, help_text='Never offered a longer contract.', verbose_name='vulnerable')),
                ('is_bereaved', models.BooleanField(default=False, help_text='Never offered anything.', verbose_name='bereaved household')),
                ('in_debt', models.BooleanField(default=False, verbose_name='in debt')),
                ('may_be_contacted', models.BooleanField(default=False, verbose_name='agreed to be contacted')),
                ('unsubscribed_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='no marketing mail since')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('erased_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='erased at')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('household', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='members', to='customers.household', verbose_name='household')),
            ],
            options={
                'verbose_name': 'customer',
                'verbose_name_plural': 'customers',
                'permissions': [('erase_customer', 'May erase a customer for good')],
                'indexes': [models.Index(fields=['segment', 'id'], name='customers_customer_by_segment'), models.Index(condition=models.Q(('is_vulnerable', True)), fields=['is_vulnerable', 'id'], name='customers_vulnerable'), models.Index(condition=models.Q(('in_debt', True)), fields=['in_debt', 'id'], name='customers_in_debt'), models.Index(condition=models.Q(('erased_at__isnull', False)), fields=['number'], name='customers_customer_erased'), models.Index(Upper('postcode'), Upper('street'), name='customers_customer_address', condition=~models.Q(street='') & ~models.Q(postcode=''))],
                'constraints': [models.CheckConstraint(condition=models.Q(('company', ''), ('family_name', ''), ('given_name', ''), _negated=True), name='customers_customer_has_a_name')],
            },
        ),
        migrations.CreateModel(
            name='Change',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('version', models.PositiveIntegerField(verbose_name='version')),
                ('fields', models.JSONField(verbose_name='fields')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('customer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='customers.customer', verbose_name='customer')),
            ],
            options={
                'verbose_name': 'change',
                'verbose_name_plural': 'changes',
                'indexes': [models.Index(fields=['customer', '-at', '-id'], name='customers_change_timeline')],
            },
        ),
        migrations.CreateModel(
            name='Document',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.SlugField(max_length=40, verbose_name='kind')),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('language', models.CharField(max_length=5, verbose_name='language')),
                ('template', models.CharField(max_length=60)),
                ('facts', models.JSONField()),
                ('pdf', models.BinaryField(null=True, verbose_name='PDF')),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('customer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='customers.customer', verbose_name='customer')),
            ],
            options={
                'verbose_name': 'document',
                'verbose_name_plural': 'documents',
                'indexes': [models.Index(fields=['customer', '-created_at', '-id'], name='customers_document_timeline')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('to', models.EmailField(blank=True, max_length=254, verbose_name='to')),
                ('subject', models.CharField(max_length=200, verbose_name='subject')),
                ('body', models.TextField(verbose_name='text')),
                ('headers', models.JSONField(blank=True, default=dict, verbose_name='headers')),
                ('state', models.CharField(choices=[('queued', 'queued'), ('sent', 'sent'), ('failed', 'failed'), ('unaddressed', 'no e-mail address: hand it over or post it')], default='queued', max_length=12, verbose_name='state')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                ('error', models.CharField(blank=True, max_length=200, verbose_name='last error')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent at')),
                ('customer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='customers.customer', verbose_name='customer')),
                ('document', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='customers.document', verbose_name='document')),
            ],
            options={
                'verbose_name': 'delivery',
                'verbose_name_plural': 'deliveries',
                'indexes': [models.Index(fields=['state', 'created_at'], name='customers_delivery_queue'), models.Index(fields=['customer', '-created_at', '-id'], name='customers_delivery_timeline')],
            },
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('ground', models.CharField(choices=[('asked', 'the customer asked for it'), ('over', 'the time for keeping it is over'), ('unlawful', 'it should never have been kept')], max_length=10, verbose_name='why')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('customer', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='erasure', to='customers.customer', verbose_name='customer')),
            ],
            options={
                'verbose_name': 'erasure',
                'verbose_name_plural': 'erasures',
                'triggers': [pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='2bbcef5eff3df492a38e7720b4dffe4ab1da301d', operation='UPDATE', pgid='pgtrigger_append_only_7d5f2', table='customers_erasure', when='BEFORE')), pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='f011bfde7bace3eaabfb4f2c013fbfb326e43346', operation='DELETE', pgid='pgtrigger_never_deleted_0cdd9', table='customers_erasure', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField(max_length=4000, verbose_name='text')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('customer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='notes', to='customers.customer', verbose_name='customer')),
            ],
            options={
                'verbose_name': 'note',
                'verbose_name_plural': 'notes',
                'indexes': [models.Index(fields=['customer', '-at', '-id'], name='customers_note_timeline')],
            },
        ),
        migrations.CreateModel(
            name='Plan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=40, unique=True, verbose_name='code')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('monthly_price', models.DecimalField(decimal_places=2, max_digits=8, verbose_name='monthly price')),
                ('monthly_margin', models.DecimalField(decimal_places=2, help_text='What is left of the price each month.', max_digits=8, verbose_name='monthly margin')),
                ('notice_months', models.PositiveSmallIntegerField(default=1, verbose_name='notice period, months')),
                ('term_months', models.PositiveSmallIntegerField(default=0, help_text='0: month by month.', verbose_name='contract term, months')),
                ('is_sold', models.BooleanField(default=True, verbose_name='on sale')),
            ],
            options={
                'verbose_name': 'plan',
                'verbose_name_plural': 'plans',
                'constraints': [models.CheckConstraint(condition=models.Q(('monthly_price__gte', 0)), name='customers_plan_price_not_negative'), models.CheckConstraint(condition=models.Q(('monthly_margin__lte', models.F('monthly_price'))), name='customers_plan_margin_within_price')],
            },
        ),
        migrations.CreateModel(
            name='Subscription',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('active', 'active'), ('paused', 'paused'), ('ending', 'ending'), ('ended', 'ended')], default='active', max_length=8, verbose_name='status')),
                ('monthly_price', models.DecimalField(decimal_places=2, max_digits=8, verbose_name='monthly price')),
                ('monthly_margin', models.DecimalField(decimal_places=2, max_digits=8, verbose_name='monthly margin')),
                ('started_on', models.DateField(verbose_name='started')),
                ('contract_end', models.DateField(blank=True, help_text='Empty: month by month.', null=True, verbose_name='contract end')),
                ('notice_months', models.PositiveSmallIntegerField(default=1, verbose_name='notice period, months')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='ends')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='subscriptions', to='customers.customer', verbose_name='customer')),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='subscriptions', to='customers.plan', verbose_name='plan')),
            ],
            options={
                'verbose_name': 'subscription',
                'verbose_name_plural': 'subscriptions',
                'indexes': [models.Index(fields=['status', 'id'], name='customers_by_status')],
                'constraints': [models.CheckConstraint(condition=models.Q(('monthly_price__gte', 0)), name='customers_subscription_price_not_negative'), models.CheckConstraint(condition=models.Q(('monthly_margin__lte', models.F('monthly_price'))), name='customers_subscription_margin_within_price'), models.CheckConstraint(condition=models.Q(('contract_end__isnull', True), ('contract_end__gte', models.F('started_on')), _connector='OR'), name='customers_contract_ends_after_start'), models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['ending', 'ended']), _negated=True), ('ends_on__isnull', False), _connector='OR'), name='customers_ended_has_a_date')],
            },
        ),
        migrations.RunSQL("CREATE SEQUENCE customers_number START 100001", "DROP SEQUENCE customers_number"),
        migrations.RunSQL(SQL.read_text(), migrations.RunSQL.noop),
    ])
