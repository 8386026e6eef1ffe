"""The one error that means "the user can mend this"."""


class UserError(Exception):
    """Something the user gave or asked for is wrong; the message says what, and what to do.

    The command line prints the message alone and exits with code 2. Any other exception is our own
    fault and shows its traceback.
    """
