"""The demo: a seeded generator with planted truth, and its verification. All of it is synthetic.

``generate`` writes three days of invented posts and comments as files in the formats that the platforms
really use, and remembers exactly what is in them (:class:`~gaung.demo.truth.Truth`); ``windows`` gives the
same days a quarter of an hour at a time, ``history`` the days before. ``verify`` compares the published
marts and ``ops`` with that truth.
"""

from gaung.demo.files import Window
from gaung.demo.generator import DEFAULT_SEED, generate, history, windows
from gaung.demo.truth import Truth

__all__ = ["DEFAULT_SEED", "Truth", "Window", "generate", "history", "windows"]
