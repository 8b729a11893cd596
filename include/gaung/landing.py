"""The landing: batches of payloads exactly as received, over any fsspec file system.

A batch is a folder ``<landing>/<source>/<yyyy>/<mm>/<dd>/<batch_key>/`` with ``payload.<n>.zst`` and
``manifest.json``. It is complete or absent: written to a temporary folder, synced, renamed (on an
object store, which cannot rename, the manifest is written last and makes the batch). The key derives
from what the batch *is* – source, format, bytes, brand, column map, as-of – so landing it again
finds the same folder.

Beside the batches stand two small indexes: ``.batches`` (key → folder; only a shortcut) and
``.files`` (sha256 → the as-of that these bytes were first given, which later landings obey).
"""

import errno
import hashlib
import io
import json
import logging
import os
import shutil
import socket
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)

import gaung
from gaung.errors import LandingFailed, SettingsInvalid
from gaung.settings import get_settings
from gaung.sources.base import Context, Format

log = logging.getLogger(__name__)

MANIFEST = "manifest.json"
_BLOCK = 1 << 20
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Incoming(Protocol):
    """A file that can be landed; :class:`gaung.sources.files.InputFile` is one."""

    @property
    def name(self) -> str:
        """The name as the user knows it."""
        ...

    @property
    def sha256(self) -> str:
        """Hex digest of the bytes that ``open`` gives."""
        ...

    def open(self) -> BinaryIO:
        """The bytes from the beginning."""
        ...


