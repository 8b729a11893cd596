"""The demo: a seeded generator with planted truth, and its verification. All of it is synthetic.

``generate`` writes one day of invented posts and comments as files in the formats that the
platforms really use, and remembers exactly what is in them (:class:`~gaung.demo.truth.Truth`).
``verify`` compares the published marts and ``ops`` with that truth.
"""

from gaung.demo.generator import DEFAULT_SEED, generate
from gaung.demo.truth import Truth

__all__ = ["DEFAULT_SEED", "Truth", "generate"]
