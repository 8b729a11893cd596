"""The forms in which platforms really deliver, written from a world's posts; each counts what it wrote."""
