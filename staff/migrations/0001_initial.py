import django.contrib.auth.models
import django.contrib.auth.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Team',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
            ],
            options={
                'verbose_name': 'team',
                'verbose_name_plural': 'teams',
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('language', models.CharField(choices=[('en', 'English'), ('sv', 'Swedish'), ('de', 'German')], default='en', max_length=5, verbose_name='language')),
                ('theme', models.CharField(choices=[('system', 'as the system'), ('light', 'light'), ('dark', 'dark')], default='system', max_length=10, verbose_name='colours')),
                ('density', models.CharField(choices=[('comfortable', 'comfortable'), ('dense', 'dense')], default='comfortable', max_length=12, verbose_name='density')),
                ('shortcuts', models.BooleanField(default=True, help_text='Single keys such as “/”, “j” and “c” press buttons.', verbose_name='keyboard shortcuts')),
                ('is_demo', models.BooleanField(default=False, editable=False, verbose_name='demo account')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='members', to='staff.team', verbose_name='team')),
            ],
            options={
                'verbose_name': 'member of staff',
                'verbose_name_plural': 'staff',
                'permissions': [('use_desk', 'May open the desk'), ('view_styleguide', 'May open the style guide'), ('view_approvals', 'May open the approvals queue'), ('view_reports', 'May open the reports')],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), condition=models.Q(('email', ''), _negated=True), name='staff_email_once')],
            },
            managers=[
                ('objects', django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='AuthorityLimit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.SlugField(max_length=40, verbose_name='kind')),
                ('per_case', models.DecimalField(blank=True, decimal_places=2, max_digits=10, null=True, verbose_name='per case')),
                ('per_customer_year', models.DecimalField(blank=True, decimal_places=2, max_digits=10, null=True, verbose_name='per customer and year')),
                ('per_agent_day', models.DecimalField(blank=True, decimal_places=2, max_digits=10, null=True, verbose_name='per agent and day')),
                ('role', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='authority_limits', to='auth.group', verbose_name='role')),
            ],
            options={
                'verbose_name': 'authority limit',
                'verbose_name_plural': 'authority limits',
                'constraints': [models.UniqueConstraint(fields=('role', 'kind'), name='staff_one_limit_per_role_and_kind'), models.CheckConstraint(condition=models.Q(models.Q(('per_case__gte', 0), ('per_case__isnull', True), _connector='OR'), models.Q(('per_customer_year__gte', 0), ('per_customer_year__isnull', True), _connector='OR'), models.Q(('per_agent_day__gte', 0), ('per_agent_day__isnull', True), _connector='OR')), name='staff_limits_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=255, verbose_name='key')),
                ('request_hash', models.CharField(max_length=64)),
                ('status', models.PositiveSmallIntegerField(default=0)),
                ('body', models.JSONField(null=True)),
                ('created_at', models.DateTimeField(db_index=True, verbose_name='created at')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='client')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('client', 'key'), name='staff_idempotency_key_once')],
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('page', models.SlugField(max_length=40, verbose_name='page')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('query', models.CharField(max_length=500, verbose_name='filters')),
                ('removed_at', models.DateTimeField(blank=True, null=True, verbose_name='removed at')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_views', to=settings.AUTH_USER_MODEL, verbose_name='person')),
            ],
            options={
                'verbose_name': 'saved view',
                'verbose_name_plural': 'saved views',
                'constraints': [models.UniqueConstraint(condition=models.Q(('removed_at', None)), fields=('user', 'page', 'name'), name='staff_view_named_once')],
            },
        ),
    ]
