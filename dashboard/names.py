"""Display names of labels."""


def display_name(label: str) -> str:
    """Turns a label such as `Aurelio_Vela` into "Aurelio Vela"."""
    return " ".join(label.replace("_", " ").split())
