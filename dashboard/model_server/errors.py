"""Errors of the model server, each with a message for people and the request that failed.

The hierarchy:

    ModelServerError
    ├── NotReachable     nothing listens there, or the connection broke
    ├── TooSlow          it did not answer in time
    ├── UnknownModel     it serves no model of that name, or not yet (404)
    ├── Busy             it is starting or has too much to do (429, 503)
    ├── Refused          it did not accept the request (other 4xx)
    ├── Failed           it broke while answering (other 5xx)
    └── BadAnswer        this client does not understand its answer
"""


class ModelServerError(Exception):
    """The model server gave no usable answer.

    Attributes:
        request: Method and address of the request, such as `GET http://localhost:8501/v1/models/x`.
    """

    def __init__(self, message: str, request: str):
        super().__init__(message)
        self.request = request


class NotReachable(ModelServerError):
    """Nothing listens there, or the connection broke."""


class TooSlow(ModelServerError):
    """No answer within the time limit."""


class UnknownModel(ModelServerError):
    """The server has no model of that name, or not yet."""


class Busy(ModelServerError):
    """The server is starting or has too much to do."""


class Refused(ModelServerError):
    """The server did not accept the request."""


class Failed(ModelServerError):
    """The server broke while answering."""


class BadAnswer(ModelServerError):
    """This client does not understand the answer."""
