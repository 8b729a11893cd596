"""The gate: runs the suites in expectations/, decides, records."""
