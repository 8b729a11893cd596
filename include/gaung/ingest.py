"""Ingest: files from a person's disk or the drop folder into the warehouse, one batch per file.

Walk → sample → detect → land → load. One bad file is reported with its name and reason and does
not stop the others; the report's exit code says whether somebody must act.

A folder may hold a ``delivery.yml`` that tells, per file, what the command line would:

    synthetic: false
    files:
      reviews.csv: {brand: contoh, map: reviews.map.yml, as_of: 2026-03-01T08:00:00+07:00}

What the command line gives wins over it.
"""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gaung.errors import GaungError, LandingFailed, ServerUnavailable, SettingsInvalid, UnknownFormat
from gaung.settings import get_settings

if TYPE_CHECKING:
    from gaung.landing import Landed
    from gaung.sources.base import Context, Format
    from gaung.sources.files import InputFile
    from gaung.warehouse.loader import Example, LoadOutcome

log = logging.getLogger(__name__)

DELIVERY = "delivery.yml"
DONE, FAILED = "done", "failed"
NOT_YET = (".part", ".partial", ".tmp", ".crdownload", ".download", ".filepart", "~")
"""Endings of names that programs give to files they are still writing."""

Progress = Callable[[str, str, int, int], None]
"""Called with the file's name, the step (read, land, load, done), its number and how many there are."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A path and how to ingest it."""

    path: Path
    brand: str | None = None
    map_path: Path | None = None
    as_of: datetime | None = None
    synthetic: bool = False


@dataclass(slots=True)
class FileReport:
    """What became of one file.

    Attributes:
        status: ``loaded``, ``skipped`` (this batch was loaded before), ``dry_run`` or ``failed``.
        outcome: the accounting; None if it failed.
        error: what is wrong and what to do, if it failed.
        note: what the user should know although it went well.
    """

    name: str
    status: Literal["loaded", "skipped", "dry_run", "failed"]
    path: Path | None = None
    format: str | None = None
    batch_key: str | None = None
    outcome: "LoadOutcome | None" = None
    error: str | None = None
    error_class: str | None = None
    note: str | None = None

    @property
    def needs_action(self) -> bool:
        """True if nothing of the file could be used."""
        if self.outcome is None:
            return True
        return 0 < self.outcome.received == self.outcome.quarantined_count


@dataclass(slots=True)
class IngestReport:
    """What became of every file, and the totals."""

    files: list[FileReport] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)

    def total(self, name: str) -> int:
        """Sum over files of a count of :class:`gaung.warehouse.loader.LoadOutcome`, e.g. ``received``."""
        return sum(getattr(file.outcome, name) for file in self.files if file.outcome)

    def kinds(self, name: Literal["ignored", "quarantined"]) -> dict[str, int]:
        """Records by kind or reason over all files."""
        found: Counter[str] = Counter()
        for file in self.files:
            if file.outcome:
                found.update(getattr(file.outcome, name))
        return dict(sorted(found.items()))

    @property
    def examples(self) -> "list[Example]":
        """The first quarantined records of each file."""
        return [example for file in self.files if file.outcome for example in file.outcome.examples]

    @property
    def exit_code(self) -> int:
        """0 if all went well; 1 where somebody must act."""
        return int(not self.files or any(file.needs_action for file in self.files))


def ingest_files(
    paths: Iterable[Path | str],
    *,
    brand: str | None = None,
    map_path: Path | str | None = None,
    as_of: datetime | None = None,
    dry_run: bool = False,
    synthetic: bool = False,
    progress: Progress | None = None,
    run_id: str | None = None,
) -> IngestReport:
    """What became of every file under the paths; each file is a batch of its own.

    Raises:
        SettingsInvalid: the brand is not in brands.yml, the map cannot be read, ``as_of`` has no zone.
        ServerUnavailable: the warehouse is gone.
        DiskLow: too little space is free.
    """
    given = Delivery(Path(), brand, Path(map_path) if map_path else None, as_of, synthetic)
    _check(given)
    report = IngestReport()
    found = [_filled(given, one) for one in _deliveries(map(Path, paths), report)]
    deliveries = [one for one in found if not (one.map_path and one.path.resolve() == one.map_path.resolve())]
    return _ingest(deliveries, report, dry_run=dry_run, progress=progress, run_id=run_id)


