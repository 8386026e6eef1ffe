"""Visitors' feedback on answers."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Engine, delete

from dashboard.database.tables import feedback, insert_into


@dataclass(frozen=True)
class Feedback:
    """One visitor's feedback on the answer for one photo.

    Attributes:
        visitor: The visitor's id.
        photo_sha256: Hex SHA-256 of the photo as the page shows it.
        model: The model's name.
        version: The model's version, if known.
        answer_label: The class that the model ranked first.
        probability: Probability of that class, 0 to 1.
        answer_is_right: Whether the visitor agrees.
        right_label: The right label, as `Make_Model`, if the visitor corrects the answer.
        may_train: Whether the photo may be kept for training.
        photo: The same photo, a JPEG or PNG, only if it may be kept.
        created: Time of the feedback, UTC.
    """

    visitor: str
    photo_sha256: str
    model: str
    version: str | None
    answer_label: str
    probability: float
    answer_is_right: bool
    right_label: str | None = None
    may_train: bool = False
    photo: bytes | None = field(default=None, repr=False)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        if self.photo is not None and not self.may_train:
            raise ValueError("A photo must not be kept without its sender's consent.")


@dataclass(frozen=True)
class FeedbackStore:
    """The table `feedback`.

    Attributes:
        engine: Connections to the database.
    """

    engine: Engine

    def add(self, entry: Feedback) -> None:
        """Stores feedback. It replaces the visitor's earlier feedback on the same photo, with the stored photo."""
        row = vars(entry)
        add = insert_into(feedback, self.engine).values(row)
        add = add.on_conflict_do_update(index_elements=[feedback.c.visitor, feedback.c.photo_sha256], set_=row)
        with self.engine.begin() as connection:
            connection.execute(add)

    def remove(self, visitor: str, photo_sha256: str) -> None:
        """Deletes a visitor's feedback on a photo."""
        of_visitor = (feedback.c.visitor == visitor) & (feedback.c.photo_sha256 == photo_sha256)
        with self.engine.begin() as connection:
            connection.execute(delete(feedback).where(of_visitor))
