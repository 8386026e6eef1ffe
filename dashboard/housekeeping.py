"""Deletes expired photos and games in the background, also while nobody visits."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from dashboard.database import Database, DatabaseError
from dashboard.photos.store import PhotoStore

PAUSE = 60.0  # seconds
GAMES_EVERY = 60  # pauses

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Housekeeping:
    """Deletes expired photos and games. Several processes may do so at once.

    Attributes:
        photos: Visitors' photos.
        database: Visitors' games.
    """

    photos: PhotoStore
    database: Database

    def begin(self) -> None:
        """Starts a thread that does so from now on. Call it after a fork: forked processes do not inherit threads."""
        threading.Thread(target=self._run, name="housekeeping", daemon=True).start()

    def forget_photos(self) -> None:
        """Deletes expired photos; logs a failure."""
        _try(self.photos.forget_old)

    def forget_games(self) -> None:
        """Deletes expired games; logs a failure."""
        _try(self.database.games.forget_old)

    def _run(self) -> None:
        for turn in count():
            self.forget_photos()
            if turn % GAMES_EVERY == 0:
                self.forget_games()
            time.sleep(min(PAUSE, self.photos.max_age))


def _try(forget: Callable[[], None]) -> None:
    try:
        forget()
    except (OSError, DatabaseError) as error:
        logger.warning("Expired photos or games cannot be deleted now; trying again later: %s", error)
