"""What is known of published versions: results, comparisons, explanation scores, suspicious labels."""