class Payload(BaseModel):
    """One file of a batch."""

    model_config = ConfigDict(frozen=True)

    name: str
    sha256: str
    bytes: int
    records: int
    stored: str | None = None
    """File name within the batch; None: ``payload.<n>.zst``."""
    replaced_sha256: tuple[str, ...] = ()
    """What ``sha256`` was before each erasure, the received bytes' first."""

    @model_serializer(mode="wrap")
    def _plain(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what only an erasure adds."""
        written: dict[str, Any] = write(self)
        if not self.replaced_sha256:
            del written["stored"], written["replaced_sha256"]
        return written

    @property
    def received_sha256(self) -> str:
        """Of the bytes as they were received; ids made from them stay the same."""
        return self.replaced_sha256[0] if self.replaced_sha256 else self.sha256

    def file_name(self, ordinal: int) -> str:
        """Where the payload lies within its batch."""
        return self.stored or f"payload.{ordinal}.zst"


class Manifest(BaseModel):
    """What a batch is and holds."""

    model_config = ConfigDict(frozen=True)

    batch_key: str
    source: str
    format: str
    account: str | None = None
    brand_id: str | None = None
    files: tuple[Payload, ...]
    records: int
    collection_start_at: AwareDatetime | None = None
    collection_end_at: AwareDatetime | None = None
    as_of: AwareDatetime | None = None
    column_map: dict[str, Any] | None = None
    cursor: dict[str, Any] | None = None
    is_synthetic: bool = False
    gaung_version: str

    def context(self, ordinal: int = 0) -> Context:
        """What a format is told about one file of the batch."""
        file = self.files[ordinal]
        return Context(
            file_name=file.name, as_of=self.as_of, column_map=self.column_map, sha256=file.received_sha256
        )


@dataclass(frozen=True, slots=True)
class Landed:
    """A batch that is in the landing.

    Attributes:
        batch_key: its identity.
        path: its folder, relative to the landing.
        is_new: False if it was there before.
        manifest: what it holds.
    """

    batch_key: str
    path: str
    is_new: bool
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class _Identity:
    source: str
    format: str
    sha256: str
    brand_id: str | None
    column_map: Mapping[str, Any] | None
    as_of: datetime | None
    account: str | None
    is_synthetic: bool

    @property
    def key(self) -> str:
        parts = {
            "source": self.source,
            "format": self.format,
            "sha256": [self.sha256],
            "brand_id": self.brand_id,
            "column_map": self.column_map,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "account": self.account,
            "is_synthetic": self.is_synthetic,
        }
        text = json.dumps(parts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def plain_map(column_map: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A column map as JSON can hold it, so that a manifest gives back exactly what was landed."""
    if column_map is None:
        return None
    return cast("dict[str, Any]", json.loads(json.dumps(column_map, default=str)))


def land(
    file: Incoming,
    *,
    format: Format,
    brand_id: str | None = None,
    column_map: Mapping[str, Any] | None = None,
    as_of: datetime | None = None,
    is_synthetic: bool = False,
    account: str | None = None,
    cursor: Mapping[str, Any] | None = None,
) -> Landed:
    """The batch of one file, written now or found.

    Bytes that were landed with an as-of before keep that first one.

    Raises:
        LandingFailed: the landing cannot be written (disk full, no right) or the file changed meanwhile;
            nothing of the batch is left behind.
    """
    if as_of is not None and as_of.tzinfo is None:
        raise SettingsInvalid(f"as-of {as_of.isoformat()} has no time zone; write {as_of.isoformat()}+07:00")
    wanted = as_of.astimezone(UTC) if as_of else None
    with _explained(file.name):
        store = _Store()
        identity = _Identity(
            source=f"files:{format.name}",
            format=format.name,
            sha256=file.sha256,
            brand_id=brand_id,
            column_map=plain_map(column_map),
            as_of=store.remembered_as_of(file.sha256) or wanted,
            account=account,
            is_synthetic=is_synthetic,
        )
        found = store.find(identity.key)
        if found:
            return found
        with store.staging() as folder:
            return _write(store, folder, file, format, identity, plain_map(cursor))


def _write(
    store: "_Store", folder: Path, file: Incoming, format: Format, identity: _Identity, cursor: Any
) -> Landed:
    size = _copy(file, folder / "payload.0.zst")
    if identity.as_of:
        first = store.remember_as_of(identity.sha256, identity.as_of)
        if first != identity.as_of:
            return land(
                file,
                format=format,
                brand_id=identity.brand_id,
                column_map=identity.column_map,
                account=identity.account,
                cursor=cursor,
                is_synthetic=identity.is_synthetic,
            )
    context = Context(file.name, identity.as_of, identity.column_map, identity.sha256)
    count, start, end = _survey(folder / "payload.0.zst", identity.sha256, format, context)
    manifest = Manifest(
        batch_key=identity.key,
        source=identity.source,
        format=identity.format,
        account=identity.account,
        brand_id=identity.brand_id,
        files=(Payload(name=file.name, sha256=identity.sha256, bytes=size, records=count),),
        records=count,
        collection_start_at=start,
        collection_end_at=end,
        as_of=identity.as_of,
        column_map=cast("dict[str, Any] | None", identity.column_map),
        cursor=cursor,
        is_synthetic=identity.is_synthetic,
        gaung_version=gaung.__version__,
    )
    return store.commit(folder, manifest)


def _copy(file: Incoming, target: Path) -> int:
    """Number of bytes copied; the copy is compressed and synced."""
    import zstandard

    digest, size = hashlib.sha256(), 0
    with file.open() as source, target.open("wb") as raw:
        with zstandard.ZstdCompressor(level=3, write_checksum=True).stream_writer(raw, closefd=False) as out:
            while block := source.read(_BLOCK):
                digest.update(block)
                out.write(block)
                size += len(block)
        raw.flush()
        os.fsync(raw.fileno())
    if digest.hexdigest() != file.sha256:
        raise LandingFailed(f"{file.name}: changed while it was read; ingest it again when it is complete")
    return size


def _survey(
    payload: Path, sha256: str, format: Format, context: Context
) -> tuple[int, datetime | None, datetime | None]:
    """Number of records, first and last capture time, as the format's reader sees the landed bytes."""
    count = 0
    start: datetime | None = None
    end: datetime | None = None
    with _decompressed(payload.open("rb"), sha256, context.file_name) as stream:
        for record in format.records(stream, context):
            count += 1
            seen = record.observed_at
            if seen is not None and seen.tzinfo is not None:
                start = seen if start is None or seen < start else start
                end = seen if end is None or seen > end else end
    return count, start, end


def read_manifest(path: str) -> Manifest:
    """The manifest of the batch at ``path`` (relative to the landing, or a URL), else LandingFailed."""
    store = _Store()
    where = f"{store.resolve(path)}/{MANIFEST}"
    try:
        text = store.fs.cat_file(where)
    except FileNotFoundError as error:
        raise LandingFailed(
            f"no batch at {where}: a batch without its manifest is not one. Ingest the file again."
        ) from error
    except OSError as error:
        raise LandingFailed(f"{where}: cannot be read ({error}); check the landing's storage") from error
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        raise LandingFailed(f"{where}: not a manifest ({error}); restore it from the backup") from error


def open_payload(path: str, ordinal: int = 0) -> BinaryIO:
    """The bytes of one file of a batch as received; reading to the end checks them against the manifest.

    Raises:
        LandingFailed: at opening or at the end of reading, if the payload is missing or damaged.
    """
    store = _Store()
    manifest = read_manifest(path)
    where = f"{store.resolve(path)}/{manifest.files[ordinal].file_name(ordinal)}"
    try:
        raw = cast("BinaryIO", store.fs.open(where, "rb"))
    except OSError as error:
        raise LandingFailed(f"{where}: cannot be read ({error}); restore it from the backup") from error
    return _decompressed(raw, manifest.files[ordinal].sha256, where)


def batches() -> Iterator[str]:
    """The paths of all batches in the landing, in order."""
    store = _Store()
    if not store.fs.exists(store.root):
        return
    for found in sorted(map(str, store.fs.find(store.root))):
        path, _, name = found[len(store.root) + 1 :].rpartition("/")
        if name == MANIFEST and not path.startswith("."):
            yield path


def stored(path: str) -> dict[str, bytes]:
    """Every file of a batch as plain bytes, leftovers included; payloads are decompressed."""
    import zstandard

    store = _Store()
    found = {}
    for where in sorted(map(str, store.fs.find(store.resolve(path)))):
        data = store.fs.cat_file(where)
        if where.endswith(".zst"):
            with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data), read_across_frames=True) as raw:
                data = raw.read()
        found[where.rpartition("/")[2]] = data
    return found


