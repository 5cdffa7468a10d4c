# ruff: noqa: E501 - tables of examples and patterns
"""Time, level, component and message of single lines, in the forms that programs write."""

from datetime import UTC, datetime

import pytest

from ops_assistant.tools.digest.parse import LineParser, Parsed
from ops_assistant.tools.digest.timestamps import TimeReader, iso

REFERENCE = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def parse(line: str) -> Parsed:
    return LineParser(REFERENCE).parse(line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("2026-11-23 07:17:02.478 INFO x", "2026-11-23T07:17:02.478Z"),
        ("2026-11-23T07:17:02,478+02:00 INFO x", "2026-11-23T05:17:02.478Z"),
        ("[2026-11-23 07:09:42 -0130] [1] [INFO] x", "2026-11-23T08:39:42.000Z"),
        ("2026-11-23  7:30:45 0 [Note] x", "2026-11-23T07:30:45.000Z"),
        ("2026/11/23 07:30:45 [error] 1#1: x", "2026-11-23T07:30:45.000Z"),
        ("- 1117838570 2005.06.03 R02-M1 2005-06-03-15.42.50.675872 R02 RAS KERNEL INFO x", "2005-06-03T22:42:50.000Z"),
        ("R02-M1 2005-06-03-15.42.50.675872 RAS KERNEL INFO x", "2005-06-03T15:42:50.675Z"),
        ('10.0.0.1 - - [23/Nov/2026:07:09:43 +0100] "GET / HTTP/1.1" 200 4', "2026-11-23T06:09:43.000Z"),
        ("[Sun Dec 04 04:47:44 2005] [notice] x", "2005-12-04T04:47:44.000Z"),
        ("[Mon Nov 23 07:09:43.123456 2026] [mpm_event:notice] [pid 1:tid 2] x", "2026-11-23T07:09:43.123Z"),
        ("23-Nov-2026 07:32:13.819 INFO [main] x", "2026-11-23T07:32:13.819Z"),
        ("1234:M 23 Nov 2026 07:15:01.123 * Ready", "2026-11-23T07:15:01.123Z"),
        ("Nov 23, 2026 7:32:13 PM org.apache.X y", "2026-11-23T19:32:13.000Z"),
        ("11/23/2026 7:32:13 AM spid5s Starting", "2026-11-23T07:32:13.000Z"),
        ("Nov 23 07:49:59 auth-02 chronyd[102]: x", "2026-11-23T07:49:59.000Z"),
        ("Dec 31 23:59:59 host app: last year's", "2025-12-31T23:59:59.000Z"),
        ("<34>1 2026-11-23T07:49:59.5Z host app 12 ID47 - x", "2026-11-23T07:49:59.500Z"),
        ("E1123 07:49:59.000123       1 server.go:12] x", "2026-11-23T07:49:59.000Z"),
        ("03-17 16:13:38.811  1702  2395 D WindowManager: x", "2026-03-17T16:13:38.811Z"),
        ("17/06/09 20:10:40 INFO executor.Backend: x", "2017-06-09T20:10:40.000Z"),
        ("20171223-22:15:29:606|Step_LSC|30002312|x", "2017-12-23T22:15:29.606Z"),
        ("081109 203615 148 INFO dfs.DataNode: x", "2008-11-09T20:36:15.000Z"),
        ("[10.30 16:49:06] chrome.exe - x", "2026-10-30T16:49:06.000Z"),
        ("1795417919.132   12 10.0.0.1 TCP_MISS/200 9 GET http://x/", "2026-11-23T07:11:59.132Z"),
        ("07:15:01.123 [main] INFO c.e.App - x", "2026-11-24T07:15:01.123Z"),
        ('{"time":1795417919132,"level":30,"msg":"x"}', "2026-11-23T07:11:59.132Z"),
        ('{"ts":1795417919.132,"level":"info","msg":"x"}', "2026-11-23T07:11:59.132Z"),
        ('{"@timestamp":"2026-11-23T07:11:59.132Z","message":"x"}', "2026-11-23T07:11:59.132Z"),
        ('{"__REALTIME_TIMESTAMP":"1795417919132000","MESSAGE":"x"}', "2026-11-23T07:11:59.132Z"),
        ('{"t":{"$date":"2026-11-23T07:11:59.132+00:00"},"s":"I","c":"NETWORK","msg":"x"}', "2026-11-23T07:11:59.132Z"),
        ('time="2026-11-23T07:24:12Z" level=fatal msg="x y"', "2026-11-23T07:24:12.000Z"),
        ("valid until 2026-11-23T08:06:08 they said in the message", "2026-11-23T08:06:08.000Z"),
        ("the token of the user is valid until 2026-11-23T08:06:08", None),
        ("plain text with 42 numbers", None),
        ("2026-13-45 99:99:99 no such day", None),
    ],
)  # fmt: skip
def test_time_stamps_are_read_in_utc(line: str, expected: str | None) -> None:
    assert iso(parse(line).time) == expected


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("2026-11-23 07:36:14.913821 E | etcdserver: x", "error"),
        ("2026-11-23 07:36:14.913821 N | etcdmain: x", "info"),
        ("W1123 07:49:59.000123       1 server.go:12] x", "warn"),
        ("F1123 07:49:59.000123       1 server.go:12] x", "fatal"),
        ("2026/11/23 07:30:45 [crit] 1#1: x", "fatal"),
        ("2026/11/23 07:30:45 [warn] 1#1: x", "warn"),
        ("[Mon Nov 23 07:09:43.123456 2026] [core:error] [pid 1] x", "error"),
        ('time="2026-11-23T07:24:12Z" level=error msg="x y"', "error"),
        ('{"level":50,"time":1795417919132,"msg":"x"}', "error"),
        ('{"level":30,"time":1795417919132,"msg":"an error was avoided"}', "info"),
        ('{"PRIORITY":"4","MESSAGE":"x","__REALTIME_TIMESTAMP":"1795417919132000"}', "warn"),
        ('{"severity":"CRITICAL","message":"x"}', "fatal"),
        ('{"s":"E","c":"STORAGE","msg":"x","t":{"$date":"2026-11-23T07:11:59Z"}}', "error"),
        ("<11>Nov 23 07:49:59 host app: x", "error"),
        ("2026-11-23 07:14:59.025 UTC [13677] FATAL:  database files are incompatible", "fatal"),
        ("2026-11-23 07:14:59.025 UTC [13677] PANIC:  could not write", "fatal"),
        ("2026-11-23 07:14:59.025 UTC [13677] LOG:  checkpoint starting", "info"),
        ("23-Nov-2026 07:32:13.819 SEVERE [main] org.apache.X.y z", "error"),
        ("2026-11-23  7:30:45 0 [ERROR] InnoDB: x", "error"),
        ("[2.652s][info][gc] GC(10) Pause Young 207M->100M(300M) 3.1ms", "info"),
        ("1234:M 23 Nov 2026 07:15:01.123 # Can't save in background: fork", "warn"),
        ("03-17 16:13:38.811  1702  2395 E WindowManager: x", "error"),
        ("2026-11-23 07:15:04,017 CRITICAL users-api giving up", "fatal"),
        ("panic: runtime error: index out of range", "fatal"),
        ('Exception in thread "main" java.lang.NumberFormatException: x', "error"),
        ("2026-11-23 07:46:56,222 WARNING orders.gateway 401", "warn"),
        ("2026-11-25T01:03:38.251 zoneload: error: zone x/IN: bad", "error"),
        ("Wed Nov 25 01:20:47 2026 : Error: x", "error"),
        ("2026.11.25 01:13:48 LOG3[0]: s_connect: x", "error"),
        ("[2026-11-25T01:13:48.797+00:00] report-builder.ERROR: report failed", "error"),
        ("2026.11.25 01:13:48 LOG5[0]: x", "info"),
        ("[2026/11/25 01:13:48.123,  0] smbd/service.c:168(x)", "error"),
        ("[2026/11/25 01:13:48.123,  3] smbd/service.c:168(x)", "info"),
        ("portmanager         \terror\tFailed to open", "error"),
        ('Nov 25 02:49:03 msg="Answer" level="0" prio="Info" x', "info"),
        ('haproxy[8]: 10.0.0.1:5 [23/Nov/2026:07:16:52.135] fe be/s1 0/0/1/2/3 503 212 - - SC-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"', "none"),
        ("2026-11-23 07:15:04,017 INFO api answered ERROR to nobody", "info"),
        ("Server started, logs go to /var/log/error.log", "none"),
    ],
)  # fmt: skip
def test_levels_are_found_in_their_usual_spellings(line: str, level: str) -> None:
    assert parse(line).level == level


