import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0004_reference'),
        ('staff', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Matrix',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('valid_from', models.DateField(verbose_name='valid from')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('published_at', models.DateTimeField(blank=True, null=True, verbose_name='published at')),
                ('per_week', models.DecimalField(decimal_places=3, default=Decimal('0.050'), max_digits=4, verbose_name='each week open, up to four')),
                ('per_contact', models.DecimalField(decimal_places=3, default=Decimal('0.100'), max_digits=4, verbose_name='each contact after the first, up to four')),
                ('repeat', models.DecimalField(decimal_places=3, default=Decimal('0.200'), max_digits=4, verbose_name='same failure within 90 days')),
                ('vulnerable', models.DecimalField(decimal_places=3, default=Decimal('0.100'), max_digits=4, verbose_name='vulnerable customer')),
                ('breach', models.DecimalField(decimal_places=3, default=Decimal('0.150'), max_digits=4, verbose_name='a deadline of ours was missed')),
                ('contributory', models.DecimalField(decimal_places=3, default=Decimal('-0.250'), max_digits=4, verbose_name="the customer's share in the fault")),
                ('customer_value', models.DecimalField(decimal_places=3, default=Decimal('0.150'), help_text='Up and down; at most 0.15. 0 switches it off.', max_digits=4, verbose_name='customer value, at most')),
                ('typical_value', models.DecimalField(decimal_places=2, default=Decimal('240'), help_text='The value at which customer value changes nothing.', max_digits=10, verbose_name="a usual customer's margin a year")),
                ('cap_customer_year', models.DecimalField(blank=True, decimal_places=2, max_digits=10, null=True, verbose_name='goodwill per customer and year, above it a manager decides')),
                ('cap_item', models.DecimalField(blank=True, decimal_places=3, default=Decimal('1.000'), max_digits=4, null=True, verbose_name="goodwill as a share of the item's price, above it a manager decides")),
                ('stamp_cost', models.DecimalField(decimal_places=2, default=Decimal('0.50'), max_digits=6, verbose_name='cost of a stamp')),
                ('product_cost', models.DecimalField(decimal_places=3, default=Decimal('0.600'), max_digits=4, verbose_name='cost of a product as a share of its price')),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='written by')),
                ('publisher', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='published by')),
            ],
            options={
                'verbose_name': 'compensation guidance',
                'verbose_name_plural': 'compensation guidance',
                'permissions': [('publish_matrix', 'May publish compensation guidance written by a colleague')],
                'indexes': [models.Index(fields=['-valid_from', '-published_at'], name='complaints_matrix_in_force')],
                'constraints': [models.CheckConstraint(condition=models.Q(('publisher', models.F('author')), _negated=True), name='complaints_matrix_four_eyes'), models.CheckConstraint(condition=models.Q(models.Q(('published_at__isnull', True), ('publisher__isnull', True)), models.Q(('published_at__isnull', False), ('publisher__isnull', False)), _connector='OR'), name='complaints_matrix_published_by_someone'), models.CheckConstraint(condition=models.Q(('customer_value__gte', 0), ('customer_value__lte', Decimal('0.15'))), name='complaints_matrix_customer_value_small'), models.CheckConstraint(condition=models.Q(('contributory__lte', 0), ('product_cost__gte', 0), ('stamp_cost__gte', 0), ('typical_value__gt', 0)), name='complaints_matrix_sane')],
            },
        ),
        migrations.CreateModel(
            name='Award',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('state', models.CharField(choices=[('pending', 'waiting for approval'), ('approved', 'agreed'), ('declined', 'declined'), ('replaced', 'replaced by another proposal'), ('withdrawn', 'withdrawn'), ('done', 'done')], max_length=10, verbose_name='state')),
                ('owed', models.DecimalField(decimal_places=2, max_digits=10, verbose_name='owed')),
                ('loss', models.DecimalField(decimal_places=2, max_digits=10, verbose_name='loss')),
                ('goodwill', models.DecimalField(decimal_places=2, max_digits=10, verbose_name='goodwill')),
                ('guided', models.DecimalField(decimal_places=2, max_digits=10, null=True, verbose_name='guidance says')),
                ('band', models.CharField(choices=[('below', 'below'), ('within', 'within'), ('above', 'above'), ('none', 'no guidance')], max_length=6, verbose_name='against the band')),
                ('voucher_for_owed', models.BooleanField(default=False, verbose_name='customer agreed to a voucher for what is owed')),
                ('consent', models.CharField(blank=True, max_length=200, verbose_name='how the customer agreed')),
                ('deviation', models.CharField(blank=True, max_length=400, verbose_name='why other than the guidance')),
                ('explanation', models.JSONField(verbose_name='explanation')),
                ('sentence', models.CharField(max_length=400, verbose_name='in one sentence')),
                ('proposed_at', models.DateTimeField(verbose_name='proposed at')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='awards', to='complaints.complaintcase', verbose_name='complaint')),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='proposed by')),
                ('replaces', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='complaints.award', verbose_name='replaces')),
                ('matrix', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='awards', to='complaints.matrix', verbose_name='guidance')),
            ],
            options={
                'verbose_name': 'award',
                'verbose_name_plural': 'awards',
                'permissions': [('propose_award', 'May propose compensation and carry it out'), ('approve_award', 'May decide on compensation proposed by a colleague'), ('view_compensation_report', 'May open the compensation report')],
                'indexes': [models.Index(fields=['case', '-proposed_at'], name='complaints_award_of_case'), models.Index(fields=['proposed_by', 'proposed_at'], name='complaints_award_by_agent'), models.Index(fields=['proposed_at'], name='complaints_award_time')],
                'constraints': [models.CheckConstraint(condition=models.Q(('goodwill__gte', 0), ('loss__gte', 0), ('owed__gte', 0)), name='complaints_award_not_negative'), models.UniqueConstraint(condition=models.Q(('state', 'pending')), fields=('case',), name='complaints_one_pending_award_per_case'), models.CheckConstraint(condition=models.Q(('voucher_for_owed', False), models.Q(('consent', ''), _negated=True), _connector='OR'), name='complaints_consent_is_recorded')],
            },
        ),
        migrations.CreateModel(
            name='AwardMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_state', models.CharField(max_length=30, verbose_name='from')),
                ('to_state', models.CharField(max_length=30, verbose_name='to')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('note', models.TextField(blank=True, verbose_name='note')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('subject', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='complaints.award', verbose_name='award')),
            ],
            options={
                'verbose_name': 'step of an award',
                'verbose_name_plural': 'steps of awards',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='MatrixCell',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('severity', models.PositiveSmallIntegerField(choices=[(1, 'minor: an annoyance, nothing lost'), (2, 'moderate: time or a little money lost'), (3, 'serious: no service, or real money lost'), (4, 'critical: danger, health, many customers, or the law')], verbose_name='severity')),
                ('low', models.DecimalField(decimal_places=2, max_digits=10, verbose_name='low')),
                ('mid', models.DecimalField(decimal_places=2, max_digits=10, verbose_name='middle')),
                ('high', models.DecimalField(decimal_places=2, max_digits=10, verbose_name='high')),
                ('preferred', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('refund', 'refund'), ('credit', 'credit on the account'), ('value_voucher', 'value voucher'), ('product_voucher', 'free replacement by voucher'), ('repair', 'repair or doing it again'), ('gift', 'gift, sent by post'), ('stamps', 'bonus stamps'), ('apology', 'apology')], max_length=16), blank=True, default=list, size=None, verbose_name='preferred')),
                ('category', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='complaints.category', verbose_name='category')),
                ('matrix', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cells', to='complaints.matrix', verbose_name='guidance')),
            ],
            options={
                'verbose_name': 'cell of the guidance',
                'verbose_name_plural': 'cells of the guidance',
                'constraints': [models.UniqueConstraint(fields=('matrix', 'category', 'severity'), name='complaints_one_cell_each'), models.CheckConstraint(condition=models.Q(('low__gte', 0), ('mid__gte', models.F('low')), ('high__gte', models.F('mid'))), name='complaints_cell_in_order')],
            },
        ),
        migrations.CreateModel(
            name='Remedy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('kind', models.CharField(choices=[('refund', 'refund'), ('credit', 'credit on the account'), ('value_voucher', 'value voucher'), ('product_voucher', 'free replacement by voucher'), ('repair', 'repair or doing it again'), ('gift', 'gift, sent by post'), ('stamps', 'bonus stamps'), ('apology', 'apology')], max_length=16, verbose_name='kind')),
                ('basis', models.CharField(choices=[('owed', 'owed by law or contract'), ('loss', 'proven loss'), ('goodwill', 'goodwill'), ('apology', 'apology and correction')], max_length=8, verbose_name='for')),
                ('state', models.CharField(choices=[('proposed', 'proposed'), ('agreed', 'to be done'), ('ordered', 'under way'), ('failed', 'failed: try again or choose another'), ('done', 'done'), ('cancelled', 'cancelled')], max_length=10, verbose_name='state')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=10, verbose_name='amount')),
                ('what', models.CharField(blank=True, max_length=120, verbose_name='what exactly')),
                ('stamps', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='stamps')),
                ('reference', models.CharField(blank=True, max_length=80, verbose_name='reference')),
                ('done_at', models.DateTimeField(blank=True, null=True, verbose_name='done at')),
                ('award', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='remedies', to='complaints.award', verbose_name='award')),
                ('voucher', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='remedy', to='complaints.voucher', verbose_name='voucher')),
            ],
            options={
                'verbose_name': 'remedy',
                'verbose_name_plural': 'remedies',
                'indexes': [models.Index(fields=['award', 'id'], name='complaints_remedy_of_award'), models.Index(fields=['state', 'id'], name='complaints_remedy_work'), models.Index(condition=models.Q(('state', 'done')), fields=['done_at'], name='complaints_remedy_done')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='complaints_remedy_not_negative'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'stamps'), ('stamps__gt', 0)), models.Q(models.Q(('kind', 'stamps'), _negated=True), ('stamps__isnull', True)), _connector='OR'), name='complaints_remedy_stamps_counted'), models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['product_voucher', 'gift', 'repair']), _negated=True), models.Q(('what', ''), _negated=True), _connector='OR'), name='complaints_remedy_says_what'), models.CheckConstraint(condition=models.Q(models.Q(('done_at__isnull', False), ('state', 'done')), models.Q(models.Q(('state', 'done'), _negated=True), ('done_at__isnull', True)), _connector='OR'), name='complaints_remedy_done_has_a_time'), models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['value_voucher', 'product_voucher']), ('state', 'done'), _negated=True), ('voucher__isnull', False), _connector='OR'), name='complaints_voucher_remedy_done_means_issued')],
            },
        ),
        migrations.CreateModel(
            name='RemedyMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_state', models.CharField(max_length=30, verbose_name='from')),
                ('to_state', models.CharField(max_length=30, verbose_name='to')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('note', models.TextField(blank=True, verbose_name='note')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('subject', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='complaints.remedy', verbose_name='remedy')),
            ],
            options={
                'verbose_name': 'step of a remedy',
                'verbose_name_plural': 'steps of remedies',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='AwardApproval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verdict', models.CharField(choices=[('pending', 'waiting'), ('approved', 'approved'), ('approved_with_change', 'approved with a change'), ('declined', 'declined'), ('expired', 'not decided in time'), ('void', 'void: the terms changed')], default='pending', max_length=20, verbose_name='verdict')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=10, verbose_name='amount')),
                ('requested_at', models.DateTimeField(verbose_name='requested at')),
                ('reason', models.TextField(blank=True, verbose_name='why')),
                ('due_at', models.DateTimeField(blank=True, null=True, verbose_name='answer wanted by')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='decided at')),
                ('note', models.TextField(blank=True, verbose_name='note')),
                ('award', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='approvals', to='complaints.award', verbose_name='award')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                ('looked_at_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='being looked at by')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='requested by')),
            ],
            options={
                'verbose_name': 'approval of compensation',
                'verbose_name_plural': 'approvals of compensation',
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('verdict', 'pending')), fields=['requested_at'], name='complaints_approval_queue'), models.Index(fields=['decided_at'], name='complaints_approval_decided')],
                'constraints': [models.CheckConstraint(condition=models.Q(('decided_by', models.F('requested_by')), _negated=True), name='complaints_awardapproval_four_eyes'), models.CheckConstraint(condition=models.Q(models.Q(('verdict__in', ['approved', 'approved_with_change', 'declined']), _negated=True), ('decided_by__isnull', False), _connector='OR'), name='complaints_awardapproval_decided_by_someone'), models.UniqueConstraint(condition=models.Q(('verdict', 'pending')), fields=('award',), name='complaints_one_pending_approval_per_award')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='awardmove',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='88c52ee6765e8f4b416c94b7928411b56208e314', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_706a1', table='complaints_awardmove', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='matrix',
            trigger=pgtrigger.compiler.Trigger(name='published_is_fixed', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."published_at" IS NOT NULL)', func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='a52ae527587cb9c6d3c108a08e5caf5d0b5f5e0b', operation='UPDATE OR DELETE', pgid='pgtrigger_published_is_fixed_f0d16', table='complaints_matrix', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='award',
            trigger=pgtrigger.compiler.Trigger(name='moves_only', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{pending:approved,pending:declined,pending:replaced,pending:withdrawn,approved:done,approved:replaced,approved:withdrawn}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='b96622f1d9c194dd02e680143ca7da2df4ca59c9', operation='UPDATE', pgid='pgtrigger_moves_only_ac8e9', table='complaints_award', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='award',
            trigger=pgtrigger.compiler.Trigger(name='terms_fixed', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."case_id" IS DISTINCT FROM (NEW."case_id") OR OLD."matrix_id" IS DISTINCT FROM (NEW."matrix_id") OR OLD."owed" IS DISTINCT FROM (NEW."owed") OR OLD."loss" IS DISTINCT FROM (NEW."loss") OR OLD."goodwill" IS DISTINCT FROM (NEW."goodwill") OR OLD."guided" IS DISTINCT FROM (NEW."guided") OR OLD."band" IS DISTINCT FROM (NEW."band") OR OLD."voucher_for_owed" IS DISTINCT FROM (NEW."voucher_for_owed") OR OLD."consent" IS DISTINCT FROM (NEW."consent") OR OLD."deviation" IS DISTINCT FROM (NEW."deviation") OR OLD."explanation" IS DISTINCT FROM (NEW."explanation") OR OLD."sentence" IS DISTINCT FROM (NEW."sentence") OR OLD."proposed_by_id" IS DISTINCT FROM (NEW."proposed_by_id") OR OLD."proposed_at" IS DISTINCT FROM (NEW."proposed_at") OR OLD."replaces_id" IS DISTINCT FROM (NEW."replaces_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='0bf7c4d8ebb40a5ec8e5fdf119754081fa2cc39e', operation='UPDATE', pgid='pgtrigger_terms_fixed_51959', table='complaints_award', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='award',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='6b91c0589abbf99d3ccc34e3836d18d14779f197', operation='DELETE', pgid='pgtrigger_never_deleted_5515c', table='complaints_award', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='matrixcell',
            trigger=pgtrigger.compiler.Trigger(name='published_is_fixed', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    IF EXISTS (\n        SELECT 1 FROM complaints_matrix\n        WHERE published_at IS NOT NULL AND id = CASE WHEN TG_OP = 'INSERT' THEN NEW.matrix_id ELSE OLD.matrix_id END\n    ) THEN\n        RAISE EXCEPTION 'this matrix is published: make a new version' USING ERRCODE = 'check_violation';\n    END IF;\n    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;\n    RETURN NEW;\n", hash='b499dfe9bc05324ed7ed34e9071c19d10af81a16', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_published_is_fixed_6cffe', table='complaints_matrixcell', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='remedy',
            trigger=pgtrigger.compiler.Trigger(name='moves_only', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{proposed:agreed,proposed:cancelled,agreed:cancelled,agreed:done,agreed:ordered,ordered:done,ordered:failed,failed:cancelled,failed:done,failed:ordered}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='70d12efa3d2d22eedb1dadc3879b29b67b66f872', operation='UPDATE', pgid='pgtrigger_moves_only_992b1', table='complaints_remedy', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='remedy',
            trigger=pgtrigger.compiler.Trigger(name='terms_fixed', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."award_id" IS DISTINCT FROM (NEW."award_id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."basis" IS DISTINCT FROM (NEW."basis") OR OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."what" IS DISTINCT FROM (NEW."what") OR OLD."stamps" IS DISTINCT FROM (NEW."stamps"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='c14b7965ef721ee8eff423b9eb5c51c6263c333f', operation='UPDATE', pgid='pgtrigger_terms_fixed_4d6d3', table='complaints_remedy', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='remedymove',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='7a5733f63ee356e3de9467b28cdf3945c0fce65b', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_8011e', table='complaints_remedymove', when='BEFORE')),
        ),
    ]
