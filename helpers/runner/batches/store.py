"""Where the artefacts of a batch go: a folder, or by fsspec whatever an address names (`s3://…`, `gs://…`, `file://…`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from helpers.errors import UsageError

__all__ = ["Store", "store_at"]


class Store:
    """A folder at an address; names within it are relative, with slashes.

    `local` is its path where it is a folder of this machine (a shared one included), else None.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        parts = urlsplit(url)
        if "@" in parts.netloc:
            raise UsageError(
                "The address of --out holds credentials, which would be kept and shipped.",
                remedy="Leave them to the store's own environment.",
            )
        self.local = Path(url2pathname(parts.path)) if parts.scheme == "file" else None

    def at(self, name: str) -> str:
        """Return where `name` is: a path where it is local, an address otherwise."""
        return str(self.local / name) if self.local else f"{self.url}/{name}"

    def put(self, name: str, data: bytes) -> None:
        """Write one file, with the folders above it."""
        fs, path = self._there(name)
        fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        fs.pipe_file(path, data)

    def get(self, name: str) -> bytes | None:
        """Return what a file holds; None when there is none."""
        fs, path = self._there(name)
        try:
            data: bytes = fs.cat_file(path)
        except FileNotFoundError:
            return None
        return data

    def exists(self, name: str) -> bool:
        """Return whether there is such a file or folder, as it is now."""
        fs, path = self._there(name)
        fs.invalidate_cache()
        return bool(fs.exists(path))

    def put_folder(self, folder: Path, name: str = "") -> None:
        """Copy the files of a local folder, those in its folders too."""
        fs, path = self._there(name)
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            target = "/".join([path, *file.relative_to(folder).parts])
            fs.makedirs(target.rpartition("/")[0], exist_ok=True)
            fs.put_file(str(file), target)

    def get_folder(self, name: str, folder: Path) -> None:
        """Copy a folder of the store to a local one; nothing when there is none."""
        fs, path = self._there(name)
        fs.invalidate_cache()
        for found in fs.find(path):
            target = folder / found.removeprefix(path).lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            fs.get_file(found, str(target))

    def _there(self, name: str) -> tuple[Any, str]:
        try:
            from fsspec.core import url_to_fs

            fs, root = url_to_fs(str(self.local) if self.local else self.url)  # fsspec takes an escaped address literally
        except ImportError as error:
            raise UsageError(f"{self.url} cannot be used here: {error}.", remedy="pip install 'backend-runbooks[cluster]'.") from error
        except ValueError as error:
            raise UsageError(f"{self.url} is no address that can be written to: {error}.") from error
        return fs, f"{root.rstrip('/')}/{name}".rstrip("/")


def store_at(out: str | Path) -> Store | None:
    """Return the store an address names; None for a path."""
    return Store(str(out)) if "://" in str(out) else None
