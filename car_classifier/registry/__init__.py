"""Published versions: their folder, assets, labels, table and model card."""
