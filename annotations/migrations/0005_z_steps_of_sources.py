"""Copy the distance of planes from what files told when they were read."""

from django.db import migrations

COPY = """
    UPDATE annotations_image SET z_step_um = (source ->> 'z_step_um')::double precision
    WHERE z_step_um IS NULL AND jsonb_typeof(source -> 'z_step_um') = 'number'
        AND (source ->> 'z_step_um')::double precision BETWEEN 0.001 AND 1000
"""


class Migration(migrations.Migration):
    dependencies = [("annotations", "0004_classes_and_stacks")]

    # Backwards nothing: the sources keep what they told.
    operations = [migrations.RunSQL(COPY, migrations.RunSQL.noop)]
