"""Alerts: what is understood, and that everything else names the field or file and what is expected."""

from pathlib import Path

import pytest

from ops_assistant.tools.alert import Alert
from ops_assistant.tools.errors import InputError

GOOD = {"service": "api", "message": "slow", "severity": "high", "timestamp": "2026-02-20 03:15:30"}


def test_a_time_without_a_zone_is_utc() -> None:
    alert = Alert.parse(GOOD)
    assert alert.timestamp is not None
    assert alert.timestamp.isoformat() == "2026-02-20T03:15:30+00:00"


def test_the_same_alert_has_the_same_id() -> None:
    assert Alert.parse(GOOD).id == Alert.parse(GOOD).id != Alert.parse({**GOOD, "message": "down"}).id


@pytest.mark.parametrize(
    ("word", "severity"), [("P1", "critical"), ("warning", "medium"), (" High ", "high")]
)
def test_the_severities_of_monitoring_systems_are_understood(word: str, severity: str) -> None:
    assert Alert.parse({**GOOD, "severity": word}).severity == severity


def test_a_list_of_log_lines_is_joined() -> None:
    assert Alert.parse({**GOOD, "logs": ["a", "b"]}).logs == "a\nb"


def test_log_paths_are_taken_from_the_folder_of_the_alert_file(tmp_path: Path) -> None:
    file = tmp_path / "alert.json"
    file.write_text('{"service": "api", "message": "slow", "log_sources": ["logs/api.log", "/var/log/x"]}')
    assert Alert.load(file).log_sources == [str(tmp_path / "logs/api.log"), "/var/log/x"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"message": "slow"}, ["`service`", "missing"]),
        ({"service": "api"}, ["`message`", "missing"]),
        ({**GOOD, "severity": "purple"}, ["`severity`", "'critical'"]),
        ({**GOOD, "timestamp": "soon"}, ["`timestamp`"]),
        ({**GOOD, "logs": 3}, ["`logs`", "string"]),
        ({**GOOD, "service": ""}, ["`service`", "at least 1"]),
        ([GOOD], ["JSON object", "a list"]),
        ("slow", ["JSON object", "a string"]),
    ],
)
def test_a_bad_alert_names_the_field(data: object, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        Alert.parse(data, origin="alert.json")
    for word in ["alert.json", *words]:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"not json", "not JSON"),
        (b'{"service": "api"', "not JSON"),
        (b"\x00\x01\x02ELF", "binary"),
        ('{"service": "caf\u00e9", "message": "x"}'.encode("latin-1"), "not UTF-8"),
        ('{"service": "api"}'.encode("utf-16"), "UTF-16"),
    ],
)
def test_a_bad_file_names_the_file(tmp_path: Path, content: bytes, word: str) -> None:
    file = tmp_path / "alert.json"
    file.write_bytes(content)
    with pytest.raises(InputError, match=word) as caught:
        Alert.load(file)
    assert str(file) in str(caught.value)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such alert file"):
        Alert.load(tmp_path / "nowhere.json")


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "alert.json"
    file.write_bytes(b'\xef\xbb\xbf{"service": "api", "message": "x"}')
    assert Alert.load(file).service == "api"
