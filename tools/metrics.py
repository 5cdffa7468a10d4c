"""Metrics from files: CSV (a time column and one column per metric) or JSON.

JSON may be a list of samples `{"time", "name", "value"}`, an object `{name: [[time, value], ...]}`, or a
Prometheus range-query response. Times are ISO 8601 or epoch seconds.
"""

import csv
import io
import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from pydantic import BaseModel, Field

from .errors import InputError

_TIME_COLUMNS = ("timestamp", "time", "ts", "date", "datetime")
_STEADY = 0.1  # spread of the values, as a share of their mean, up to which a metric has not moved
_STEADY_MARK = ", steady"
_LINE = re.compile(r"metric (.+): (\S+) -> (\S+), min (\S+), max (\S+) at ")


class MetricSummary(BaseModel):
    """One metric over the window, bounded: what moved, from where to where."""

    name: str
    source: str
    samples: int
    first: float
    last: float
    minimum: float
    maximum: float
    mean: float
    start: str = Field(description="ISO 8601 UTC of the first sample.")
    end: str
    peak_at: str = Field(description="ISO 8601 UTC of the maximum.")

    def text(self) -> str:
        """Return the summary as one line of evidence."""
        return (
            f"metric {self.name}: {self.first:g} -> {self.last:g}, min {self.minimum:g}, max {self.maximum:g} "
            f"at {self.peak_at}, mean {self.mean:g} over {self.samples} samples"
            + (_STEADY_MARK if self.movement <= _STEADY else "")
        )

    @property
    def movement(self) -> float:
        """How far the values are spread, as a share of their mean."""
        spread = self.maximum - self.minimum
        return spread / (abs(self.mean) + 1e-9) if spread else 0.0


class MetricCourse(NamedTuple):
    """What a line made by `MetricSummary.text` tells of a metric."""

    name: str
    first: float
    last: float
    minimum: float
    maximum: float
    steady: bool


def metric_course(text: str) -> MetricCourse | None:
    """Return what a line made by `MetricSummary.text` tells; None of another line."""
    match = _LINE.match(text)
    if match is None:
        return None
    first, last, minimum, maximum = (float(match[number]) for number in range(2, 6))
    return MetricCourse(match[1], first, last, minimum, maximum, is_steady(text))


def is_steady(text: str) -> bool:
    """Return whether a line made by `MetricSummary.text` is of a metric that did not move."""
    return text.endswith(_STEADY_MARK)


def read_metrics(
    path: Path, *, start: datetime | None = None, end: datetime | None = None, limit: int = 50
) -> list[MetricSummary]:
    """Return up to `limit` metrics of the file inside the window, those that moved most first.

    Raises `InputError` naming the file and what is expected.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: the metric file cannot be read ({error.strerror})") from error
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8; expected CSV or JSON metrics") from None
    return summarise(text, str(path), start=start, end=end, limit=limit)


def summarise(
    text: str, source: str, *, start: datetime | None = None, end: datetime | None = None, limit: int = 50
) -> list[MetricSummary]:
    """Return what `read_metrics` does, of a text that came from `source`."""
    series: dict[str, list[tuple[datetime, float]]] = {}
    for name, time, value in _samples(text, source):
        if math.isfinite(value) and (start is None or time >= start) and (end is None or time <= end):
            series.setdefault(name, []).append((time, value))
    summaries = [_summary(name, source, points) for name, points in series.items()]
    return sorted(summaries, key=lambda metric: -metric.movement)[:limit]


def _summary(name: str, source: str, points: list[tuple[datetime, float]]) -> MetricSummary:
    points.sort()
    values = [value for _, value in points]
    peak = max(points, key=lambda point: point[1])[0]
    return MetricSummary(
        name=name, source=source, samples=len(points), first=values[0], last=values[-1],
        minimum=min(values), maximum=max(values), mean=sum(values) / len(values),
        start=points[0][0].isoformat(), end=points[-1][0].isoformat(), peak_at=peak.isoformat(),
    )  # fmt: skip


def _samples(text: str, source: str) -> Iterable[tuple[str, datetime, float]]:
    if text.lstrip()[:1] in "[{":
        try:
            data = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise InputError(f"{source}: not JSON ({error})") from None
        return _json_samples(data, source)
    return _csv_samples(text, source)


def _csv_samples(text: str, source: str) -> Iterable[tuple[str, datetime, float]]:
    reader = csv.DictReader(io.StringIO(text))
    columns = reader.fieldnames or []
    time_column = next((name for name in columns if name.strip().lower() in _TIME_COLUMNS), None)
    if time_column is None:
        raise InputError(f"{source}: expected a CSV header with a time column ({', '.join(_TIME_COLUMNS)})")
    for row in reader:
        time = _time(row[time_column], source)
        for name, cell in row.items():
            if name and name != time_column and cell:
                try:
                    yield name, time, float(cell)
                except (TypeError, ValueError):
                    continue  # a label column is no metric


def _json_samples(data: Any, source: str) -> Iterable[tuple[str, datetime, float]]:
    shape = (
        f"{source}: expected a list of {{time, name, value}}, an object {{name: [[time, value]]}}, "
        "or a Prometheus response"
    )
    try:
        if isinstance(data, dict) and "data" in data and "result" in data["data"]:
            for item in data["data"]["result"]:
                labels = dict(item["metric"])
                name = labels.pop("__name__", "value")
                suffix = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
                for time, value in item.get("values") or [item["value"]]:
                    yield (f"{name}{{{suffix}}}" if suffix else name), _time(time, source), float(value)
        elif isinstance(data, dict):
            for name, points in data.items():
                for time, value in points:
                    yield str(name), _time(time, source), float(value)
        else:
            for item in data:
                time = next(item[key] for key in _TIME_COLUMNS if key in item)
                yield str(item["name"]), _time(time, source), float(item["value"])
    except (KeyError, TypeError, ValueError, StopIteration):
        raise InputError(shape) from None


def _time(value: Any, source: str) -> datetime:
    try:
        number = float(value)
    except (TypeError, ValueError):
        pass
    else:
        return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
    try:
        time = datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise InputError(f"{source}: {value!r} is no time; expected ISO 8601 or epoch seconds") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
