"""TensorFlow Serving's gRPC interface.

`server` opens the port, `api` implements the services, `calls` counts and logs every call, `requests` reads messages.
"""
