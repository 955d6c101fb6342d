"""Models that find one object for one prompt and know no project: the plug-in point.

Other packages add one by an entry point in the group `cytoloop.prompters` whose object is a
`PrompterRegistration`; the module of that object must not import the model's framework.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, ClassVar, Protocol, cast

from numpy.typing import NDArray

from project.errors import NotFound, NotReady
from training.engines.base import Sight

ENTRY_POINT_GROUP = "cytoloop.prompters"


class UnknownPrompter(NotFound):
    """No prompter of that name is installed."""

    code: ClassVar[str] = "unknown_prompter"


class PrompterNotReady(NotReady):
    """A prompter lacks its weights."""

    code: ClassVar[str] = "prompter_not_ready"


class Prompter(Protocol):
    """A loaded model; it looks at a crop once and is then asked as often as somebody clicks."""

    def look(self, image: NDArray[Any]) -> Sight:
        """Encode an image of shape (C, H, W), float32, its channels scaled from 0 to 1."""


class OpenPrompter(Protocol):
    """What a registration's `path` leads to."""

    def __call__(self, folder: Path, *, n_threads: int) -> Prompter:
        """Load the model from a folder of weights; raises PrompterNotReady."""


@dataclass(frozen=True, slots=True)
class PrompterRegistration:
    """A prompter's name, what it is called, the files it needs, and where its function lies."""

    name: str
    title: str
    files: tuple[str, ...]  # of the folder of weights
    path: str  # "module:function", an OpenPrompter


BUILT_IN = (
    PrompterRegistration(
        "sam",
        "Segment Anything (ONNX)",
        ("encoder.onnx", "decoder.onnx"),
        "training.engines.sam_prompter:open_sam",
    ),
)


@cache
def prompters() -> dict[str, PrompterRegistration]:
    """Return every prompter by name."""
    found = [*BUILT_IN, *(one.load() for one in metadata.entry_points(group=ENTRY_POINT_GROUP))]
    return {one.name: one for one in found}


def prompter(name: str) -> PrompterRegistration:
    """Return a prompter; raises UnknownPrompter."""
    try:
        return prompters()[name]
    except KeyError:
        raise UnknownPrompter(f"There is no prompter called {name!r} here.") from None


def why_not_ready(one: PrompterRegistration, folder: Path, *, tell_folder: bool) -> str:
    """Return the sentence that says what a prompter lacks, empty when it can be loaded.

    Its files lie in a folder of its name below the given one, whose path is for those alone who
    administer the site.
    """
    own = folder / one.name
    missing = [name for name in one.files if not (own / name).is_file()]
    if not missing:
        return ""
    lacks = f"{one.title} comes without weights and lacks {' and '.join(missing)}"
    if not tell_folder:
        return f"{lacks}. Ask whoever runs this site to add them."
    return f"{lacks} in {own}. Put them there, or name another folder by CYTOLOOP_PROMPTER_DIR."


def open_prompter(name: str, folder: Path, *, n_threads: int) -> Prompter:
    """Load a prompter; raises UnknownPrompter, PrompterNotReady."""
    found = prompter(name)
    missing = why_not_ready(found, folder, tell_folder=False)
    if missing:
        raise PrompterNotReady(missing)
    module, function = found.path.split(":")
    opened = cast(OpenPrompter, getattr(importlib.import_module(module), function))
    return opened(folder / name, n_threads=n_threads)
