"""Names of cars as people write them."""


def display_name(label: str) -> str:
    """A label such as `Aurelio_Vela` as people write it: "Aurelio Vela"."""
    return " ".join(label.replace("_", " ").split())
