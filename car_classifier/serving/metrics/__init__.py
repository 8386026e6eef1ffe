"""Counting, timing and logging of requests.

`registry` names all metrics, `prometheus_text` formats them, `monitoring` configures and serves them; `request_log`
writes a line for each request, and `request_record` holds the facts about one.
"""
