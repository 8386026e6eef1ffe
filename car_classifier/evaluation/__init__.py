"""Measures a published version: predictions, metrics, intervals, reports and figures."""
