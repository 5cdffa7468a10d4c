"""The time window an incident is judged in."""

from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, field_validator

BEFORE_ALERT = timedelta(hours=2)
AFTER_ALERT = timedelta(minutes=30)


class Window(BaseModel):
    """A span of time, UTC, both ends inclusive; an end that is None is open."""

    start: datetime | None = None
    end: datetime | None = None

    @field_validator("start", "end")
    @classmethod
    def _as_utc(cls, value: datetime | None) -> datetime | None:
        """A time without a zone is taken as UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def contains(self, moment: datetime) -> bool:
        """Return whether `moment` (naive means UTC) lies inside."""
        return self.holds((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())

    def holds(self, epoch: float) -> bool:
        """Like `contains`, for seconds since 1970."""
        low, high = self.bounds()
        return low <= epoch <= high

    def bounds(self) -> tuple[float, float]:
        """Return (start, end) in seconds since 1970; open ends are infinite."""
        return (
            self.start.timestamp() if self.start else float("-inf"),
            self.end.timestamp() if self.end else float("inf"),
        )


def default_window(alert_time: datetime | None) -> Window:
    """Return the window around an alert: 2 hours before to 30 minutes after; open without an alert time."""
    if alert_time is None:
        return Window()
    return Window(start=alert_time - BEFORE_ALERT, end=alert_time + AFTER_ALERT)
