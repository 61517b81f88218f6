"""Files of datasets in a folder or an S3 bucket: a reader sees a whole file or none."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pyarrow import fs

_PART = ".part"


class FileStore:
    """Named files below one place.

    Parameters
    ----------
    data_url : str
        A folder, or an ``s3://bucket/prefix`` as `pyarrow.fs.FileSystem.from_uri` takes it (region and endpoint as
        query parameters, credentials from the environment). A folder is made when the first file is.
    """

    def __init__(self, data_url: str) -> None:
        self._folder: Path | None = None
        if urlsplit(data_url).scheme in ("", "file"):
            self._folder = Path(data_url.removeprefix("file://")).absolute()
            place, base = fs.LocalFileSystem(), str(self._folder)
        else:
            place, base = fs.FileSystem.from_uri(data_url)
        self._files = fs.SubTreeFileSystem(base, place)

    @contextmanager
    def new(self, key: str) -> Iterator[Path]:
        """A path to write a new file to, which appears under its key, whole and on the disk, at the block's end.

        After an error in the block nothing is left.
        """
        with self._new_in_folder(key) if self._folder is not None else self._new_in_bucket(key) as path:
            yield path

    def put(self, key: str, local_path: Path) -> None:
        """Store a copy of a local file under the key."""
        with self.new(key) as path:
            shutil.copyfile(local_path, path)

    def open(self, key: str) -> Any:
        """The file, open for reading at any place (a `pyarrow.NativeFile`, a context manager).

        Raises
        ------
        FileNotFoundError
        """
        return self._files.open_input_file(key)

    def size(self, key: str) -> int:
        """Bytes of the file.

        Raises
        ------
        FileNotFoundError
        """
        info = self._files.get_file_info(key)
        if info.type is not fs.FileType.File:
            raise FileNotFoundError(key)
        return int(info.size)

    def delete(self, key: str) -> None:
        """Remove the file; nothing happens when there is none."""
        try:
            self._files.delete_file(key)
        except FileNotFoundError:
            return

    def list(self) -> list[tuple[str, float]]:
        """Every file's key and when it was last written, seconds since the epoch; unfinished ones too."""
        infos = self._files.get_file_info(fs.FileSelector("", allow_not_found=True))
        return [(info.path, info.mtime_ns / 1e9) for info in infos if info.type is fs.FileType.File]

    @contextmanager
    def _new_in_folder(self, key: str) -> Iterator[Path]:
        assert self._folder is not None
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._folder / f"{key}.{secrets.token_hex(4)}{_PART}"
        try:
            yield part
            _sync(part)
            part.replace(self._folder / key)
            _sync(self._folder)
        finally:
            part.unlink(missing_ok=True)

    @contextmanager
    def _new_in_bucket(self, key: str) -> Iterator[Path]:
        # An object appears when its last byte has come, so there is nothing to rename.
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file"
            yield path
            with path.open("rb") as source, self._files.open_output_stream(key) as target:
                shutil.copyfileobj(source, target, 4 << 20)


def owner(name: str) -> str:
    """The key that a listed name belongs to: its own, or that of the file that it was to become."""
    return name.removesuffix(_PART).rpartition(".")[0] if name.endswith(_PART) else name


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
