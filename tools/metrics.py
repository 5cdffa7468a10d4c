"""Metrics from files: CSV (a time column and one column per metric) or JSON.

JSON may be a list of samples `{"time", "name", "value"}`, an object `{name: [[time, value], ...]}`, or a
Prometheus range-query response. Times are ISO 8601 or epoch seconds.
"""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, Field

from .errors import InputError

_TIME_COLUMNS = ("timestamp", "time", "ts", "date", "datetime")


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
        )


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
    series: dict[str, list[tuple[datetime, float]]] = {}
    for name, time, value in _samples(text, path):
        if (start is None or time >= start) and (end is None or time <= end):
            series.setdefault(name, []).append((time, value))
    summaries = [_summary(name, str(path), points) for name, points in series.items()]
    return sorted(summaries, key=_movement, reverse=True)[:limit]


def _movement(metric: MetricSummary) -> float:
    spread = metric.maximum - metric.minimum
    return spread / (abs(metric.mean) + 1e-9)


def _summary(name: str, source: str, points: list[tuple[datetime, float]]) -> MetricSummary:
    points.sort()
    values = [value for _, value in points]
    peak = max(points, key=lambda point: point[1])[0]
    return MetricSummary(
        name=name, source=source, samples=len(points), first=values[0], last=values[-1],
        minimum=min(values), maximum=max(values), mean=sum(values) / len(values),
        start=points[0][0].isoformat(), end=points[-1][0].isoformat(), peak_at=peak.isoformat(),
    )  # fmt: skip


def _samples(text: str, path: Path) -> Iterable[tuple[str, datetime, float]]:
    if text.lstrip()[:1] in "[{":
        try:
            data = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise InputError(f"{path}: not JSON ({error})") from None
        return _json_samples(data, path)
    return _csv_samples(text, path)


def _csv_samples(text: str, path: Path) -> Iterable[tuple[str, datetime, float]]:
    reader = csv.DictReader(io.StringIO(text))
    columns = reader.fieldnames or []
    time_column = next((name for name in columns if name.strip().lower() in _TIME_COLUMNS), None)
    if time_column is None:
        raise InputError(f"{path}: expected a CSV header with a time column ({', '.join(_TIME_COLUMNS)})")
    for row in reader:
        time = _time(row[time_column], path)
        for name, cell in row.items():
            if name and name != time_column and cell:
                try:
                    yield name, time, float(cell)
                except (TypeError, ValueError):
                    continue  # a label column is no metric


def _json_samples(data: Any, path: Path) -> Iterable[tuple[str, datetime, float]]:
    shape = (
        f"{path}: expected a list of {{time, name, value}}, an object {{name: [[time, value]]}}, "
        "or a Prometheus response"
    )
    try:
        if isinstance(data, dict) and "data" in data and "result" in data["data"]:
            for item in data["data"]["result"]:
                labels = dict(item["metric"])
                name = labels.pop("__name__", "value")
                suffix = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
                for time, value in item.get("values") or [item["value"]]:
                    yield (f"{name}{{{suffix}}}" if suffix else name), _time(time, path), float(value)
        elif isinstance(data, dict):
            for name, points in data.items():
                for time, value in points:
                    yield str(name), _time(time, path), float(value)
        else:
            for item in data:
                time = next(item[key] for key in _TIME_COLUMNS if key in item)
                yield str(item["name"]), _time(time, path), float(item["value"])
    except (KeyError, TypeError, ValueError, StopIteration):
        raise InputError(shape) from None


def _time(value: Any, path: Path) -> datetime:
    try:
        number = float(value)
    except (TypeError, ValueError):
        pass
    else:
        return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
    try:
        time = datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise InputError(f"{path}: {value!r} is no time; expected ISO 8601 or epoch seconds") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
