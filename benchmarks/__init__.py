"""Measurements of speed; each prints a table and compares within one run."""
