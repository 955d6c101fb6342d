"""How a person shows images, and bookmarks; some keys belong to the editor now."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotations', '0005_z_steps_of_sources'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # The editor inverts the picture with it.
        migrations.RunSQL(
            "UPDATE annotations_objectclass SET key = '' WHERE key IN ('i', 'o', 'q', 's', 't', 'w')", migrations.RunSQL.noop
        ),
        migrations.CreateModel(
            name='Bookmark',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=100)),
                ('place', models.JSONField()),
                ('is_shared', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('image', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bookmarks', to='annotations.image')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ViewSettings',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('chosen', models.JSONField(default=dict)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='view_settings', to='annotations.project')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'view settings',
                'constraints': [models.UniqueConstraint(fields=('project', 'user'), name='one_view_settings_per_person')],
            },
        ),
    ]
