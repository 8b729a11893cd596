"""Work in processes of its own that can be killed at a moment or before a statement.

Processes come from a server that has imported the heavy libraries once; each then is a fresh fork
that knows nothing of the tests' own connections.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple

from tests.fakes import LineFormat

HEAVY = ["gaung.cli", "gaung.enrich", "gaung.warehouse.staging", "dbt.cli.main", "dbt.adapters.postgres"]
HEAVY += ["great_expectations", "gaung.quality.gate", "gaung.warehouse.publisher", "tests.truth.workers"]

_context = get_context("forkserver")
_context.set_forkserver_preload(HEAVY)


class Said(NamedTuple):
    """What a worker says: a word, when (monotonic, the same clock in every process), statements so far."""

    word: str
    at: float
    statements: int


class Worker:
    """A process that works, says where it is, and can be killed."""

    def __init__(
        self,
        work: Callable[..., Any],
        *arguments: Any,
        before: int = -1,
        deed: Callable[[], None] | None = None,
    ) -> None:
        """Start it.

        Args:
            work: a function of a module; gets a function to say words with, then the arguments.
            arguments: what it works on.
            before: number of a statement, counted over all its sessions, before which it does the deed.
            deed: kills the process itself if not given.
        """
        self.words: list[Said] = []
        self._heard, says = _context.Pipe(duplex=False)
        self.log = Path(os.environ["GAUNG_BRANDS_FILE"]).with_name(f"worker-{time.monotonic_ns()}.log")
        environment = {name: value for name, value in os.environ.items() if name.startswith("GAUNG_")}
        self.process: BaseProcess = _context.Process(
            target=_live, args=(environment, str(self.log), says, (before, deed or suicide), work, arguments)
        )
        self.process.start()
        says.close()

    @property
    def phase(self) -> str:
        """The last word it said."""
        return self.words[-1].word if self.words else "begin"

    @property
    def output(self) -> str:
        """What it printed."""
        return self.log.read_text("utf-8", "replace")

    def listen(self, seconds: float | None = None) -> bool:
        """False once it will say no more; takes up to one word that it says within the time."""
        if not self._heard.poll(seconds):
            return True
        try:
            self.words.append(self._heard.recv())
        except EOFError:
            return False
        return True

    def kill(self) -> None:
        """SIGKILL; one that has ended lets it pass."""
        with suppress(ProcessLookupError):
            os.kill(self.process.pid or 0, signal.SIGKILL)

    def end(self) -> int:
        """Its exit code once it has ended; negative for a signal."""
        while self.listen():
            pass
        self.process.join()
        assert self.process.exitcode is not None
        return self.process.exitcode

    def kill_in(self, phase: str, seconds: float) -> str:
        """The phase in which it was killed: when it has spent so many seconds in one, over all its visits."""
        spent, last, since = 0.0, "", time.monotonic()
        while True:
            left = max(0.0, seconds - spent - (time.monotonic() - since)) if last == phase else None
            known = len(self.words)
            self.listen(left)
            if len(self.words) > known:
                said = self.words[-1]
                spent += said.at - since if last == phase else 0.0
                last, since = said.word, said.at
            else:
                break
        self.kill()
        self.end()
        return self.phase


def _live(
    environment: dict[str, str],
    log: str,
    says: Connection,
    interruption: tuple[int, Callable[[], None]],
    work: Callable[..., Any],
    arguments: tuple[Any, ...],
) -> None:
    """What a worker does with its life."""
    from gaung.settings import get_settings

    for name in [name for name in os.environ if name.startswith("GAUNG_")]:
        del os.environ[name]
    os.environ.update(environment)
    get_settings.cache_clear()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdout = os.fdopen(1, "w", buffering=1)
    sys.stderr = os.fdopen(2, "w", buffering=1)

    made: list[None] = []

    def say(word: str) -> None:
        says.send(Said(word, time.monotonic(), len(made)))

    with counted_statements(made, *interruption):
        say("begin")
        try:
            work(say, *arguments)
        finally:
            say("end")


def suicide() -> None:
    """SIGKILL to this process."""
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def counted_statements(made: list[None], before: int, deed: Callable[[], None]) -> Iterator[None]:
    """Every session of this process, whoever opens it, counts its statements and commits in ``made``.

    Before one of them, by its number, the deed is done.
    """
    import psycopg2
    from psycopg2.extensions import connection, cursor

    def next_statement() -> None:
        if len(made) == before:
            deed()
        made.append(None)

    class Session(connection):
        def commit(self) -> None:
            next_statement()
            super().commit()

    class Cursor(cursor):
        def execute(self, *given: Any, **named: Any) -> None:
            next_statement()
            super().execute(*given, **named)

        def copy_expert(self, *given: Any, **named: Any) -> None:
            next_statement()
            super().copy_expert(*given, **named)

    genuine = psycopg2.connect

    def connect(*given: Any, **named: Any) -> Any:
        return genuine(*given, **{"connection_factory": Session, "cursor_factory": Cursor, **named})

    psycopg2.connect = connect
    try:
        yield
    finally:
        psycopg2.connect = genuine


# -- what workers do ---------------------------------------------------------------------------------


def gaung(say: Callable[[str], None], *arguments: str) -> None:
    """The command line; says the stages of a build and the phases of a load as they begin."""
    from gaung import cli
    from gaung.sources import registry

    registry.formats = lambda: (LineFormat(),)
    announce_stages(say)
    announce_phases(say)
    sys.argv = ["gaung", *arguments]
    cli.main()


def load(say: Callable[[str], None], landing_path: str, linger_s: float = 0.0) -> None:
    """The loader on one batch; stays alive for a while after its commit."""
    from gaung.sources import registry
    from gaung.warehouse import loader

    registry.formats = lambda: (LineFormat(),)
    announce_phases(say)
    loader.load(landing_path)
    say("after")
    time.sleep(linger_s)


def stages(say: Callable[[str], None], build_id: int, token: str, *names: str) -> None:
    """Stages of a build, as a task runs them."""
    from gaung import pipeline

    announce_stages(say)
    for name in names:
        pipeline.run_stage(name, build_id, token)


def task(say: Callable[[str], None], folder: str, operator: str, options: dict[str, Any]) -> None:
    """A task of a DAG as Airflow calls it: the operator's own ``execute``; says what it hands on."""
    os.environ["AIRFLOW_HOME"] = folder
    from types import SimpleNamespace

    from gaung.sources import registry
    from gaung_airflow import operators

    registry.formats = lambda: (LineFormat(),)
    announce_stages(say)
    made = getattr(operators, operator)(task_id="task", **options)
    say("ready")
    context = {"run_id": "some run", "ti": SimpleNamespace(try_number=1)}
    try:
        handed_on = made.execute(context)
    except Exception as error:
        say(f"{type(error).__name__}: {error}")
        raise
    say(f"done {json.dumps(handed_on)}")


def announce_stages(say: Callable[[str], None]) -> None:
    """Say the name of each stage of a build when it begins."""
    from gaung import pipeline

    def announced(name: str, genuine: Callable[..., Any]) -> Callable[..., Any]:
        def work(*arguments: Any) -> Any:
            say(name)
            return genuine(*arguments)

        return work

    for name, genuine in list(pipeline.STAGES.items()):
        pipeline.STAGES[name] = announced(name, genuine)


def announce_phases(say: Callable[[str], None]) -> None:
    """Say ``parse``, ``copy``, ``merge`` and ``commit`` when a load comes to them."""
    from gaung.warehouse import loader

    def before_and_after(name: str, before: str | None, after: str | None) -> None:
        genuine = getattr(loader._Load, name)

        def work(self: Any, *arguments: Any) -> Any:
            if before:
                say(before)
            result = genuine(self, *arguments)
            if after:
                say(after)
            return result

        setattr(loader._Load, name, work)

    before_and_after("run", "parse", None)
    before_and_after("_spool", "copy", "parse")
    before_and_after("_merged", "merge", None)
    before_and_after("_write_outcome", None, "commit")
