"""Forgets what is kept for a while only, whether or not anybody visits."""

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
    """What has to be forgotten. Several processes may do it at once.

    Attributes:
        photos: Visitors' photos.
        database: Visitors' games.
    """

    photos: PhotoStore
    database: Database

    def begin(self) -> None:
        """Does it from now on, in a thread of this process: one that was begun before a fork stays behind there."""
        threading.Thread(target=self._go_on, name="housekeeping", daemon=True).start()

    def forget_photos(self) -> None:
        """Forgets the photos whose time is over; if that fails, it is logged."""
        _try(self.photos.forget_old)

    def forget_games(self) -> None:
        """Forgets the games whose time is over; if that fails, it is logged."""
        _try(self.database.games.forget_old)

    def _go_on(self) -> None:
        for turn in count():
            self.forget_photos()
            if turn % GAMES_EVERY == 0:
                self.forget_games()
            time.sleep(min(PAUSE, self.photos.max_age))


def _try(forget: Callable[[], None]) -> None:
    try:
        forget()
    except (OSError, DatabaseError) as error:
        logger.warning("What is old cannot be forgotten now, but in a while: %s", error)
