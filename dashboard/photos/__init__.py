"""Photos of the data set and of visitors: normalising, storing, searching."""
