"""The first tables: feedback, games and scores."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes them."""
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("visitor", sa.String(64), nullable=False),
        sa.Column("photo_sha256", sa.String(64), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("version", sa.String(20)),
        sa.Column("answer_label", sa.String(200), nullable=False),
        sa.Column("probability", sa.Double, nullable=False),
        sa.Column("answer_is_right", sa.Boolean, nullable=False),
        sa.Column("right_label", sa.String(200)),
        sa.Column("may_train", sa.Boolean, nullable=False),
        sa.Column("photo", sa.LargeBinary),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("visitor", "photo_sha256", name="feedback_one_a_photo"),
    )
    op.create_table(
        "games",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("visitor", sa.String(64), nullable=False),
        sa.Column("state", sa.JSON, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("started", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("games_of_visitor", "games", ["visitor", "started"])
    op.create_table(
        "scores",
        sa.Column("game_id", sa.String(64), primary_key=True),
        sa.Column("visitor", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("points", sa.Double, nullable=False),
        sa.Column("ai_points", sa.Double, nullable=False),
        sa.Column("rounds", sa.Integer, nullable=False),
        sa.Column("difficulty", sa.String(64), nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("scores_of_kind", "scores", ["rounds", "difficulty", "points"])
