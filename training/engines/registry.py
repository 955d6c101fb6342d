"""Which engines there are; descriptions are read without importing a framework.

Other packages add engines by an entry point in the group `cytoloop.engines` whose object is a
`Registration`; the module of that object must not import the framework.
"""

from __future__ import annotations

import dataclasses
import importlib
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import Any, ClassVar, cast

from project.errors import InvalidInput, NotFound
from training.engines.base import Engine, EngineSpec
from training.engines.specs import CELLPOSE, CELLPOSE_SAM, STARDIST, STARDIST_3D, THRESHOLD

ENTRY_POINT_GROUP = "cytoloop.engines"


class BadEngineParams(InvalidInput):
    """A training parameter has a value that the engine refuses."""

    code: ClassVar[str] = "bad_engine_params"


class UnknownEngine(NotFound):
    """No engine of that name is installed."""

    code: ClassVar[str] = "unknown_engine"


@dataclass(frozen=True, slots=True)
class OwnEnvironment:
    """What `install_engine` puts into an environment that only one engine runs in.

    `packages` must be all that the engine and `training.supervision.child_main` import;
    `constraints` is a file of exact versions, relative to the repository unless absolute.
    """

    packages: tuple[str, ...]
    constraints: str


@dataclass(frozen=True, slots=True)
class Registration:
    """An engine's description and where its class lies ("module:Class").

    An engine without an environment of its own runs in the site's. One that is not `from_scratch`
    must be told which weights to start from.
    """

    spec: EngineSpec
    path: str
    environment: OwnEnvironment | None = None
    from_scratch: bool = True


CELLPOSE_SAM_ENVIRONMENT = OwnEnvironment(
    packages=(
        *("cellpose==4.2.1.1", "torch==2.14.1", "torchvision==0.29.1", "safetensors"),
        *("imagecodecs", "numpy", "scikit-image", "scipy", "tifffile"),
    ),
    constraints="constraints-cellpose-sam.txt",
)


BUILT_IN = (
    Registration(STARDIST, "training.engines.stardist_engine:StarDistEngine"),
    Registration(CELLPOSE, "training.engines.cellpose_engine:CellposeEngine"),
    Registration(THRESHOLD, "training.engines.threshold_engine:ThresholdEngine"),
    Registration(
        CELLPOSE_SAM,
        "training.engines.cellpose_sam_engine.engine:CellposeSamEngine",
        CELLPOSE_SAM_ENVIRONMENT,
        from_scratch=False,
    ),
    Registration(STARDIST_3D, "training.engines.stardist_3d_engine:StarDist3DEngine"),
)


@cache
def registrations() -> dict[str, Registration]:
    """Return every engine by its name; built-in ones cannot be replaced."""
    found = {
        entry.name: cast("Registration", entry.load())
        for entry in metadata.entry_points(group=ENTRY_POINT_GROUP)
    }
    return found | {one.spec.name: one for one in BUILT_IN}


def names() -> tuple[str, ...]:
    """Return the names of all engines, built-in ones first."""
    built_in = tuple(one.spec.name for one in BUILT_IN)
    return built_in + tuple(sorted(set(registrations()) - set(built_in)))


def spec(name: str) -> EngineSpec:
    """Return an engine's description; raises UnknownEngine."""
    return registration(name).spec


def load(name: str) -> Engine:
    """Import an engine's framework and return the engine; only child processes may call this."""
    module, _, attribute = registration(name).path.partition(":")
    return cast("Engine", getattr(importlib.import_module(module), attribute)())


def registration(name: str) -> Registration:
    """Return how an engine is registered; raises UnknownEngine."""
    try:
        return registrations()[name]
    except KeyError:
        raise UnknownEngine(
            f"There is no engine called {name!r}; choose one of {', '.join(names())}."
        ) from None


def fill_params(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Check parameters and return them with the defaults filled in; raises BadEngineParams."""
    return dataclasses.asdict(parse_params(spec(name).params, given))


def parse_params(params: type[Any], given: Mapping[str, Any]) -> Any:
    """Make an engine's params object; raises BadEngineParams with a sentence per wrong field."""
    fields = {field.name: field for field in dataclasses.fields(params)}
    unknown = sorted(set(given) - set(fields))
    if unknown:
        raise BadEngineParams(
            f"This engine has no parameter called {', '.join(unknown)}.", unknown=unknown
        )
    types = typing.get_type_hints(params)
    values = {key: _checked(fields[key], types[key], value) for key, value in given.items()}
    return params(**values)


def _checked(field: dataclasses.Field[Any], kind: type, value: Any) -> Any:
    """Convert one value to the field's type and check its range."""
    title, meta = field.metadata.get("title", field.name), field.metadata
    if isinstance(value, bool) and kind is not bool:
        raise BadEngineParams(f"{title} cannot be {value}.", field=field.name)
    try:
        converted = kind(value)
        is_cut = kind is int and converted != float(value)
    except (TypeError, ValueError, OverflowError):
        raise BadEngineParams(f"{title} cannot be {value!r}.", field=field.name) from None
    if is_cut:
        raise BadEngineParams(f"{title} must be a whole number.", field=field.name)
    low, high = meta.get("low"), meta.get("high")
    is_number = kind in (int, float)
    if is_number and not (
        (low is None or converted >= low) and (high is None or converted <= high)
    ):
        limits = f"at least {low}" if high is None else f"from {low} to {high}"
        raise BadEngineParams(f"{title} must be {limits}.", field=field.name)
    if meta.get("choices") and converted not in meta["choices"]:
        raise BadEngineParams(
            f"{title} must be one of {', '.join(meta['choices'])}.", field=field.name
        )
    return converted


def params_schema(name: str) -> list[dict[str, Any]]:
    """Describe an engine's parameters for a form, in order: name, type, default, title, help …."""
    params = spec(name).params
    types = typing.get_type_hints(params)
    return [
        {
            "name": field.name,
            "type": types[field.name].__name__,
            "default": field.default,
            **{key: field.metadata.get(key) for key in ("title", "help", "low", "high")},
            "choices": list(field.metadata.get("choices", ())),
            "advanced": bool(field.metadata.get("advanced", True)),
        }
        for field in dataclasses.fields(params)
    ]
