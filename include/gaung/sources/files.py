"""Input files: folders, zip and gzip archives walked safely, one `InputFile` per payload file.

Archives are told by their first bytes, never by name, and are never unpacked to disk by member
name, so a member called ``../../x`` can do no harm. Limits stop archives that would unpack to
more than a machine holds.
"""

import gzip
import hashlib
import io
import logging
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePath
from typing import BinaryIO, ClassVar

from gaung.errors import GaungError
from gaung.sources import jsonio
from gaung.sources.base import Sample

log = logging.getLogger(__name__)

HEAD_BYTES = 64 * 1024
CHUNK = 1024 * 1024
_SPOOL_BYTES = 8 * 1024 * 1024
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_GZIP = b"\x1f\x8b"
_OS_FOLDERS = frozenset({"__MACOSX", "__pycache__", "$RECYCLE.BIN", "System Volume Information"})
_OS_FILES = frozenset({"Thumbs.db", "desktop.ini", "ehthumbs.db", "Icon\r"})


class InputRefused(GaungError):
    """A path cannot be read, or an archive is broken or unsafe; names the file."""

    exit_code: ClassVar[int] = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may unpack to.

    Attributes:
        total_bytes: over all members of one outermost archive.
        ratio: unpacked ÷ packed bytes of a member, once it is larger than ``ratio_from_bytes``.
        members: entries of one archive.
        depth: archives within archives.
    """

    total_bytes: int = 64 * 1024**3
    ratio: int = 200
    ratio_from_bytes: int = 64 * 1024**2
    members: int = 100_000
    depth: int = 3


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that the walk passed over, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class InputFile:
    """One payload file, wherever it lies.

    Attributes:
        name: path as the user named it; members of archives follow after ``!``.
        open: a fresh, decompressed binary stream from the start.
        size: unpacked bytes if known beforehand (for progress), else None.
    """

    name: str
    open: Callable[[], BinaryIO]
    size: int | None = None

    @cached_property
    def sha256(self) -> str:
        """Hex sha256 of the decompressed bytes (read once, then remembered)."""
        digest = hashlib.sha256()
        with self.open() as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
        return digest.hexdigest()


def walk(
    paths: Iterable[Path | str],
    *,
    limits: Limits | None = None,
    note: Callable[[Skipped], None] | None = None,
) -> Iterator[InputFile]:
    """Payload files under the paths, folders in sorted order, archives opened.

    Args:
        paths: files and folders, in the order given.
        limits: what archives may unpack to.
        note: called for each hidden or operating-system file that is passed over (else logged).

    Raises:
        InputRefused: a path does not exist or cannot be read, an archive is broken, encrypted or
            beyond the limits.
    """
    walker = _Walker(limits or Limits(), note or _log_skipped)
    for path in paths:
        yield from walker.path(Path(path))


def sample(file: InputFile) -> Sample:
    """The head of a file and its first JSON value, for :func:`gaung.sources.registry.detect`."""
    with _readable(file) as stream:
        head = stream.read(HEAD_BYTES)
        is_complete = len(head) < HEAD_BYTES or not stream.read(1)
    first = None
    if jsonio.looks_like_json(head):
        with _readable(file) as stream:
            read = (document for document in islice(jsonio.documents(stream), 20) if not document.problem)
            first = next((document.value for document in read), None)
    return Sample(PurePath(file.name), head, first, is_complete)


def _readable(file: InputFile) -> BinaryIO:
    try:
        return file.open()
    except OSError as error:
        raise InputRefused(f"{file.name}: cannot be read ({error.strerror or error})") from error


def _log_skipped(skipped: Skipped) -> None:
    log.info("skipped %s: %s", skipped.name, skipped.why)


def hidden(name: str) -> str | None:
    """Why a file or member is not payload, None if it may be."""
    parts = PurePath(name.replace("\\", "/")).parts
    if any(part in _OS_FOLDERS for part in parts):
        return "the operating system's own folder"
    if parts and parts[-1] in _OS_FILES:
        return "the operating system's own file"
    if any(part.startswith(".") and part not in (".", "..") for part in parts):
        return "hidden"
    if parts and parts[-1].startswith("~$"):
        return "a lock file of an office program"
    return None


class _Budget:
    """Bytes that one outermost archive has unpacked to; reading a member twice counts once."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._by_name: dict[str, int] = {}
        self._total = 0

    def note(self, name: str, size: int) -> None:
        """Count what a member unpacks to, declared or seen."""
        known = self._by_name.get(name, 0)
        if size > known:
            self._by_name[name] = size
            self._total += size - known
        if self._total > self.limits.total_bytes:
            raise InputRefused(
                f"{name}: the archive would unpack to more than {self.limits.total_bytes:,} bytes; "
                "unpack it yourself and give the folder"
            )


