"""How far people are in the tour of the editor."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotations', '0007_key_bindings'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='TourState',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('under_way', 'Under way'), ('later', 'Not now'), ('dismissed', 'Not again'), ('done', 'Done')], max_length=10)),
                ('step', models.CharField(choices=[('look', 'Move and zoom'), ('brush', 'Brush and size'), ('paint', 'Paint an object'), ('edge', 'Correct its edge'), ('undo', 'Undo and redo'), ('find', 'Drafts, regions, help')], max_length=10)),
                ('changed_at', models.DateTimeField(auto_now=True)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
    ]
