"""From a trained classifier to a published version: export, gate, publish."""