class _Guarded(io.RawIOBase):
    """A decompressing stream that counts what it gives and stops at the limits."""

    def __init__(
        self, stream: BinaryIO, name: str, packed: int, budget: _Budget, also: BinaryIO | zipfile.ZipFile
    ) -> None:
        self._stream, self._name, self._packed = stream, name, max(packed, 1)
        self._budget, self._also = budget, also
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        try:
            data = self._stream.read(len(buffer))
        except (zipfile.BadZipFile, zlib.error, gzip.BadGzipFile, EOFError) as error:
            raise InputRefused(
                f"{self._name}: the archive is damaged or cut off ({error}); fetch it again"
            ) from error
        except (RuntimeError, NotImplementedError) as error:
            raise InputRefused(f"{self._name}: cannot be unpacked ({error}); unpack it yourself") from error
        self._given += len(data)
        self._budget.note(self._name, self._given)
        limits = self._budget.limits
        if self._given > limits.ratio_from_bytes and self._given > limits.ratio * self._packed:
            raise InputRefused(
                f"{self._name}: unpacks to more than {limits.ratio} times its size (stopped after "
                f"{self._given:,} bytes); if it is genuine, unpack it yourself and give the file"
            )
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
            self._also.close()
        super().close()


class _Walker:
    """One walk: its limits and where it tells what it skipped."""

    def __init__(self, limits: Limits, note: Callable[[Skipped], None]) -> None:
        self.limits, self.note = limits, note

    def path(self, path: Path) -> Iterator[InputFile]:
        """Files of one path that the user named (a hidden one is meant, then)."""
        if path.is_dir():
            yield from self._folder(path)
        elif path.is_file():
            yield from self._file(path)
        elif path.exists():
            raise InputRefused(f"{path}: is neither a file nor a folder")
        else:
            raise InputRefused(f"{path}: does not exist")

    def _folder(self, folder: Path) -> Iterator[InputFile]:
        try:
            entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
        except OSError as error:
            raise InputRefused(f"{folder}: cannot be listed ({error.strerror})") from error
        for entry in entries:
            why = hidden(entry.name)
            if why is None and entry.is_symlink() and entry.is_dir():
                why = "a link to a folder"
            if why is not None:
                self.note(Skipped(str(entry), why))
            elif entry.is_dir():
                yield from self._folder(entry)
            elif entry.is_file():
                yield from self._file(entry)
            else:
                self.note(Skipped(str(entry), "neither a file nor a folder"))

    def _file(self, path: Path) -> Iterator[InputFile]:
        try:
            size = path.stat().st_size
        except OSError as error:
            raise InputRefused(f"{path}: cannot be read ({error.strerror})") from error
        plain = InputFile(str(path), lambda: path.open("rb"), size)
        yield from self._expand(plain, size, 0, _Budget(self.limits))

    def _expand(self, file: InputFile, packed: int, depth: int, budget: _Budget) -> Iterator[InputFile]:
        with _readable(file) as stream:
            magic = stream.read(4)
        if magic.startswith(_GZIP):
            yield from self._gzip(file, packed, self._deeper(file, depth), budget)
        elif magic.startswith(_ZIP) and not _is_excel(file):
            yield from self._zip(file, self._deeper(file, depth), budget)
        else:
            yield file

    def _deeper(self, file: InputFile, depth: int) -> int:
        if depth >= self.limits.depth:
            raise InputRefused(f"{file.name}: archives are nested more than {self.limits.depth} deep")
        return depth + 1

    def _gzip(self, file: InputFile, packed: int, depth: int, budget: _Budget) -> Iterator[InputFile]:
        def opened() -> BinaryIO:
            outer = file.open()
            unpacked = gzip.GzipFile(fileobj=outer, mode="rb")
            guarded = _Guarded(unpacked, file.name, packed, budget, outer)  # type: ignore[arg-type]
            return io.BufferedReader(guarded, CHUNK)

        yield from self._expand(InputFile(file.name, opened), packed, depth, budget)

    def _zip(self, file: InputFile, depth: int, budget: _Budget) -> Iterator[InputFile]:
        members = self._members(file)
        for info in sorted(members, key=lambda info: info.filename):
            name = f"{file.name}!{info.filename}"
            if info.is_dir():
                continue
            why = hidden(info.filename)
            if why is not None:
                self.note(Skipped(name, why))
                continue
            if info.flag_bits & 0x1:
                raise InputRefused(f"{name}: is encrypted; unpack it with its password and give the folder")
            budget.note(name, info.file_size)
            if info.file_size > self.limits.ratio_from_bytes and (
                info.file_size > self.limits.ratio * max(info.compress_size, 1)
            ):
                raise InputRefused(
                    f"{name}: claims to unpack to {info.file_size:,} bytes from {info.compress_size:,}; "
                    "if it is genuine, unpack it yourself and give the folder"
                )
            member = InputFile(name, self._member_opener(file, info, name, budget), info.file_size)
            yield from self._expand(member, info.compress_size, depth, budget)

    def _members(self, file: InputFile) -> list[zipfile.ZipInfo]:
        try:
            with _seekable(file) as stream, zipfile.ZipFile(stream) as archive:
                members = archive.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise InputRefused(
                f"{file.name}: the zip file is damaged or cut off ({error}); fetch it again"
            ) from error
        if len(members) > self.limits.members:
            raise InputRefused(
                f"{file.name}: holds {len(members):,} files, more than {self.limits.members:,}"
            )
        return members

    def _member_opener(
        self, file: InputFile, info: zipfile.ZipInfo, name: str, budget: _Budget
    ) -> Callable[[], BinaryIO]:
        def opened() -> BinaryIO:
            archive = zipfile.ZipFile(_seekable(file))
            try:
                member = archive.open(info)
            except (RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
                archive.close()
                raise InputRefused(f"{name}: cannot be unpacked ({error}); unpack it yourself") from error
            guarded = _Guarded(member, name, info.compress_size, budget, archive)  # type: ignore[arg-type]
            return io.BufferedReader(guarded, CHUNK)

        return opened


def _seekable(file: InputFile) -> BinaryIO:
    """The file's stream, copied to a temporary file when it cannot seek (an archive in an archive)."""
    stream = _readable(file)
    try:
        if stream.seekable():
            return stream
    except (AttributeError, OSError):
        pass
    spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115 - the caller closes it
    with stream:
        while chunk := stream.read(CHUNK):
            spool.write(chunk)
    spool.seek(0)
    return spool  # type: ignore[return-value]


def is_excel_head(head: bytes) -> bool:
    """True if bytes begin like a workbook (``.xlsx`` zip container or the older binary ``.xls``)."""
    return head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") or (
        head.startswith(_ZIP) and (b"[Content_Types].xml" in head or b"xl/" in head or b"_rels/.rels" in head)
    )


def _is_excel(file: InputFile) -> bool:
    try:
        with _seekable(file) as stream, zipfile.ZipFile(stream) as archive:
            return any(name in ("xl/workbook.xml", "xl/workbook.bin") for name in archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return False
