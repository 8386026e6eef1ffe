"""Random ids of visitors, photos, games and requests: nobody can guess one."""

import re
import secrets

_ID = re.compile(r"[0-9a-f]{32}")


def new_id() -> str:
    """A new one, of 32 hex digits."""
    return secrets.token_hex(16)


def is_id(text: str) -> bool:
    """Whether a text can be one."""
    return _ID.fullmatch(text) is not None
