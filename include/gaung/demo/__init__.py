"""The demo: a seeded generator with planted truth, and its verification. All of it is synthetic."""
