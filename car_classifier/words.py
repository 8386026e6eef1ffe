"""Sentences with numbers in them."""


def counted(count: int, one: str, many: str | None = None) -> str:
    """A number and its noun, and a verb if there is one: `1 photo is`, `2 photos are`, `1,000 photos`.

    Args:
        count: The number.
        one: What follows the number 1.
        many: What follows all other numbers; by default `one` with an s.
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"
