"""The REST interfaces: TensorFlow Serving's and KServe's."""
