"""Folders of images as the commands take them."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path, PurePath

from project.errors import InvalidInput, NotFound

SUFFIXES = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".bmp", ".webp")


def stem(path: PurePath) -> str:
    """Return a file's name without its ending (both parts of `.ome.tif`)."""
    return path.stem.removesuffix(".ome")


def files_by_stem(folder: Path) -> dict[str, Path]:
    """Return the image files of a folder by stem, in the order of their names.

    Raises NotFound when there is none, InvalidInput when two share a stem.
    """
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}.")
    found: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in SUFFIXES and path.is_file() and not path.name.startswith("."):
            found[stem(path)].append(path)
    if not found:
        raise NotFound(f"There is no image in {folder} (looked for {', '.join(SUFFIXES)}).")
    for paths in found.values():
        if len(paths) > 1:
            names = " and ".join(path.name for path in paths)
            raise InvalidInput(f"{names} in {folder} would share one name; rename all but one.")
    return {name: paths[0] for name, paths in found.items()}
