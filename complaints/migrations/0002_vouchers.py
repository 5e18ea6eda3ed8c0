import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0001_casework'),
        ('customers', '0002_initial'),
        ('staff', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Voucher',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('value', 'value voucher'), ('product', 'product voucher')], default='value', max_length=8, verbose_name='kind')),
                ('state', models.CharField(choices=[('active', 'valid'), ('spent', 'used up'), ('expired', 'expired'), ('void', 'void')], default='active', max_length=8, verbose_name='state')),
                ('product', models.CharField(blank=True, max_length=120, verbose_name='product')),
                ('face', models.DecimalField(decimal_places=2, max_digits=10, verbose_name='value when issued')),
                ('balance', models.DecimalField(decimal_places=2, max_digits=10, verbose_name='balance')),
                ('valid_until', models.DateField(help_text='To the end of this day.', verbose_name='valid until')),
                ('issued_at', models.DateTimeField(verbose_name='issued at')),
                ('fingerprint', models.CharField(editable=False, max_length=64, unique=True)),
                ('last_four', models.CharField(db_index=True, max_length=4, verbose_name='last four')),
                ('case', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='vouchers', to='complaints.complaintcase', verbose_name='complaint')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='vouchers', to='customers.customer', verbose_name='customer')),
                ('issued_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='issued by')),
                ('replaces', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='complaints.voucher', verbose_name='replaces')),
            ],
            options={
                'verbose_name': 'voucher',
                'verbose_name_plural': 'vouchers',
                'permissions': [('issue_voucher', 'May issue and reissue vouchers'), ('redeem_voucher', 'May look up and redeem vouchers'), ('reverse_redemption', 'May take back a redemption'), ('void_voucher', 'May void vouchers'), ('extend_voucher', 'May extend vouchers'), ('view_liability', 'May open the liability report')],
                'indexes': [models.Index(fields=['-issued_at', '-id'], name='complaints_voucher_list'), models.Index(fields=['state', '-issued_at', '-id'], name='complaints_voucher_by_state'), models.Index(fields=['customer', '-issued_at', '-id'], name='complaints_voucher_customer'), models.Index(condition=models.Q(('state', 'active')), fields=['valid_until'], name='complaints_voucher_expiring')],
                'constraints': [models.CheckConstraint(condition=models.Q(('face__gt', 0)), name='complaints_voucher_face_positive'), models.CheckConstraint(condition=models.Q(('balance__gte', 0), ('balance__lte', models.F('face'))), name='complaints_voucher_balance_within_face'), models.CheckConstraint(condition=models.Q(models.Q(('balance__gt', 0), ('state', 'active')), models.Q(models.Q(('state', 'active'), _negated=True), ('balance', 0)), _connector='OR'), name='complaints_voucher_valid_means_balance'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'value'), ('product', '')), models.Q(('kind', 'product'), models.Q(('product', ''), _negated=True)), _connector='OR'), name='complaints_voucher_product_named')],
            },
        ),
        migrations.CreateModel(
            name='VoucherEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('issue', 'issued'), ('redeem', 'redeemed'), ('reverse', 'redemption taken back'), ('expire', 'expired'), ('void', 'voided'), ('adjust', 'adjusted')], max_length=8, verbose_name='kind')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=10, verbose_name='amount')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('reference', models.CharField(blank=True, max_length=80, verbose_name='reference')),
                ('note', models.CharField(blank=True, max_length=400, verbose_name='note')),
                ('request_hash', models.CharField(blank=True, editable=False, max_length=64)),
                ('key', models.CharField(editable=False, max_length=300, null=True, unique=True, verbose_name='idempotency key')),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('reverses', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversals', to='complaints.voucherentry', verbose_name='takes back')),
                ('voucher', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='complaints.voucher', verbose_name='voucher')),
            ],
            options={
                'verbose_name': 'voucher entry',
                'verbose_name_plural': 'voucher entries',
                'indexes': [models.Index(fields=['voucher', 'id'], name='complaints_entry_ledger'), models.Index(fields=['at'], include=('voucher', 'kind', 'amount'), name='complaints_entry_liability')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('kind', 'issue')), fields=('voucher',), name='complaints_voucher_issued_once'), models.UniqueConstraint(condition=models.Q(('kind', 'void')), fields=('voucher',), name='complaints_voucher_voided_once'), models.CheckConstraint(condition=models.Q(models.Q(('amount__gt', 0), ('kind__in', ['issue', 'reverse'])), models.Q(('amount__lt', 0), ('kind__in', ['redeem', 'expire', 'void'])), models.Q(('kind', 'adjust'), models.Q(('amount', 0), _negated=True)), _connector='OR'), name='complaints_entry_sign_by_kind'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'reverse'), ('reverses__isnull', False)), models.Q(models.Q(('kind', 'reverse'), _negated=True), ('reverses__isnull', True)), _connector='OR'), name='complaints_entry_reversal_names_its_redemption')],
            },
        ),
        migrations.CreateModel(
            name='Reservation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('held', 'held'), ('captured', 'captured'), ('released', 'released'), ('lapsed', 'lapsed')], default='held', max_length=8, verbose_name='state')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=10, verbose_name='amount')),
                ('reference', models.CharField(blank=True, max_length=80, verbose_name='reference')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('expires_at', models.DateTimeField(verbose_name='held until')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended at')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('voucher', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reservations', to='complaints.voucher', verbose_name='voucher')),
                ('entry', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reservation', to='complaints.voucherentry', verbose_name='redemption')),
            ],
            options={
                'verbose_name': 'reservation',
                'verbose_name_plural': 'reservations',
                'indexes': [models.Index(condition=models.Q(('state', 'held')), fields=['voucher'], name='complaints_reservation_held'), models.Index(condition=models.Q(('state', 'held')), fields=['expires_at'], name='complaints_reservation_lapsing')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='complaints_reservation_positive'), models.CheckConstraint(condition=models.Q(models.Q(('entry__isnull', False), ('state', 'captured')), models.Q(models.Q(('state', 'captured'), _negated=True), ('entry__isnull', True)), _connector='OR'), name='complaints_captured_means_redeemed')],
            },
        ),
        migrations.CreateModel(
            name='VoucherExtension',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('before', models.DateField(verbose_name='before')),
                ('after', models.DateField(verbose_name='after')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('reason', models.CharField(max_length=400, verbose_name='why')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('voucher', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='extensions', to='complaints.voucher', verbose_name='voucher')),
            ],
            options={
                'verbose_name': 'extension',
                'verbose_name_plural': 'extensions',
                'constraints': [models.CheckConstraint(condition=models.Q(('after__gt', models.F('before'))), name='complaints_extension_is_later')],
            },
        ),
        migrations.CreateModel(
            name='FailedLookup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.GenericIPAddressField(blank=True, null=True, verbose_name='address')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
            ],
            options={
                'verbose_name': 'failed look-up',
                'verbose_name_plural': 'failed look-ups',
                'indexes': [models.Index(fields=['by', 'at'], name='complaints_guess_by'), models.Index(fields=['address', 'at'], name='complaints_guess_address')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='voucher',
            trigger=pgtrigger.compiler.Trigger(name='moves_only', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{active:expired,active:spent,active:void,spent:active,expired:active}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='96971567e8b82456eb8b4ea1b93907087b730369', operation='UPDATE', pgid='pgtrigger_moves_only_fbfc2', table='complaints_voucher', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='voucher',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='cc1ec64c7831736eb78e300dbf7b732609ad667f', operation='DELETE', pgid='pgtrigger_never_deleted_e8883', table='complaints_voucher', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='voucher',
            trigger=pgtrigger.compiler.Trigger(name='terms_fixed', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."customer_id" IS DISTINCT FROM (NEW."customer_id") OR OLD."product" IS DISTINCT FROM (NEW."product") OR OLD."face" IS DISTINCT FROM (NEW."face") OR OLD."fingerprint" IS DISTINCT FROM (NEW."fingerprint") OR OLD."issued_at" IS DISTINCT FROM (NEW."issued_at"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='d777c3d623bfa0ab136c02a64736918c882b71b1', operation='UPDATE', pgid='pgtrigger_terms_fixed_e4e34', table='complaints_voucher', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='voucher',
            trigger=pgtrigger.compiler.Trigger(name='balanced', sql=pgtrigger.compiler.UpsertTriggerSql(constraint='CONSTRAINT', func="\n    IF (SELECT balance FROM complaints_voucher WHERE id = NEW.id) IS DISTINCT FROM\n       (SELECT COALESCE(SUM(amount), 0) FROM complaints_voucherentry WHERE voucher_id = NEW.id) THEN\n        RAISE EXCEPTION 'voucher %: the balance is not the sum of its entries', NEW.id USING ERRCODE = 'check_violation';\n    END IF;\n    RETURN NULL;\n", hash='dcaaa82251e51e89a63b5d3dbd019b58dad8b90d', operation='INSERT OR UPDATE OF "balance"', pgid='pgtrigger_balanced_b5345', table='complaints_voucher', timing='DEFERRABLE INITIALLY DEFERRED', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='voucherentry',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='a649a88d40989ef786dc01727b172420b84d75f5', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_84d97', table='complaints_voucherentry', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='voucherentry',
            trigger=pgtrigger.compiler.Trigger(name='balanced', sql=pgtrigger.compiler.UpsertTriggerSql(constraint='CONSTRAINT', func="\n    IF (SELECT balance FROM complaints_voucher WHERE id = NEW.voucher_id) IS DISTINCT FROM\n       (SELECT COALESCE(SUM(amount), 0) FROM complaints_voucherentry WHERE voucher_id = NEW.voucher_id) THEN\n        RAISE EXCEPTION 'voucher %: the balance is not the sum of its entries', NEW.voucher_id USING ERRCODE = 'check_violation';\n    END IF;\n    RETURN NULL;\n", hash='a4317e283251fa2d71886ddf0122dcebd2373ae3', operation='INSERT', pgid='pgtrigger_balanced_07369', table='complaints_voucherentry', timing='DEFERRABLE INITIALLY DEFERRED', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='voucherentry',
            trigger=pgtrigger.compiler.Trigger(name='reversal_within', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."reverses_id" IS NOT NULL)', declare='DECLARE redemption complaints_voucherentry%ROWTYPE;', func="\n    SELECT * INTO redemption FROM complaints_voucherentry WHERE id = NEW.reverses_id FOR UPDATE;\n    IF redemption.kind <> 'redeem' OR redemption.voucher_id <> NEW.voucher_id OR NEW.amount + redemption.amount + (\n        SELECT COALESCE(SUM(amount), 0) FROM complaints_voucherentry WHERE reverses_id = NEW.reverses_id\n    ) > 0 THEN\n        RAISE EXCEPTION 'entry %: more reversed than redeemed', NEW.reverses_id USING ERRCODE = 'check_violation';\n    END IF;\n    RETURN NEW;\n", hash='1cb4bc2d54ce042598bbb55f1c9bca41dfc3d4cb', operation='INSERT', pgid='pgtrigger_reversal_within_364e3', table='complaints_voucherentry', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='reservation',
            trigger=pgtrigger.compiler.Trigger(name='moves_only', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{held:captured,held:lapsed,held:released}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='4e8830db1452adf5e45651516691a5c3827b1152', operation='UPDATE', pgid='pgtrigger_moves_only_c0790', table='complaints_reservation', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='voucherextension',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='7816cda6535f3a345c51fac50d4095fd4a982602', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_ea8d9', table='complaints_voucherextension', when='BEFORE')),
        ),
    ]
