"""Reports on published versions: results, comparisons, explanation scores, suspicious labels."""
