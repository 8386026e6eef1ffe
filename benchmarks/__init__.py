"""Measurements of speed; each prints a table that compares numbers of one run."""
