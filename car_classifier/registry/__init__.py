"""Published versions: their files, labels, table and model card."""
