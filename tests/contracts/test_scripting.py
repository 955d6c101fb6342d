"""The commands that people script against take what docs/scripting.md says."""

from __future__ import annotations

import re

import pytest
from django.core.management import get_commands, load_command_class

from tests.documented import keys_of, synopsis

COMMANDS = ["import_images", "import_labels", "train", "predict", "evaluate", "engines"]
# The interface that is kept; more may come, none of these may go.
KEPT = {
    "import_images": {"--project", "--tag", "--json"},
    "import_labels": {"--project", "--split", "--json"},
    "train": {"--project", "--engine", "--start", "--seed", "--minutes", "--json"},
    "predict": {"--model", "--images", "--out", "--json"},
    "evaluate": {"--model", "--images", "--labels", "--json"},
    "engines": {"--json"},
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_takes_the_options_that_are_documented(command):
    documented = set(re.findall(r"--\w+", synopsis(command)))
    made = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
    taken = {option for action in made._actions for option in action.option_strings}

    assert documented >= KEPT[command]
    assert taken >= documented
    assert keys_of(command)