def ingest_deliveries(
    deliveries: Sequence[Delivery], *, progress: Progress | None = None, run_id: str | None = None
) -> IngestReport:
    """What became of every file of the deliveries, as :func:`plan_drop` gives them."""
    return _ingest(deliveries, IngestReport(), dry_run=False, progress=progress, run_id=run_id)


# ---------------------------------------------------------------------------------------------
# The drop folder
# ---------------------------------------------------------------------------------------------


def plan_drop(only: Path | None = None) -> list[Delivery]:
    """The complete files of the drop folder, in order of name, with what ``delivery.yml`` says of them.

    ``only`` asks for one file. A file counts as complete when its name does not say otherwise and nobody
    has it open for writing.
    """
    root = get_settings().drop
    if not root.is_dir():
        return []
    found = _deliveries(
        (entry for entry in sorted(root.iterdir()) if entry.name not in (DONE, FAILED)), IngestReport(), root
    )
    wanted = [one for one in found if only in (None, one.path) and not one.path.name.endswith(NOT_YET)]
    unfinished = _open_for_writing() if wanted else set()
    return [one for one in wanted if _inode(one.path.stat()) not in unfinished]


def ingest_drop(*, progress: Progress | None = None, run_id: str | None = None) -> IngestReport:
    """What became of the drop folder's complete files.

    Loaded files move to ``done/``, files that cannot be read as any known format to ``failed/`` with
    the reason beside them; what failed for another reason stays and is tried again. Nothing is ever
    overwritten or deleted.
    """
    deliveries = plan_drop()
    report = ingest_deliveries(deliveries, progress=progress, run_id=run_id)
    for one in deliveries:
        settle(one.path, [file for file in report.files if file.path == one.path])
    return report


def settle(path: Path, files: list[FileReport]) -> None:
    """Nothing; moves a file of the drop folder to ``done/`` or ``failed/``, or leaves it for another try.

    One that is gone was moved by another run.
    """
    root = get_settings().drop
    if not path.exists():
        return
    if all(file.status in ("loaded", "skipped") for file in files):
        _move(path, root / DONE)
    elif all(file.error_class in ("UnknownFormat", "InputRefused", None) for file in files):
        target = _move(path, root / FAILED)
        if target is None:
            return
        reasons = [f"{file.name}: {file.error}" for file in files if file.error]
        target.with_name(f"{target.name}.reason.txt").write_text("\n".join(reasons) + "\n", encoding="utf-8")


def _move(path: Path, folder: Path) -> Path | None:
    """Where the file is now, numbered if its name is taken; None if another run has moved it."""
    target = folder / path.relative_to(get_settings().drop)
    target.parent.mkdir(parents=True, exist_ok=True)
    number = 1
    while target.exists():
        number += 1
        target = target.with_name(f"{path.stem}.{number}{path.suffix}")
    try:
        return path.rename(target)
    except FileNotFoundError:
        return None


def _open_for_writing() -> set[tuple[int, int]]:
    """Files that a process of this machine has open for writing, as far as /proc tells."""
    found = set()
    for handle in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            info = (handle.parents[1] / "fdinfo" / handle.name).read_text()
            flags = next(line.split()[1] for line in info.splitlines() if line.startswith("flags:"))
            if int(flags, 8) & os.O_ACCMODE != os.O_RDONLY:
                found.add(_inode(handle.stat()))
        except (OSError, StopIteration):
            continue
    return found