@pytest.mark.parametrize(
    ("line", "component", "message"),
    [
        ("Nov 23 07:49:59 auth-02 chronyd[102]: Selected source 10.20.0.31", "chronyd", "Selected source 10.20.0.31"),
        ("2026-11-23 07:46:56,222 WARNING psycopg.pool: error connecting", "psycopg.pool", "psycopg.pool: error connecting"),
        ("2026-11-23 07:14:59.025 UTC [13677] ERROR:  duration: too long", None, "[13677] duration: too long"),
        ('{"level":"info","ts":"2026-11-23T07:00:00Z","logger":"raft","msg":"elected","term":3}', "raft", "elected term=3"),
        ('{"log":"2026-11-23 07:15:04 ERROR boom\\n","stream":"stderr","time":"2026-11-23T07:15:05Z"}', None, "boom"),
    ],
)  # fmt: skip
def test_components_and_messages(line: str, component: str | None, message: str) -> None:
    parsed = parse(line)
    assert (parsed.component, parsed.message) == (component, message)


def test_the_runtimes_stamp_wins_over_a_container_line_without_one() -> None:
    parsed = parse('{"log":"plain words\\n","stream":"stdout","time":"2026-11-23T07:15:05Z"}')
    assert iso(parsed.time) == "2026-11-23T07:15:05.000Z"
    assert parsed.format == "docker+plain"


def test_request_ids_are_found_in_text_and_fields() -> None:
    assert parse("2026-11-23 07:00:00 INFO request_id=abc12345 done").trace == "abc12345"
    assert parse('{"trace_id":"4bf92f3577b34da6","msg":"x"}').trace == "4bf92f3577b34da6"


def test_a_source_without_zone_says_so() -> None:
    reader = TimeReader(REFERENCE)
    reader.find("2026-11-23T07:00:00Z x")
    assert not reader.zone_assumed
    reader.find("2026-11-23 07:00:00 x")
    assert reader.zone_assumed
