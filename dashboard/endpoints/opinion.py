"""Checks the feedback that a visitor gives on an answer."""

import unicodedata
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dashboard.names import display_name

LONGEST_NAME = 60  # letters of a make, and of a model

Label = Annotated[str, Field(min_length=1, max_length=200)]


class FeedbackError(Exception):
    """Feedback that cannot be stored; the message says why and what to do."""


class Opinion(BaseModel):
    """A visitor's opinion on the answer for one photo.

    Attributes:
        answer_label: The class that the model ranked first.
        probability: Probability of that class, 0 to 1.
        version: The model's version, if known.
        right: Whether the visitor agrees.
        label: The right label, as `Make_Model` or without a make; None if the answer is right or the visitor does not
            know it.
        may_train: Whether the photo may be kept for training.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    answer_label: Label
    probability: Annotated[float, Field(ge=0, le=1)]
    version: Annotated[str, Field(pattern=r"^[0-9]{1,20}$")] | None = None
    right: bool
    label: Label | None = None
    may_train: bool = False


def read_opinion(content: Any, known_labels: Iterable[str]) -> Opinion:
    """Checks the feedback that a page sent.

    Args:
        content: JSON with the attributes of `Opinion`.
        known_labels: Classes of the version that answered, if they are known. The answer must be one of them. A right
            label that differs from one of them only by upper and lower case is replaced by it.

    Raises:
        FeedbackError: A value is missing or has the wrong type, the model cannot have given the answer, or the label
            cannot be the name of a class.
    """
    try:
        opinion = Opinion.model_validate(content)
    except ValidationError as error:
        names = ", ".join(sorted({".".join(map(str, problem["loc"])) or "body" for problem in error.errors()}))
        raise FeedbackError(f"The feedback cannot be read ({names}). Reload the page and try again.") from error
    known = tuple(known_labels)
    if opinion.answer_label not in known if known else _odd(opinion.answer_label):
        raise FeedbackError("The model cannot have given this answer. Reload the page and try again.")
    if opinion.label is None:
        return opinion
    if opinion.right:
        raise FeedbackError("The answer cannot be right if the photo shows something else. Take one of the two back.")
    spelling = {label.casefold(): label for label in known}
    label = spelling.get(opinion.label.casefold()) or _well_formed(
        opinion.label, needs_make=bool(known) and all("_" in label for label in known)
    )
    if label == opinion.answer_label:
        raise FeedbackError(f"{display_name(label)} is the answer itself. Choose another, or say that it is right.")
    return opinion.model_copy(update={"label": label})


def _well_formed(label: str, needs_make: bool) -> str:
    """Tidies a label and checks that it can name a photo's file.

    Args:
        label: `Make_Model`, or a class that stands alone.
        needs_make: Whether a class cannot stand alone, because none that the model knows does.
    """
    make, underscore, model = label.partition("_")
    parts = [make, model] if underscore or needs_make else [label]
    names = [unicodedata.normalize("NFC", part.strip()) for part in parts]
    for name in names:
        if name.lower() in ("", "nan"):
            raise FeedbackError("Fill in both make and model, or leave both empty.")
        if len(name) > LONGEST_NAME:
            raise FeedbackError(f"Make and model have at most {LONGEST_NAME} letters each. Shorten the longer one.")
        if _odd(name):
            raise FeedbackError("Write make and model without slashes and without a full stop at the start.")
    return "_".join(names)


def _odd(name: str) -> bool:
    """Returns whether a name cannot be part of a file's name."""
    hidden = any(unicodedata.category(letter).startswith("C") for letter in name)
    return hidden or name.startswith(".") or "/" in name or "\\" in name
