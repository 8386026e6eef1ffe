"""Photos to manifest: sources, indexing, splits, near-duplicates, exclusions, statistics, feedback, object storage."""
