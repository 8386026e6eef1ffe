"""Names and counts for people."""


def display_name(label: str) -> str:
    """Turns a label such as `Aurelio_Vela` into "Aurelio Vela"."""
    return " ".join(label.replace("_", " ").split())


def counted(count: int, noun: str) -> str:
    """A count and its noun, such as "1 photo" and "2,000 classes"."""
    return f"{count:,} {noun if count == 1 else f'{noun}es' if noun.endswith('s') else f'{noun}s'}"
