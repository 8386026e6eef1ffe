"""The served models: versions, loading, warm-up, batching, configuration files."""
