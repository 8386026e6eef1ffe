"""From a manifest to a trained classifier: settings, run folder, stages, epochs, batches, augmentation."""
