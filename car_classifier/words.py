"""Numbers in sentences for people."""

SURE_ABOVE = 0.5
"""An answer with a lower probability is called not sure, by a version that has no threshold of its own."""


def counted(count: int, one: str, many: str | None = None) -> str:
    """A number and its noun, with a verb if there is one: `1 photo is`, `2 photos are`.

    Args:
        count: The number.
        one: What follows the number 1.
        many: What follows all other numbers; by default `plural(one)`.
    """
    return f"{count} {noun(count, one, many)}"


def noun(count: int, one: str, many: str | None = None) -> str:
    """What follows a number: see `counted`."""
    return one if count == 1 else many or (f"{one}es" if one.endswith("s") else f"{one}s")
