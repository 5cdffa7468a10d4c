"""Metric files: CSV and the JSON shapes people have."""

from pathlib import Path

import pytest

from ops_assistant.tools.errors import InputError
from ops_assistant.tools.metrics import read_metrics

CSV = (
    "timestamp,cpu,host,flat\n"
    "2026-02-20T03:00:00Z,40,a,5\n"
    "2026-02-20T03:01:00Z,97.5,a,5\n"
    "2026-02-20T03:02:00Z,80,a,5\n"
)


def test_a_csv_file_gives_what_moved_first(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(CSV)
    cpu, flat = read_metrics(tmp_path / "m.csv")
    assert (cpu.name, cpu.first, cpu.last, cpu.maximum, cpu.samples) == ("cpu", 40, 80, 97.5, 3)
    assert cpu.peak_at == "2026-02-20T03:01:00+00:00"
    assert flat.name == "flat"
    assert "97.5" in cpu.text()


@pytest.mark.parametrize(
    "text",
    [
        '[{"time": 1771556400, "name": "cpu", "value": 1}, {"time": 1771556460000, "name": "cpu", "value": 2}]',
        '{"cpu": [[1771556400, 1], ["2026-02-20T03:01:00", 2]]}',
        '{"data": {"result": [{"metric": {"__name__": "cpu"}, "values": [[1771556400, "1"], [1771556460, "2"]]}]}}',
    ],
)
def test_the_json_shapes(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.json").write_text(text)
    (cpu,) = read_metrics(tmp_path / "m.json")
    assert (cpu.name, cpu.first, cpu.last) == ("cpu", 1, 2)
    assert (cpu.start, cpu.end) == ("2026-02-20T03:00:00+00:00", "2026-02-20T03:01:00+00:00")


@pytest.mark.parametrize(
    ("text", "words"), [("a,b\n1,2\n", "time column"), ("[1, 2]", "expected a list"), ("{", "not JSON"),
                        ("time,v\nsoon,1\n", "is no time")]
)  # fmt: skip
def test_a_bad_file_says_what_is_expected(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "m").write_text(text)
    with pytest.raises(InputError, match=words):
        read_metrics(tmp_path / "m")


def test_the_window_is_respected(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    (tmp_path / "m.csv").write_text(CSV)
    metrics = read_metrics(tmp_path / "m.csv", start=datetime(2026, 2, 20, 3, 1, tzinfo=UTC))
    assert {metric.samples for metric in metrics} == {2}
