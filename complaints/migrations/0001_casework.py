import complaints.models.messages
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('customers', '0002_initial'),
        ('staff', '0001_initial'),
        ('staff', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Calendar',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('time_zone', models.CharField(default='Europe/Stockholm', max_length=40, verbose_name='time zone')),
                ('country', models.CharField(blank=True, help_text='Country code; empty: no public holidays.', max_length=2, verbose_name='public holidays of')),
                ('subdivision', models.CharField(blank=True, help_text='For holidays of a region only, such as BY for Bavaria.', max_length=10, verbose_name='region')),
            ],
            options={
                'verbose_name': 'calendar',
                'verbose_name_plural': 'calendars',
            },
        ),
        migrations.CreateModel(
            name='CaseNumber',
            fields=[
                ('year', models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ('last', models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='RootCause',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=40, unique=True, verbose_name='code')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('name_sv', models.CharField(blank=True, max_length=80, verbose_name='name in Swedish')),
                ('name_de', models.CharField(blank=True, max_length=80, verbose_name='name in German')),
                ('is_active', models.BooleanField(default=True, verbose_name='in use')),
                ('order', models.PositiveSmallIntegerField(default=100, verbose_name='order')),
            ],
            options={
                'verbose_name': 'root cause',
                'verbose_name_plural': 'root causes',
            },
        ),
        migrations.CreateModel(
            name='Category',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=40, unique=True, verbose_name='code')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('name_sv', models.CharField(blank=True, max_length=80, verbose_name='name in Swedish')),
                ('name_de', models.CharField(blank=True, max_length=80, verbose_name='name in German')),
                ('is_active', models.BooleanField(default=True, verbose_name='in use')),
                ('order', models.PositiveSmallIntegerField(default=100, verbose_name='order')),
                ('needs_evidence', models.BooleanField(default=False, help_text='A receipt, a photo: its absence asks for a second look.', verbose_name='evidence expected')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='complaints.category', verbose_name='part of')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='staff.team', verbose_name='team that handles it')),
            ],
            options={
                'verbose_name': 'category',
                'verbose_name_plural': 'categories',
            },
        ),
        migrations.CreateModel(
            name='ComplaintCase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('number', models.CharField(max_length=16, unique=True, verbose_name='case number')),
                ('channel', models.CharField(choices=[('phone', 'phone'), ('letter', 'letter'), ('email', 'e-mail'), ('web', 'web form'), ('shop', 'shop')], max_length=8, verbose_name='came by')),
                ('received_at', models.DateTimeField(verbose_name='received')),
                ('recorded_at', models.DateTimeField(editable=False, verbose_name='recorded')),
                ('severity', models.PositiveSmallIntegerField(choices=[(1, 'minor: an annoyance, nothing lost'), (2, 'moderate: time or a little money lost'), (3, 'serious: no service, or real money lost'), (4, 'critical: danger, health, many customers, or the law')], default=2, verbose_name='severity')),
                ('priority', models.PositiveSmallIntegerField(choices=[(1, 'urgent'), (2, 'high'), (3, 'normal'), (4, 'low')], default=3, verbose_name='priority')),
                ('title', models.CharField(max_length=160, verbose_name='in one line')),
                ('happened', models.TextField(max_length=20000, verbose_name='what happened')),
                ('wanted', models.TextField(blank=True, max_length=4000, verbose_name='what is asked for')),
                ('product', models.CharField(blank=True, max_length=120, verbose_name='product')),
                ('item_price', models.DecimalField(blank=True, decimal_places=2, max_digits=10, null=True, verbose_name='price of the item')),
                ('reference', models.CharField(blank=True, help_text='Receipt number, order or loyalty receipt.', max_length=80, verbose_name='purchase or receipt')),
                ('state', models.CharField(choices=[('registered', 'registered'), ('acknowledged', 'acknowledged'), ('assessing', 'being assessed'), ('investigating', 'being investigated'), ('waiting_customer', 'waiting for the customer'), ('waiting_third_party', 'waiting for a third party'), ('decision_drafted', 'decision drafted'), ('pending_approval', 'waiting for approval'), ('returned', 'returned by the approver'), ('responded', 'answered'), ('fulfilling', 'remedies under way'), ('closed', 'closed'), ('resolved_on_contact', 'resolved on contact'), ('reopened', 'reopened'), ('duplicate', 'duplicate'), ('withdrawn', 'withdrawn'), ('not_a_complaint', 'not a complaint'), ('referred_external', 'referred to another body')], default='registered', max_length=24, verbose_name='state')),
                ('fault', models.CharField(blank=True, choices=[('ours', 'ours'), ('supplier', "a supplier's"), ('customer', "the customer's"), ('shared', 'shared with the customer'), ('nobody', "nobody's")], max_length=10, verbose_name='whose fault')),
                ('outcome', models.CharField(blank=True, choices=[('upheld', 'upheld'), ('partly_upheld', 'partly upheld'), ('rejected', 'rejected'), ('goodwill', 'goodwill without admission')], max_length=16, verbose_name='outcome')),
                ('draft_subject', models.CharField(blank=True, max_length=200, verbose_name='draft: subject')),
                ('draft_body', models.TextField(blank=True, max_length=20000, verbose_name='draft: answer')),
                ('due_at', models.DateTimeField(help_text='The nearest deadline still running; the last one when all have stopped.', verbose_name='due')),
                ('chase_at', models.DateTimeField(blank=True, null=True, verbose_name='chase on')),
                ('escalated_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='escalated')),
                ('first_response_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='first human answer')),
                ('responded_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='answered at')),
                ('closed_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='closed at')),
                ('reopened_count', models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='times reopened')),
                ('was_active', models.BooleanField(default=False, editable=False, verbose_name='had an active subscription when it came')),
                ('is_open', models.GeneratedField(db_persist=True, expression=models.Q(('state__in', ['acknowledged', 'assessing', 'decision_drafted', 'fulfilling', 'investigating', 'pending_approval', 'registered', 'reopened', 'responded', 'returned', 'waiting_customer', 'waiting_third_party'])), output_field=models.BooleanField())),
                ('search', models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.SearchVector('number', 'title', 'happened', 'wanted', 'product', 'reference', config='simple'), output_field=django.contrib.postgres.search.SearchVectorField())),
                ('assignee', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='complaints', to=settings.AUTH_USER_MODEL, verbose_name='handled by')),
                ('category', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='complaints.category', verbose_name='category')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='complaints', to='customers.customer', verbose_name='customer')),
                ('duplicate_of', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='duplicates', to='complaints.complaintcase', verbose_name='duplicate of')),
                ('recorded_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='recorded by')),
                ('subscription', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='complaints', to='customers.subscription', verbose_name='subscription')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='complaints', to='staff.team', verbose_name='team')),
                ('root_cause', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='complaints.rootcause', verbose_name='root cause')),
            ],
            options={
                'verbose_name': 'complaint',
                'verbose_name_plural': 'complaints',
                'permissions': [('register_complaint', 'May register a complaint'), ('work_complaint', 'May work on complaints: messages, states, assignment to oneself'), ('assign_complaint', 'May assign complaints to others and share out a queue'), ('view_complaint_reports', 'May read the reports on complaints')],
                'indexes': [models.Index(models.F('due_at'), models.F('id'), condition=models.Q(('is_open', True)), name='complaints_open_due'), models.Index(models.F('priority'), models.F('due_at'), models.F('id'), condition=models.Q(('is_open', True)), name='complaints_open_priority'), models.Index(models.F('assignee'), models.F('due_at'), models.F('id'), condition=models.Q(('is_open', True)), name='complaints_open_assignee'), models.Index(models.F('team'), models.F('due_at'), models.F('id'), condition=models.Q(('is_open', True)), name='complaints_open_team'), models.Index(models.F('chase_at'), condition=models.Q(('chase_at__isnull', False)), name='complaints_chase'), models.Index(fields=['-received_at', '-id'], name='complaints_received'), models.Index(fields=['state', '-received_at', '-id'], name='complaints_state_received'), models.Index(fields=['category', '-received_at', '-id'], name='complaints_category_received'), models.Index(fields=['channel', '-received_at', '-id'], name='complaints_channel_received'), models.Index(fields=['severity', '-received_at', '-id'], name='complaints_severity_received'), models.Index(fields=['outcome', '-received_at', '-id'], name='complaints_outcome_received'), models.Index(fields=['assignee', '-received_at', '-id'], name='complaints_assignee_received'), models.Index(fields=['customer', '-received_at', '-id'], name='complaints_customer_received'), models.Index(fields=['due_at', 'id'], name='complaints_due'), models.Index(fields=['closed_at'], name='complaints_closed'), django.contrib.postgres.indexes.GinIndex(fields=['search'], name='complaints_text')],
                'constraints': [models.CheckConstraint(condition=models.Q(('received_at__lte', models.F('recorded_at'))), name='complaints_received_before_recorded'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['closed', 'fulfilling', 'resolved_on_contact', 'responded']), _negated=True), models.Q(models.Q(('outcome', ''), _negated=True), ('root_cause__isnull', False)), _connector='OR'), name='complaints_answered_has_outcome_and_cause'), models.CheckConstraint(condition=models.Q(models.Q(('duplicate_of__isnull', False), ('state', 'duplicate')), models.Q(models.Q(('state', 'duplicate'), _negated=True), ('duplicate_of__isnull', True)), _connector='OR'), name='complaints_duplicate_names_its_original'), models.CheckConstraint(condition=models.Q(('duplicate_of', models.F('pk')), _negated=True), name='complaints_not_its_own_duplicate'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'waiting_customer'), _negated=True), ('chase_at__isnull', False), _connector='OR'), name='complaints_waiting_has_a_chase_date'), models.CheckConstraint(condition=models.Q(('item_price__gte', 0), ('item_price__isnull', True), _connector='OR'), name='complaints_item_price_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='CaseChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('field', models.CharField(max_length=40, verbose_name='field')),
                ('before', models.CharField(blank=True, max_length=200, verbose_name='before')),
                ('after', models.CharField(blank=True, max_length=200, verbose_name='after')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='complaints.complaintcase', verbose_name='complaint')),
            ],
            options={
                'verbose_name': 'change',
                'verbose_name_plural': 'changes',
                'indexes': [models.Index(fields=['case', 'at', 'id'], name='complaints_change_order')],
            },
        ),
        migrations.CreateModel(
            name='Cycle',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='number')),
                ('started_at', models.DateTimeField(verbose_name='from')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='until')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cycles', to='complaints.complaintcase', verbose_name='complaint')),
            ],
            options={
                'verbose_name': 'cycle',
                'verbose_name_plural': 'cycles',
                'constraints': [models.UniqueConstraint(fields=('case', 'number'), name='complaints_cycle_once'), models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('case',), name='complaints_one_running_cycle')],
            },
        ),
        migrations.CreateModel(
            name='DisputeNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('country', models.CharField(max_length=2, verbose_name='country')),
                ('language', models.CharField(choices=[('en', 'English'), ('sv', 'Swedish'), ('de', 'German')], max_length=5, verbose_name='language')),
                ('body_name', models.CharField(max_length=120, verbose_name='body')),
                ('text', models.TextField(max_length=2000, verbose_name='text')),
            ],
            options={
                'verbose_name': 'dispute-resolution notice',
                'verbose_name_plural': 'dispute-resolution notices',
                'constraints': [models.UniqueConstraint(fields=('country', 'language'), name='complaints_one_notice_per_country_language')],
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('note', 'note'), ('call', 'call'), ('email', 'e-mail'), ('letter', 'letter'), ('web', 'web form')], max_length=8, verbose_name='kind')),
                ('direction', models.CharField(choices=[('internal', 'among colleagues'), ('in', 'from the customer'), ('out', 'to the customer')], max_length=8, verbose_name='direction')),
                ('purpose', models.CharField(choices=[('acknowledgement', 'acknowledgement'), ('question', 'question'), ('progress', 'where it stands'), ('answer', 'answer'), ('other', 'other')], default='other', max_length=16, verbose_name='for')),
                ('subject', models.CharField(blank=True, max_length=200, verbose_name='subject')),
                ('body', models.TextField(max_length=100000, verbose_name='text')),
                ('language', models.CharField(blank=True, max_length=5, verbose_name='language')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('is_automatic', models.BooleanField(default=False, help_text='Sent by the system; never counts as a human answer.', verbose_name='automatic')),
                ('sender', models.CharField(blank=True, max_length=254, verbose_name='from')),
                ('message_id', models.CharField(blank=True, max_length=255, verbose_name='Message-ID')),
                ('search', models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.SearchVector('subject', 'body', config='simple'), output_field=django.contrib.postgres.search.SearchVectorField())),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='complaints.complaintcase', verbose_name='complaint')),
                ('delivery', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.delivery', verbose_name='delivery')),
                ('document', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.document', verbose_name='letter as PDF')),
            ],
            options={
                'verbose_name': 'message',
                'verbose_name_plural': 'messages',
                'indexes': [models.Index(fields=['case', 'at', 'id'], name='complaints_message_order'), django.contrib.postgres.indexes.GinIndex(fields=['search'], name='complaints_message_text')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('direction', 'internal'), ('kind', 'note')), models.Q(models.Q(('kind', 'note'), _negated=True), models.Q(('direction', 'internal'), _negated=True)), _connector='OR'), name='complaints_only_notes_are_internal'), models.UniqueConstraint(condition=models.Q(('message_id', ''), _negated=True), fields=('message_id',), name='complaints_mail_received_once')],
            },
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.FileField(max_length=160, upload_to=complaints.models.messages._stored_name, verbose_name='file')),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('content_type', models.CharField(max_length=40, verbose_name='type')),
                ('size', models.PositiveIntegerField(verbose_name='size')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('added_at', models.DateTimeField(verbose_name='added at')),
                ('added_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='added by')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='complaints.complaintcase', verbose_name='complaint')),
                ('message', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='complaints.message', verbose_name='message')),
            ],
            options={
                'verbose_name': 'attachment',
                'verbose_name_plural': 'attachments',
                'constraints': [models.UniqueConstraint(fields=('case', 'sha256'), name='complaints_same_file_once_per_case')],
            },
        ),
        migrations.CreateModel(
            name='Pause',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_at', models.DateTimeField(verbose_name='from')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='until')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='why')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pauses', to='complaints.complaintcase', verbose_name='complaint')),
            ],
            options={
                'verbose_name': 'pause',
                'verbose_name_plural': 'pauses',
                'constraints': [models.CheckConstraint(condition=models.Q(('ended_at__isnull', True), ('ended_at__gte', models.F('started_at')), _connector='OR'), name='complaints_pause_order'), models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('case',), name='complaints_one_running_pause')],
            },
        ),
        migrations.CreateModel(
            name='Policy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('priority', models.PositiveSmallIntegerField(blank=True, choices=[(1, 'urgent'), (2, 'high'), (3, 'normal'), (4, 'low')], null=True, verbose_name='priority')),
                ('first_response_minutes', models.PositiveIntegerField(verbose_name='first answer within, open minutes')),
                ('resolution_minutes', models.PositiveIntegerField(verbose_name='answer within, open minutes')),
                ('statutory_days', models.PositiveSmallIntegerField(verbose_name='answer required by law within, calendar days')),
                ('effective_from', models.DateField(verbose_name='in force from')),
                ('effective_until', models.DateField(blank=True, null=True, verbose_name='in force until')),
                ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='policies', to='complaints.calendar', verbose_name='calendar')),
                ('category', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='policies', to='complaints.category', verbose_name='category')),
            ],
            options={
                'verbose_name': 'promise',
                'verbose_name_plural': 'promises',
                'constraints': [models.CheckConstraint(condition=models.Q(('effective_until__isnull', True), ('effective_until__gte', models.F('effective_from')), _connector='OR'), name='complaints_policy_period'), models.CheckConstraint(condition=models.Q(('first_response_minutes__gt', 0), ('resolution_minutes__gt', 0), ('statutory_days__gt', 0)), name='complaints_policy_targets_positive'), models.UniqueConstraint(fields=('category', 'priority', 'effective_from'), name='complaints_policy_once_a_day', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='Clock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('first_response', 'first answer'), ('resolution', 'answer'), ('statutory', 'answer required by law')], max_length=16, verbose_name='kind')),
                ('target', models.PositiveIntegerField(help_text='Open seconds; for the law, calendar days.', verbose_name='target')),
                ('started_at', models.DateTimeField(verbose_name='from')),
                ('due_at', models.DateTimeField(verbose_name='due')),
                ('is_paused', models.BooleanField(default=False, verbose_name='paused')),
                ('met_at', models.DateTimeField(blank=True, null=True, verbose_name='stopped')),
                ('elapsed', models.PositiveIntegerField(blank=True, null=True, verbose_name='open seconds used')),
                ('warned', models.PositiveSmallIntegerField(default=0, verbose_name='warned at, percent')),
                ('warn_at', models.DateTimeField(blank=True, null=True, verbose_name='next warning')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='clocks', to='complaints.complaintcase', verbose_name='complaint')),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='clocks', to='complaints.cycle', verbose_name='cycle')),
                ('policy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='complaints.policy', verbose_name='promise')),
            ],
            options={
                'verbose_name': 'clock',
                'verbose_name_plural': 'clocks',
                'indexes': [models.Index(models.F('warn_at'), condition=models.Q(('is_paused', False), ('met_at__isnull', True), ('warn_at__isnull', False)), name='complaints_clock_warn'), models.Index(fields=['kind', 'due_at'], name='complaints_clock_due'), models.Index(fields=['case'], name='complaints_clock_case')],
                'constraints': [models.UniqueConstraint(fields=('cycle', 'kind'), name='complaints_clock_once_per_cycle')],
            },
        ),
        migrations.CreateModel(
            name='Breach',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(verbose_name='was due')),
                ('noticed_at', models.DateTimeField(verbose_name='noticed')),
                ('clock', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='breach', to='complaints.clock', verbose_name='clock')),
                ('policy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='complaints.policy', verbose_name='promise')),
            ],
            options={
                'verbose_name': 'breach',
                'verbose_name_plural': 'breaches',
                'indexes': [models.Index(fields=['due_at'], name='complaints_breach_due')],
            },
        ),
        migrations.CreateModel(
            name='Presence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seen_at', models.DateTimeField()),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='presences', to='complaints.complaintcase')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('case', 'user'), name='complaints_presence_once')],
            },
        ),
        migrations.CreateModel(
            name='Survey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cycle_number', models.PositiveSmallIntegerField(verbose_name='cycle')),
                ('asked_at', models.DateTimeField(verbose_name='asked')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='answered')),
                ('outcome', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)], verbose_name='the outcome')),
                ('process', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)], verbose_name='how it was handled')),
                ('treatment', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)], verbose_name='how you were met')),
                ('comment', models.TextField(blank=True, max_length=4000, verbose_name='anything else')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='surveys', to='complaints.complaintcase', verbose_name='complaint')),
            ],
            options={
                'verbose_name': 'survey',
                'verbose_name_plural': 'surveys',
                'indexes': [models.Index(fields=['answered_at'], name='complaints_survey_answered')],
                'constraints': [models.UniqueConstraint(fields=('case', 'cycle_number'), name='complaints_one_survey_per_cycle'), models.CheckConstraint(condition=models.Q(('answered_at__isnull', True), models.Q(('outcome__range', (1, 5)), ('process__range', (1, 5)), ('treatment__range', (1, 5))), _connector='OR'), name='complaints_answered_survey_is_whole')],
            },
        ),
        migrations.CreateModel(
            name='Template',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=40, verbose_name='code')),
                ('language', models.CharField(choices=[('en', 'English'), ('sv', 'Swedish'), ('de', 'German')], max_length=5, verbose_name='language')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('purpose', models.CharField(choices=[('acknowledgement', 'acknowledgement'), ('question', 'question'), ('progress', 'where it stands'), ('answer', 'answer'), ('other', 'other')], default='other', max_length=16, verbose_name='for')),
                ('subject', models.CharField(max_length=200, verbose_name='subject')),
                ('body', models.TextField(max_length=20000, verbose_name='text')),
                ('is_active', models.BooleanField(default=True, verbose_name='in use')),
            ],
            options={
                'verbose_name': 'template',
                'verbose_name_plural': 'templates',
                'constraints': [models.UniqueConstraint(fields=('code', 'language'), name='complaints_template_once_per_language')],
            },
        ),
        migrations.CreateModel(
            name='CalendarException',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='day')),
                ('name', models.CharField(max_length=80, verbose_name='why')),
                ('opens', models.TimeField(blank=True, help_text='Both empty: closed all day.', null=True, verbose_name='opens')),
                ('closes', models.TimeField(blank=True, null=True, verbose_name='closes')),
                ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='exceptions', to='complaints.calendar', verbose_name='calendar')),
            ],
            options={
                'verbose_name': 'exception',
                'verbose_name_plural': 'exceptions',
                'constraints': [models.UniqueConstraint(fields=('calendar', 'day'), name='complaints_exception_once'), models.CheckConstraint(condition=models.Q(models.Q(('closes__isnull', True), ('opens__isnull', True)), models.Q(('closes__isnull', False), ('opens__isnull', False), ('opens__lt', models.F('closes'))), _connector='OR'), name='complaints_exception_hours')],
            },
        ),
        migrations.CreateModel(
            name='CalendarInterval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weekday', models.PositiveSmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')], verbose_name='weekday')),
                ('opens', models.TimeField(verbose_name='opens')),
                ('closes', models.TimeField(verbose_name='closes')),
                ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='intervals', to='complaints.calendar', verbose_name='calendar')),
            ],
            options={
                'verbose_name': 'opening hours',
                'verbose_name_plural': 'opening hours',
                'constraints': [models.CheckConstraint(condition=models.Q(('opens__lt', models.F('closes'))), name='complaints_opens_before_closes'), models.CheckConstraint(condition=models.Q(('weekday__lte', 6)), name='complaints_weekday_of_seven'), models.UniqueConstraint(fields=('calendar', 'weekday', 'opens'), name='complaints_interval_once')],
            },
        ),
        migrations.CreateModel(
            name='CaseMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_state', models.CharField(max_length=30, verbose_name='from')),
                ('to_state', models.CharField(max_length=30, verbose_name='to')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('note', models.TextField(blank=True, verbose_name='note')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('subject', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='moves', to='complaints.complaintcase', verbose_name='complaint')),
            ],
            options={
                'verbose_name': 'step',
                'verbose_name_plural': 'steps',
                'abstract': False,
                'indexes': [models.Index(fields=['subject', 'at', 'id'], name='complaints_move_order')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='casemove',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='1b48977d3b87119ca97fe41b026366d88c1a6e59', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_4cd84', table='complaints_casemove', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='casechange',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='a7395542b44b06d1288767601b3b2402e18930f5', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_dc704', table='complaints_casechange', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='message',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='7ec9495af72f0c0ec81a434a9528499a28d05389', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_19e29', table='complaints_message', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='breach',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='4901a507b7fb36ced10bda7c007ba9b24bdd4a12', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_64414', table='complaints_breach', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='complaintcase',
            trigger=pgtrigger.compiler.Trigger(name='moves_only', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{registered:acknowledged,registered:assessing,registered:decision_drafted,registered:duplicate,registered:investigating,registered:not_a_complaint,registered:referred_external,registered:resolved_on_contact,registered:waiting_customer,registered:withdrawn,acknowledged:assessing,acknowledged:decision_drafted,acknowledged:duplicate,acknowledged:investigating,acknowledged:not_a_complaint,acknowledged:referred_external,acknowledged:resolved_on_contact,acknowledged:waiting_customer,acknowledged:withdrawn,assessing:decision_drafted,assessing:duplicate,assessing:investigating,assessing:not_a_complaint,assessing:referred_external,assessing:resolved_on_contact,assessing:waiting_customer,assessing:waiting_third_party,assessing:withdrawn,investigating:decision_drafted,investigating:duplicate,investigating:not_a_complaint,investigating:referred_external,investigating:resolved_on_contact,investigating:waiting_customer,investigating:waiting_third_party,investigating:withdrawn,waiting_customer:duplicate,waiting_customer:investigating,waiting_customer:not_a_complaint,waiting_customer:referred_external,waiting_customer:withdrawn,waiting_third_party:duplicate,waiting_third_party:investigating,waiting_third_party:not_a_complaint,waiting_third_party:referred_external,waiting_third_party:withdrawn,decision_drafted:duplicate,decision_drafted:investigating,decision_drafted:not_a_complaint,decision_drafted:pending_approval,decision_drafted:referred_external,decision_drafted:responded,decision_drafted:withdrawn,pending_approval:decision_drafted,pending_approval:returned,pending_approval:withdrawn,returned:decision_drafted,returned:duplicate,returned:investigating,returned:not_a_complaint,returned:pending_approval,returned:referred_external,returned:withdrawn,responded:closed,responded:fulfilling,responded:reopened,fulfilling:closed,fulfilling:reopened,closed:reopened,resolved_on_contact:reopened,reopened:duplicate,reopened:investigating,reopened:not_a_complaint,reopened:referred_external,reopened:withdrawn,duplicate:investigating,withdrawn:reopened,not_a_complaint:reopened,referred_external:reopened}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='e462af07152cd8e854ba4e4feb8a2b9e46746b43', operation='UPDATE', pgid='pgtrigger_moves_only_639a6', table='complaints_complaintcase', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='complaintcase',
            trigger=pgtrigger.compiler.Trigger(name='recorded_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."recorded_at" IS DISTINCT FROM (NEW."recorded_at") OR OLD."recorded_by_id" IS DISTINCT FROM (NEW."recorded_by_id") OR OLD."customer_id" IS DISTINCT FROM (NEW."customer_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='e4115c3e67b400b98d73f7870363f859a2a05b80', operation='UPDATE', pgid='pgtrigger_recorded_once_bba5e', table='complaints_complaintcase', when='BEFORE')),
        ),
    ]
