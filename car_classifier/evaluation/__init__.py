"""How good a published version is: its predictions, metrics, intervals, reports and figures."""
