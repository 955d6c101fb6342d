"""Files that somebody made to do harm, handed to an engine as models; run as a program in a child.

    python -m tests.engines.foreign_files ENGINE FOLDER

leaves one JSON object: file → "refused: " and the sentence, or what happened instead.
"""

from __future__ import annotations

import io
import json
import pickle
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from project.errors import CheckpointCorrupt
from training.engines import registry

REFUSED = "refused: "
SECRET = b"what only the server may know " * 4000


class Touch:
    """When it is unpickled a file appears."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return (Path.touch, (self.marker,))


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def hdf5(write: Callable[[h5py.File], None], folder: Path) -> bytes:
    path = folder / "made.h5"
    path.unlink(missing_ok=True)
    with h5py.File(path, "w") as file:
        write(file)
    return path.read_bytes()


def keras_with_code(folder: Path) -> dict[str, bytes]:
    """Whole Keras models whose layer would run code of its own."""
    code = {"class_name": "__lambda__", "config": {"code": "4wAAAAA=", "defaults": None}}
    layer = {"class_name": "Lambda", "config": {"name": "evil", "function": code}}
    config = json.dumps({"class_name": "Sequential", "config": {"layers": [layer]}})

    def write(file: h5py.File) -> None:
        file.attrs["model_config"] = config
        file.create_group("model_weights")

    whole = hdf5(write, folder)
    archive = {"config.json": config.encode(), "metadata.json": b"{}", "model.weights.h5": whole}
    return {"model.keras": zipped(archive), "model.h5": whole}


def any_engine(folder: Path, marker: Path) -> dict[str, bytes]:
    """Files that no engine may open."""
    evil = pickle.dumps(Touch(marker))
    array = io.BytesIO()
    np.save(array, np.array([Touch(marker)], object), allow_pickle=True)
    return keras_with_code(folder) | {
        "pickle.pt": evil,
        "pickle.pth": evil,
        "array.npy": array.getvalue(),
        "pickle in a zip": zipped({"archive/data.pkl": evil, "archive/version": b"3"}),
        "empty": b"",
        "only a config": zipped({"config.json": b'{"engine": "stardist", "net": {"n_rays": 8}}'}),
        "a config that is none": zipped({"config.json": b"[" * 100_000}),
        "a path that leads elsewhere": zipped({"config.json": b"{}", "../../weights.h5": evil}),
    }


def for_cellpose(folder: Path, marker: Path) -> dict[str, bytes]:
    import torch

    out = io.BytesIO()
    torch.save({"output.2.weight": Touch(marker)}, out)
    evil = out.getvalue()
    return {
        "torch with a pickle.pth": evil,
        "torch with a pickle in our zip": zipped({"config.json": b"{}", "cellpose_model": evil}),
        "safetensors that lie": (1 << 40).to_bytes(8, "little") + b'{"a": 1}',
    }


def for_stardist(folder: Path, marker: Path) -> dict[str, bytes]:
    """StarDist folders whose weights take their data from elsewhere."""
    from tests.engines.stardist_traps import NET
    from training.engines.stardist_engine.net import build, save_weights

    secret, own = folder / "secret", folder / "weights_best.h5"
    secret.write_bytes(SECRET)
    save_weights(build(NET), own)
    other = folder / "other.h5"
    other.write_bytes(own.read_bytes())

    def with_one(change: Callable[[h5py.Group, str, h5py.Dataset], None]) -> bytes:
        path = folder / "changed.h5"
        path.write_bytes(own.read_bytes())
        with h5py.File(path, "r+") as file:
            names: list[str] = []
            file.visititems(lambda n, o: names.append(n) if isinstance(o, h5py.Dataset) else None)
            name = next(n for n in names if file[n].ndim == 4)
            parent, last = file[name.rpartition("/")[0]], name.rpartition("/")[2]
            old = file[name]
            change(parent, last, old)
        weights = path.read_bytes()
        return zipped({"config.json": json.dumps(NET).encode(), "weights_best.h5": weights})

    def nothing(parent: h5py.Group, name: str, old: h5py.Dataset) -> None:
        pass

    def external_data(parent: h5py.Group, name: str, old: h5py.Dataset) -> None:
        shape, kind = old.shape, old.dtype
        del parent[name]
        parent.create_dataset(name, shape, kind, external=[(str(secret), 0, h5py.h5f.UNLIMITED)])

    def external_link(parent: h5py.Group, name: str, old: h5py.Dataset) -> None:
        inside = old.name
        del parent[name]
        parent[name] = h5py.ExternalLink(str(other), inside)

    def virtual_data(parent: h5py.Group, name: str, old: h5py.Dataset) -> None:
        layout = h5py.VirtualLayout(old.shape, old.dtype)
        layout[:] = h5py.VirtualSource(str(other), old.name, old.shape)
        del parent[name]
        parent.create_virtual_dataset(name, layout)

    def ring(parent: h5py.Group, name: str, old: h5py.Dataset) -> None:
        parent["ring"] = h5py.SoftLink("/")

    return {
        "harmless": with_one(nothing),
        "data of another file": with_one(external_data),
        "a link to another file": with_one(external_link),
        "virtual data": with_one(virtual_data),
        "a ring of links": with_one(ring),
    }


OWN = {"stardist": for_stardist, "cellpose": for_cellpose}


def adopted(name: str, path: Path, folder: Path) -> str:
    try:
        registry.load(name).adopt(path, folder / "adopted")
    except CheckpointCorrupt as error:
        return REFUSED + error.message
    except BaseException as error:  # noqa: BLE001 (whatever it is, the test names it)
        return f"{type(error).__name__}: {error}"
    return "adopted"


def main(name: str, folder: Path) -> None:
    marker = folder / "code ran"
    files = any_engine(folder, marker) | OWN.get(name, lambda *_: {})(folder, marker)
    answers = {}
    for what, content in files.items():
        path = folder / "upload"  # as the site stores it: without the name that a person gave
        path.write_bytes(content)
        answers[what] = adopted(name, path, folder)
    answers["code ran"] = str(marker.exists())
    (folder / "answers.json").write_text(json.dumps(answers))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