def rewrite(
    path: str, format: Format, changed: Callable[[bytes], bytes], words: Callable[[str], str]
) -> bool:
    """Whether anything of a batch was changed (erasure only: nothing else may change what was received).

    A new payload lies beside the old one until the manifest names it, then the old one goes: a batch
    is readable at every moment, and doing it again ends what was cut off.

    Args:
        path: of the batch, relative to the landing.
        format: of the batch, to count its records anew.
        changed: the new bytes of a payload; the same object where nothing changes.
        words: the new words of the manifest's texts.
    """
    store = _Store()
    manifest = read_manifest(path)
    files = [
        _rewritten(store, path, manifest, ordinal, format, changed) for ordinal in range(len(manifest.files))
    ]
    files = [file.model_copy(update={"name": words(file.name)}) for file in files]
    update: dict[str, Any] = {
        "files": tuple(files),
        "records": sum(file.records for file in files),
        "account": words(manifest.account) if manifest.account else manifest.account,
        "cursor": _reworded(manifest.cursor, words),
    }
    new = manifest.model_copy(update=update)
    if new != manifest:
        store.replace(f"{store.resolve(path)}/{MANIFEST}", new.model_dump_json(indent=2).encode())
    named = {file.file_name(ordinal) for ordinal, file in enumerate(files)} | {MANIFEST}
    for where in map(str, store.fs.find(store.resolve(path))):
        if where.rpartition("/")[2] not in named:
            store.fs.rm_file(where)
    return new != manifest


