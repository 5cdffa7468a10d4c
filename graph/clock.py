"""The time as this process knows it: it never goes back, whatever is done to the wall clock."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Wall time that runs at least as fast as the machine's monotonic clock since this object was made."""

    def __init__(self) -> None:
        self._wall, self._steady = datetime.now(UTC), time.monotonic()

    def now(self) -> datetime:
        """Return the time; a wall clock that was set back is not followed."""
        elapsed = timedelta(seconds=time.monotonic() - self._steady)
        return max(datetime.now(UTC), self._wall + elapsed)
