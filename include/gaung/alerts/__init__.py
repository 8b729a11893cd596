"""Immediate notice: what is wrong opens an alert once, escalates and closes it once, and tells people."""
