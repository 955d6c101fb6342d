"""StarDist networks: built, copied from another, stored, loaded."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from stardist.models import Config2D, Config3D, StarDist2D, StarDist3D

from project.errors import CheckpointCorrupt
from training.engines.data import PretrainedUnavailable
from training.engines.devices import parse_device, unavailable
from training.engines.onnx_session import save_onnx
from training.engines.openvino_session import has_bfloat16
from training.engines.stardist_engine.class_heads import (
    CLASS_LAYERS,
    MOST_CLASSES,
    bring_class_layers,
    expect_background,
    without_class_layers,
)

Model: TypeAlias = Any  # stardist has no types
NetConfig: TypeAlias = dict[str, Any]

WEIGHTS = "weights.h5"
HEADS = {"features", "prob", "dist", *CLASS_LAYERS}
# What a stored network config may say; everything else of an uploaded one is dropped.
NET_KEYS = (
    "n_rays", "grid", "n_channel_in", "n_classes", "unet_n_depth", "unet_kernel_size",
    "unet_n_filter_base", "unet_n_conv_per_depth", "unet_pool", "unet_activation",
    "unet_last_activation", "unet_batch_norm", "unet_dropout", "unet_expansion", "unet_prefix",
    "net_conv_after_unet", "train_patch_size",
)  # fmt: skip

NET_KEYS_3D = (
    "backbone", "rays_json", "anisotropy", "resnet_n_blocks", "resnet_kernel_size",
    "resnet_kernel_init", "resnet_n_filter_base", "resnet_n_conv_per_block", "resnet_activation",
    "resnet_batch_norm", "net_conv_after_resnet",
)  # fmt: skip
RAYS = "Rays_GoldenSpiral"  # the only ones that upstream's models have
MOST_RAYS = 256
# Keras would build whatever object a description in the place of one of these names.
NAMES = ("unet_activation", "unet_last_activation", "resnet_activation", "resnet_kernel_init")


def use_device(name: str) -> str:
    """Let TensorFlow see no device but this one, and name it for people.

    Asking for the same one again changes nothing; raises DeviceUnavailable.
    """
    kind, number = parse_device(name)
    found = tf.config.list_physical_devices("GPU")
    if kind == "cpu":
        tf.config.set_visible_devices([], "GPU")
        return name
    if number >= len(found):
        raise unavailable(name, "TensorFlow")
    tf.config.set_visible_devices(found[number], "GPU")
    # It else takes all the memory at once, and leaves none to the other engines' children.
    tf.config.experimental.set_memory_growth(found[number], True)
    details = tf.config.experimental.get_device_details(found[number])
    return f"{name} ({details.get('device_name', 'unnamed')})"


def use_threads(n_threads: int) -> None:
    """Cap TensorFlow's threads; too late once it has run something, which is harmless."""
    try:
        tf.config.threading.set_intra_op_parallelism_threads(n_threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        return


def use_precision(name: str, device: str) -> str:
    """Let TensorFlow compute convolutions in bfloat16 or not, and say which of them it is.

    oneDNN's rewriting of graphs (TensorFlow 2.21, auto_mixed_precision_onednn_bfloat16) keeps
    weights, sums and the loss in 32 bits; Keras' own policy would need losses written for it.
    """
    is_half = device == "cpu" and (name == "bfloat16" or (name == "auto" and has_bfloat16()))
    # What a network is sure of to more than .998 is 1 in bfloat16, and the loss no number.
    for change in ("INFERLIST_REMOVE", "DENYLIST_ADD"):
        os.environ[f"TF_AUTO_MIXED_PRECISION_GRAPH_REWRITE_{change}"] = "Sigmoid,Softmax"
    tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": is_half})
    return "bfloat16" if is_half else "float32"


def forget_models() -> None:
    """Drop Keras' record of earlier models; each load otherwise grows the process by 10 MB."""
    keras.backend.clear_session()
    gc.collect()


def build(net: NetConfig) -> Model:
    """Build a network with fresh weights, untouched by files; a grid of three is one in 3D."""
    try:
        in_3d = len(net["grid"]) == 3
        if in_3d:
            check_rays(net)
        config = (Config3D if in_3d else Config2D)(
            axes="ZYXC" if in_3d else "YXC",
            **net,
            train_background_reg=0.0,  # else ignored pixels still pull the distances to 0
            train_tensorboard=False,  # its package is not there, and StarDist would die
            train_reduce_lr=None,
        )
        return (StarDist3D if in_3d else StarDist2D)(config, name="model", basedir=None)
    except (ValueError, TypeError, KeyError, AttributeError, AssertionError) as error:
        raise CheckpointCorrupt("The stored description of the network is not valid.") from error


def expect_objects(model: Model, radius_px: float | NDArray[np.float32]) -> None:
    """Let a fresh network start from rare objects of the usual size instead of from nothing.

    The first hundred steps are otherwise spent on learning that distances are not 0.
    """
    for name, bias in (("dist", radius_px), ("prob", -2.0)):
        layer = model.keras_model.get_layer(name)
        kernel, zeros = layer.get_weights()
        layer.set_weights([kernel, np.full_like(zeros, bias)])
    expect_background(model.keras_model.layers)


def freeze_encoder(model: Model) -> None:
    """Let only what follows the U-Net's deepest level learn, whatever lies before it stays.

    Names of layers are csbdeep's (0.8.2, internals/blocks.py: unet_block) and stardist's.
    """
    for layer in model.keras_model.layers:
        layer.trainable = "up_level" in layer.name or layer.name in HEADS


def net_config(model: Model) -> NetConfig:
    """Return what `build` needs to build the same network."""
    keys = NET_KEYS + (NET_KEYS_3D if len(model.config.grid) == 3 else ())
    found = {key: getattr(model.config, key) for key in keys if hasattr(model.config, key)}
    return {key: _plain(value) for key, value in found.items()}


def check_rays(net: NetConfig) -> None:
    """Refuse rays in 3D that are not known; raises CheckpointCorrupt.

    StarDist evaluates their name as Python code (0.9.2, rays3d.py:157).
    """
    rays = net.get("rays_json")
    if rays is None:
        return
    wrong = CheckpointCorrupt("The network's rays are not described in a way that is known.")
    try:
        name, given = rays["name"], dict(rays["kwargs"])
        n, stretch = given.pop("n"), given.pop("anisotropy", None) or (1, 1, 1)
        numbers = [float(each) for each in stretch]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise wrong from error
    are_numbers = len(numbers) == 3 and all(0.01 <= each <= 100 for each in numbers)
    if name != RAYS or given or type(n) is not int or not 4 <= n <= MOST_RAYS or not are_numbers:
        raise wrong


def checked_net(raw: dict[str, Any], n_dims: int = 2) -> NetConfig:
    """Keep what is known of a network config that came from outside, within limits."""
    n_classes = raw.get("n_classes")
    is_number = isinstance(n_classes, int) and not isinstance(n_classes, bool)
    if n_classes is not None and not (is_number and 1 <= n_classes <= MOST_CLASSES):
        raise CheckpointCorrupt(f"The network cannot tell {n_classes!r} classes of objects apart.")
    grid = raw.get("grid", (1,) * n_dims)
    if not isinstance(grid, list | tuple) or {raw.get("n_dim", n_dims), len(grid)} != {n_dims}:
        raise CheckpointCorrupt(
            f"This is no StarDist network for {'images' if n_dims == 2 else 'stacks'}; upload it "
            f"as one for {'StarDist 3D' if n_dims == 2 else 'StarDist'}."
        )
    net = {key: raw[key] for key in NET_KEYS + (NET_KEYS_3D if n_dims == 3 else ()) if key in raw}
    limits = {
        "n_rays": MOST_RAYS, "n_channel_in": 64, "unet_n_depth": 6, "unet_n_filter_base": 256,
        "unet_n_conv_per_depth": 8, "net_conv_after_unet": 2048, "unet_expansion": 4,
        "resnet_n_blocks": 16, "resnet_n_filter_base": 256, "resnet_n_conv_per_block": 8,
        "net_conv_after_resnet": 2048,
    }  # fmt: skip
    for key, most in limits.items():
        value = net.get(key, 1)
        if not isinstance(value, int | float) or not 0 <= value <= most:
            raise CheckpointCorrupt(f"The network's {key} is {value!r}, which cannot be right.")
    for key in NAMES:
        if not isinstance(net.get(key, ""), str):
            raise CheckpointCorrupt(f"The network's {key} is no name.")
    return net


def _plain(value: Any) -> Any:
    """Turn tuples and numpy numbers into what JSON gives back."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value


def save_weights(model: Model, path: Path) -> None:
    """Write the weights as upstream does (HDF5), so that StarDist itself opens them."""
    model.keras_model.save_weights(str(path))


def save_network(model: Model, folder: Path, warn: Callable[[str], None]) -> None:
    """Write the weights, and the same network as ONNX; without the latter it predicts slowly."""
    save_weights(model, folder / WEIGHTS)
    otherwise = "Predicting with this version takes TensorFlow and starts slowly"
    save_onnx(folder, lambda: _as_onnx(model), warn, otherwise)


def _as_onnx(model: Model) -> bytes:
    from training.engines.stardist_engine.onnx_export import (  # noqa: PLC0415 (needs a package that may be missing)
        onnx_bytes,
    )

    return onnx_bytes(model.keras_model)


def load_model(checkpoint: Path, config: dict[str, Any]) -> Model:
    """Build a checkpoint's network with its weights; raises CheckpointCorrupt."""
    model = build(config["net"])
    load_weights(model, checkpoint / WEIGHTS)
    return model


def load_weights(model: Model, path: Path) -> None:
    """Read an HDF5 weights file; shapes must fit. Raises CheckpointCorrupt."""
    try:
        model.keras_model.load_weights(str(path))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise CheckpointCorrupt(
            "The weights file is damaged or belongs to another network."
        ) from error
    if not all(np.isfinite(weights).all() for weights in model.keras_model.get_weights()):
        raise CheckpointCorrupt("The weights file holds values that are no numbers.")


def copy_weights(
    source: Model, target: Model, *, known: Sequence[str] = (), wanted: Sequence[str] = ()
) -> list[str]:
    """Copy all weights; the first convolution adapts to another number of channels.

    Returns what was adapted, in words. The kernels of the new channels are the mean of the old
    ones, scaled so that an image repeated in every channel gives the old answer. `known` and
    `wanted` are the kinds of objects that the two tell apart.
    """
    changes = []
    layers = [model.keras_model.layers for model in (source, target)]
    for old, new in zip(*map(without_class_layers, layers), strict=True):
        old_weights, new_weights = old.get_weights(), new.get_weights()
        if [w.shape for w in old_weights] == [w.shape for w in new_weights]:
            new.set_weights(old_weights)
            continue
        kernel, shape = old_weights[0], new_weights[0].shape
        if (kernel.shape[:-2], kernel.shape[-1]) != (shape[:-2], shape[-1]):
            raise CheckpointCorrupt("The parent's network has another structure.")
        new.set_weights([inflated(kernel, shape[-2]), *old_weights[1:]])
        changes.append(f"inflated from {kernel.shape[-2]} to {shape[-2]} channels")
    return changes + bring_class_layers(layers[0], layers[1], known, wanted)


def inflated(kernel: NDArray[np.float32], n_channels: int) -> NDArray[np.float32]:
    """Spread a kernel (…, C, F) over another number of input channels, sum kept."""
    mean = kernel.sum(axis=-2, keepdims=True) / n_channels
    return np.repeat(mean, n_channels, axis=-2)


def pretrained(name: str, *, offline: bool, of: Any = StarDist2D) -> Model:
    """Load an official model by name through StarDist's own call; raises PretrainedUnavailable.

    StarDist pins the sha256 of each file, and asks the network only when its cache lacks it.
    """
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    folder = home / "models" / of.__name__ / name
    if offline and not (folder / f"{name}.zip").is_file():
        raise PretrainedUnavailable(
            f"The official model {name} is not on this machine, and this installation makes no "
            f"network requests. Allow them (CYTOLOOP_OFFLINE=0), or put {name}.zip into {folder}, "
            "or start from scratch or from another version.",
            name=name,
        )
    try:
        model = of.from_pretrained(name)
    except Exception as error:  # keras raises a bare Exception for a failed download
        raise PretrainedUnavailable(
            f"The official model {name} could not be downloaded: the network or the server that "
            "holds it does not answer. Try again later, or start from scratch or another version.",
            name=name,
        ) from error
    if model is None:
        raise PretrainedUnavailable(f"StarDist has no official model called {name}.", name=name)
    return model
