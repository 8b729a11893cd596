"""How fast Gaung is on this machine: every format, and one invented day from files to published tables."""
