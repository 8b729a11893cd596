"""What the gate says: a check to evaluate, the result of one, the verdict on a build."""

from dataclasses import dataclass, field
from typing import Any, Literal

from gaung.quality.suites import Expectation

ResultStatus = Literal["passed", "failed", "error"]
RunStatus = Literal["passed", "warned", "failed", "error"]


@dataclass(frozen=True)
class Check:
    """One expectation of one suite, ready to be evaluated."""

    suite: str
    expectation: Expectation

    @property
    def name(self) -> str:
        """How people name it: ``suite.id``."""
        return f"{self.suite}.{self.expectation.id}"


@dataclass(frozen=True)
class Result:
    """The verdict on one expectation, or on one of the gate's own structural checks."""

    suite: str
    expectation_id: str
    severity: str
    status: ResultStatus
    target: str
    if_fails: str
    observed: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """``suite.id``, as `gaung publish --accept` takes it."""
        return f"{self.suite}.{self.expectation_id}"

    @property
    def sentence(self) -> str:
        """What failed, what was seen, and what follows."""
        seen = ", ".join(f"{key}: {value}" for key, value in self.observed.items())
        return f"{self.name}{f' ({seen})' if seen else ''}: if this fails, {self.if_fails}"


@dataclass(frozen=True)
class Verdict:
    """What the gate decided about a build."""

    build_id: int
    status: RunStatus
    declared_count: int
    evaluated_count: int
    results: tuple[Result, ...]
    error_message: str | None = None

    @property
    def is_blocked(self) -> bool:
        """Whether the candidate must not be published."""
        return self.status in ("failed", "error")

    @property
    def critical(self) -> tuple[Result, ...]:
        """Critical results that did not pass."""
        return tuple(r for r in self.results if r.severity == "critical" and r.status != "passed")

    @property
    def warnings(self) -> tuple[Result, ...]:
        """Warning results that did not pass."""
        return tuple(r for r in self.results if r.severity != "critical" and r.status != "passed")

    @property
    def sentence(self) -> str:
        """Why the build is blocked, how many failed, which first, what to do."""
        first = "; ".join(result.sentence for result in self.critical[:3])
        count = f"{len(self.critical)} critical of {self.declared_count} expectations did not pass: {first}"
        return (
            f"the gate blocks build {self.build_id}: {self.error_message or count}. "
            "Readers keep the last good version. Correct the cause and run `gaung build`"
        )