def _inode(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


# ---------------------------------------------------------------------------------------------
# delivery.yml
# ---------------------------------------------------------------------------------------------


def _deliveries(paths: Iterable[Path], report: IngestReport, root: Path | None = None) -> Iterator[Delivery]:
    """One delivery per file on disk, told by the ``delivery.yml`` of its folder."""
    from gaung.sources.files import hidden

    for path in paths:
        if root is not None and (hidden(path.name) or (path.is_symlink() and path.is_dir())):
            report.passed_over.append(str(path))
        elif path.is_dir():
            yield from _deliveries(sorted(path.iterdir()), report, path)
        elif root is None:
            yield Delivery(path)
        else:
            yield from _told(path, report)


def _told(path: Path, report: IngestReport) -> Iterator[Delivery]:
    told = _read_delivery(path.parent)
    maps = {options.map_path for options in told.values()}
    if path.name == DELIVERY or path.resolve() in maps:
        report.passed_over.append(str(path))
    else:
        yield replace(told.get(path.name, told.get("", Delivery(path))), path=path)


def _read_delivery(folder: Path) -> dict[str, Delivery]:
    """Options by file name; under the empty name those of the others."""
    import yaml

    source = folder / DELIVERY
    if not source.is_file():
        return {}
    try:
        document = yaml.safe_load(source.read_text(encoding="utf-8")) or {}
        synthetic = _flag(document.pop("synthetic", False), "synthetic")
        files = document.pop("files", {}) or {}
        if document:
            raise ValueError(f"unknown entry {', '.join(map(str, document))}; known: files, synthetic")
        told = {
            str(name): _options(folder, name, options or {}, synthetic) for name, options in files.items()
        }
    except (yaml.YAMLError, ValueError, AttributeError, TypeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{source}: {error}") from error
    return {"": Delivery(folder, synthetic=synthetic), **told}


def _options(folder: Path, name: str, options: dict[str, Any], synthetic: bool) -> Delivery:
    known = {"brand", "map", "as_of", "synthetic"}
    if not options.keys() <= known:
        wrong = ", ".join(sorted(map(str, options.keys() - known)))
        raise ValueError(f"{name}: unknown option {wrong}; known: {', '.join(sorted(known))}")
    map_path = Path(options["map"]) if options.get("map") else None
    if map_path is not None and (folder / map_path).is_file():
        map_path = (folder / map_path).resolve()
    return Delivery(
        path=folder / name,
        brand=options.get("brand"),
        map_path=map_path,
        as_of=parse_as_of(options["as_of"]) if options.get("as_of") else None,
        synthetic=_flag(options.get("synthetic", synthetic), f"{name}: synthetic"),
    )


def _flag(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name} is {value!r}, not true or false")
    return value


def _filled(given: Delivery, found: Delivery) -> Delivery:
    return Delivery(
        path=found.path,
        brand=given.brand or found.brand,
        map_path=given.map_path or found.map_path,
        as_of=given.as_of or found.as_of,
        synthetic=given.synthetic or found.synthetic,
    )


def parse_as_of(value: "str | datetime") -> datetime:
    """A moment with its zone, from ISO 8601 text; SettingsInvalid says what is missing."""
    if isinstance(value, datetime):
        moment = value
    else:
        try:
            moment = datetime.fromisoformat(str(value).strip())
        except ValueError:
            raise SettingsInvalid(
                f"as-of {value!r} is not a time; write it like 2026-03-01T08:00:00+07:00"
            ) from None
    if moment.tzinfo is None:
        raise SettingsInvalid(
            f"as-of {value} has no time zone; add it, e.g. {moment.isoformat()}+07:00 for Jakarta or "
            f"{moment.isoformat()}Z for UTC"
        )
    return moment


# ---------------------------------------------------------------------------------------------
# One file after the other
# ---------------------------------------------------------------------------------------------


def _check(delivery: Delivery) -> None:
    """Raise if the options name a brand or map that does not exist."""
    if delivery.as_of is not None:
        parse_as_of(delivery.as_of)
    if delivery.brand is not None:
        from gaung import brands

        try:
            brands.load().brand(delivery.brand)
        except KeyError as error:
            raise SettingsInvalid(str(error.args[0])) from None
    if delivery.map_path is not None:
        _column_map(delivery.map_path)


def _column_map(path: Path | None) -> dict[str, Any] | None:
    """The checked column map, by path or by the name of a shipped one."""
    from gaung.landing import plain_map
    from gaung.sources.table import load_map

    return None if path is None else plain_map(load_map(path))


def _ingest(
    deliveries: Sequence[Delivery],
    report: IngestReport,
    *,
    dry_run: bool,
    progress: Progress | None,
    run_id: str | None,
) -> IngestReport:
    if not dry_run:
        from gaung import space
        from gaung.warehouse import setup

        space.require("the load")
        setup.ready()
    found = [(one, item) for one in deliveries for item in _walked(one, report, dry_run, run_id)]
    for number, (delivery, file) in enumerate(found):

        def tell(step: str, name: str = file.name, number: int = number) -> None:
            if progress is not None:
                progress(name, step, number, len(found))

        tell("read")
        report.files.append(_one(delivery, file, dry_run, tell, run_id))
        tell("done")
    return report


def _walked(
    delivery: Delivery, report: IngestReport, dry_run: bool, run_id: str | None
) -> "Iterator[InputFile]":
    from gaung.sources import files

    try:
        yield from files.walk([delivery.path], note=lambda skipped: report.passed_over.append(skipped.name))
    except GaungError as error:
        is_noted = not dry_run and delivery.path.is_file()  # a mistyped path is no missing data
        report.files.append(_failed(delivery, str(delivery.path), error, is_noted, run_id))


def _one(
    delivery: Delivery, file: "InputFile", dry_run: bool, tell: Callable[[str], None], run_id: str | None
) -> FileReport:
    try:
        _check(delivery)
        format, context = _recognise(delivery, file)
        if dry_run:
            return _tried(delivery, file, format, context)
        tell("land")
        landed = _land(delivery, file, format, context)
    except ServerUnavailable:
        raise
    except Exception as error:
        return _failed(delivery, file.name, error, not dry_run, run_id)
    try:
        tell("load")
        return _load(delivery, file, landed, run_id)
    except ServerUnavailable:
        raise
    except Exception as error:
        return _failed(delivery, file.name, error, False, run_id)


def _recognise(delivery: Delivery, file: "InputFile") -> "tuple[Format, Context]":
    from gaung.sources import files, registry
    from gaung.sources.base import Context

    sample = files.sample(file)
    if sample.is_complete and not sample.head.strip():
        raise UnknownFormat(f"{file.name}: the file is empty; fetch it again")
    column_map = _column_map(delivery.map_path)
    context = Context(file.name, delivery.as_of, column_map, file.sha256)
    return registry.detect(sample, context), context


def _land(delivery: Delivery, file: "InputFile", format: "Format", context: "Context") -> "Landed":
    from gaung import landing

    return landing.land(
        file,
        format=format,
        brand_id=delivery.brand,
        column_map=context.column_map,
        as_of=delivery.as_of,
        is_synthetic=delivery.synthetic,
    )


def _load(delivery: Delivery, file: "InputFile", landed: "Landed", run_id: str | None) -> FileReport:
    from gaung.warehouse import loader

    outcome = loader.load(landed.path, run_id=run_id)
    kept = landed.manifest.as_of
    note = None
    if delivery.as_of is not None and kept is not None and kept != delivery.as_of:
        note = f"these bytes were first ingested as of {kept.isoformat()}, which still holds"
    return FileReport(
        name=file.name,
        path=delivery.path,
        status="loaded" if outcome.status == "succeeded" else "skipped",
        format=landed.manifest.format,
        batch_key=landed.batch_key,
        outcome=outcome,
        note=note,
    )


def _tried(delivery: Delivery, file: "InputFile", format: "Format", context: "Context") -> FileReport:
    from gaung.warehouse import loader

    with file.open() as stream:
        outcome = loader.rehearse(format, stream, context)
    return FileReport(file.name, "dry_run", delivery.path, format.name, outcome=outcome)


def _failed(
    delivery: Delivery, name: str, error: BaseException, is_noted: bool, run_id: str | None
) -> FileReport:
    """The report of a failure; ``is_noted`` writes its outcome row (the loader writes its own)."""
    from gaung.warehouse import loader

    told = str(error)
    if not isinstance(error, GaungError):
        log.error("%s", name, exc_info=error)
        told = f"unexpected {type(error).__name__}: {error}"
    if is_noted:
        step: Literal["extract", "land"] = "land" if isinstance(error, LandingFailed) else "extract"
        loader.note_failure(error, step=step, source="files", file_name=loader.storable(name), run_id=run_id)
    return FileReport(name, "failed", delivery.path, error=told, error_class=type(error).__name__)