def _rewritten(
    store: "_Store",
    path: str,
    manifest: Manifest,
    ordinal: int,
    format: Format,
    changed: Callable[[bytes], bytes],
) -> Payload:
    import zstandard

    file = manifest.files[ordinal]
    with open_payload(path, ordinal) as stream:
        before = stream.read()
    after = changed(before)
    if after == before:
        return file
    sha256 = hashlib.sha256(after).hexdigest()
    name = f"payload.{ordinal}.{sha256[:12]}.zst"
    context = manifest.context(ordinal)
    records = sum(1 for _ in format.records(cast("BinaryIO", io.BytesIO(after)), context))
    packed = zstandard.ZstdCompressor(level=3, write_checksum=True).compress(after)
    store.replace(f"{store.resolve(path)}/{name}", packed)
    return file.model_copy(
        update={
            "sha256": sha256,
            "bytes": len(after),
            "records": records,
            "stored": name,
            "replaced_sha256": (*file.replaced_sha256, file.sha256),
        }
    )


def _reworded(value: Any, words: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return words(value)
    if isinstance(value, dict):
        return {key: _reworded(inner, words) for key, inner in value.items()}
    if isinstance(value, list):
        return [_reworded(inner, words) for inner in value]
    return value


def bytes_read(stream: BinaryIO) -> int:
    """How many bytes of an opened payload were taken so far (read-ahead included)."""
    return int(cast("Any", stream).raw.taken)


def drain(stream: BinaryIO) -> None:
    """Read what a reader left, so that the whole payload is checked."""
    while stream.read(_BLOCK):
        pass


def lent(stream: BinaryIO) -> BinaryIO:
    """The same bytes for a reader that may close what it is given; the payload itself stays open."""
    return cast("BinaryIO", io.BufferedReader(_Lent(stream), _BLOCK))


class _Lent(io.RawIOBase):
    """Passes reads on, but not the closing."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return int(cast("Any", self._stream).readinto(buffer))


class _Checked(io.RawIOBase):
    """Decompresses a payload and, at its end, checks the digest of what was read."""

    def __init__(self, raw: BinaryIO, sha256: str, where: str) -> None:
        import zstandard

        self._raw = raw
        self._stream = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
        self._errors = (zstandard.ZstdError, OSError)
        self._digest = hashlib.sha256()
        self._sha256 = sha256
        self._where = where
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        try:
            size = self._stream.readinto(view)
        except self._errors as error:
            raise self._damaged(str(error)) from error
        self._digest.update(view[:size])
        self.taken += size
        if size == 0 and len(view) > 0 and self._digest.hexdigest() != self._sha256:
            raise self._damaged("its sha256 is not the manifest's")
        return int(size)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()

    def _damaged(self, why: str) -> LandingFailed:
        return LandingFailed(
            f"{self._where}: damaged payload ({why}); restore it from the backup or ingest the file again"
        )


def _decompressed(raw: BinaryIO, sha256: str, where: str) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(_Checked(raw, sha256, where), _BLOCK))


class _Store:
    """The landing's file system and root."""

    def __init__(self) -> None:
        from fsspec.core import url_to_fs

        self.fs, root = url_to_fs(get_settings().landing)
        self.root = str(root).rstrip("/")
        self.is_local = "file" in (
            self.fs.protocol if isinstance(self.fs.protocol, tuple) else (self.fs.protocol,)
        )

    def resolve(self, path: str) -> str:
        """Path on the file system of a batch path."""
        if "://" in path:
            return str(self.fs._strip_protocol(path)).rstrip("/")
        return path.rstrip("/") if path.startswith("/") else f"{self.root}/{path.strip('/')}"

    def find(self, key: str) -> Landed | None:
        """The complete batch with this key, if the index knows it."""
        path = self._read(f".batches/{key[:2]}/{key}")
        if path is None or not self.fs.exists(f"{self.root}/{path}/{MANIFEST}"):
            return None
        return Landed(key, path, False, read_manifest(path))

    def remembered_as_of(self, sha256: str) -> datetime | None:
        """The as-of that these bytes were first landed with."""
        text = self._read(f".files/{sha256[:2]}/{sha256}")
        return datetime.fromisoformat(text) if text else None

    def remember_as_of(self, sha256: str, as_of: datetime) -> datetime:
        """The as-of that holds for these bytes from now on: the first one ever given."""
        self._write_first(f".files/{sha256[:2]}/{sha256}", as_of.isoformat())
        return self.remembered_as_of(sha256) or as_of

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A temporary local folder; gone afterwards whatever happens."""
        folder = self._temporary_folder()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def commit(self, folder: Path, manifest: Manifest) -> Landed:
        """The batch in its place: all of ``folder`` or nothing."""
        moment = manifest.as_of or manifest.collection_end_at
        day = moment.astimezone(UTC).strftime("%Y/%m/%d") if moment else "undated"
        path = f"{manifest.source.replace(':', '/')}/{day}/{manifest.batch_key}"
        _write_synced(folder / MANIFEST, manifest.model_dump_json(indent=2))
        is_new = self._rename(folder, path) if self.is_local else self._upload(folder, path)
        self._write_first(f".batches/{manifest.batch_key[:2]}/{manifest.batch_key}", path)
        log.info(
            "landed batch %s: %d records of %s, new: %s",
            manifest.batch_key, manifest.records, manifest.format, is_new,
        )  # fmt: skip
        return Landed(manifest.batch_key, path, is_new, manifest if is_new else read_manifest(path))

    def replace(self, where: str, data: bytes) -> None:
        """Write one file, so that a reader sees the old or the new one."""
        if not self.is_local:
            self.fs.pipe_file(where, data)
            return
        target = Path(where)
        with self.staging() as folder:
            draft = folder / target.name
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
        _sync_folder(target.parent)

    def _rename(self, folder: Path, path: str) -> bool:
        target = Path(self.root, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        _sync_folder(folder)
        try:
            folder.rename(target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            return False
        _sync_folder(target.parent)
        return True

    def _upload(self, folder: Path, path: str) -> bool:
        if self.fs.exists(f"{self.root}/{path}/{MANIFEST}"):
            return False
        self.fs.makedirs(f"{self.root}/{path}", exist_ok=True)
        for payload in sorted(folder.glob("payload.*.zst")):
            self.fs.put_file(str(payload), f"{self.root}/{path}/{payload.name}")
        self.fs.pipe_file(f"{self.root}/{path}/{MANIFEST}", (folder / MANIFEST).read_bytes())
        return True

    def _temporary_folder(self) -> Path:
        if not self.is_local:
            return Path(tempfile.mkdtemp(prefix="gaung-landing-"))
        parent = Path(self.root, ".tmp")
        parent.mkdir(parents=True, exist_ok=True)
        _sweep(parent)
        folder = parent / f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex}"
        folder.mkdir()
        return folder

    def _read(self, name: str) -> str | None:
        try:
            return str(self.fs.cat_file(f"{self.root}/{name}").decode())
        except FileNotFoundError:
            return None

    def _write_first(self, name: str, text: str) -> None:
        """Write unless it is there; on a local disk two writers at once leave the first one's text."""
        if not self.is_local:
            if not self.fs.exists(f"{self.root}/{name}"):
                self.fs.makedirs(f"{self.root}/{name}".rpartition("/")[0], exist_ok=True)
                self.fs.pipe_file(f"{self.root}/{name}", text.encode())
            return
        target = Path(self.root, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f"{target.name}.{uuid.uuid4().hex}")
        try:
            _write_synced(draft, text)
            os.link(draft, target)
            _sync_folder(target.parent)
        except FileExistsError:
            pass
        finally:
            draft.unlink(missing_ok=True)


def _write_synced(target: Path, text: str) -> None:
    with target.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(parent: Path) -> None:
    """Remove what killed processes of this host left half-written."""
    import psutil

    host = socket.gethostname()
    for folder in parent.iterdir():
        owner, _, rest = folder.name.rpartition("-")
        name, _, pid = owner.rpartition("-")
        if rest and name == host and pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Turn the operating system's errors into what to do."""
    try:
        yield
    except OSError as error:
        where = get_settings().landing
        if error.errno in _FULL:
            raise LandingFailed(
                f"{name}: no space left in the landing {where}. Nothing of this file was kept there. "
                "Free space (or move GAUNG_LANDING_URL), then ingest the file again."
            ) from error
        raise LandingFailed(
            f"{name}: cannot be landed in {where}: {error}. Nothing of this file was kept there. "
            "Check path and rights of file and landing, then ingest it again."
        ) from error
