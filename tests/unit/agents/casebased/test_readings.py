"""Numbers with their names, out of log lines of several manners."""

import pytest

from ops_assistant.agents.casebased.number_signs import number_signs
from ops_assistant.agents.casebased.readings import readings_of_line
from ops_assistant.tools.digest.models import EvidenceLine, LogDigest


def line(text: str) -> EvidenceLine:
    return EvidenceLine(id="s1:1", source="app.log", line=1, text=text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-11-23 07:00:10,100 INFO sessions 48 (limit 50)", {"sessions": 48, "limit": 50}),
        ('{"time":"2026-11-23T07:00:10Z","msg":"db","inUse":10,"idle":0}', {"in use": 10, "idle": 0}),
        ("INFO pool: 5 connections, 0 available, 12 requests waiting",
         {"pool": 5, "available": 0, "requests waiting": 12}),
        ("INFO free space on /srv/arc: 12 MB", {"free space on srv arc": 12e6}),
        ("INFO host 10.20.0.3:8080 v1.2.3 at 07:10:11 on 2026-11-23", {}),
        ("INFO maxclients=1000", {"max clients": 1000}),
    ],
)  # fmt: skip
def test_names_and_values(text, found):
    assert {reading.name: reading.last for reading in readings_of_line(line(text))} == found


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ('{"msg":"query","duration_ms":4200}', 4.2),
        ("INFO query took 4.2 s", 4.2),
        ("INFO [sql] (4200.0ms) SELECT 1 FROM a", 4.2),
        ("INFO query took 7 rows", None),
    ],
)
def test_times_are_in_seconds(text, seconds):
    assert readings_of_line(line(text))[0].seconds == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        ("db-connection-pool-exhausted", '{"msg":"db pool","open":10,"in_use":10,"max":10}'),
        ("too-many-connections", "INFO sessions 50 (limit 50)"),
        ("thread-exhaustion", '{"msg":"pool","name":"http-workers","busy":32,"size":32,"queue":50}'),
        ("cache-memory-full", "INFO LRU cache 20000/20000 entries"),
        ("disk-full", "INFO free space on /srv/arc: 0 MB"),
        ("quota-exceeded", "INFO tokens used this month 1000000 of 1000000"),
        ("slow-query", '{"msg":"query","duration_ms":4200,"sql":"select region from sales"}'),
        ("gc-pause", '{"msg":"gc","type":"major","pause_ms":3000}'),
        ("cpu-saturation", "INFO loop lag 800 ms"),
        ("lock-contention", "INFO transaction 7 committed after 9 s (waiting for row lock on accounts)"),
        ("clock-skew", '{"msg":"ntp","offset_seconds":212.5}'),
        ("network-failure", '{"msg":"mtr","host":"10.20.3.1","loss_pct":30}'),
        ("queue-backlog", "INFO processed 100 events, oldest is 50 minutes old"),
        (
            None,
            '10.0.0.7 - - [23/Nov/2026:07:00:01 +0000] "GET /?q=disk+100%25 HTTP/1.1" 200 5 "-" "workers 8/8 busy"',
        ),
        (
            None,
            '{"msg":"login","user_agent":"workers 8/8 busy","status":200}',
        ),
        ("db-connection-pool-exhausted", "INFO borrow waited 900 ms, pool 30/30"),
        ("db-connection-pool-exhausted", "INFO MaxOpenConnections=5 OpenConnections=5 InUse=5 WaitCount=40"),
        ("too-many-connections", "INFO OpenConnections=5 MaxOpenConnections=5"),
        ("disk-full", '{"gauge":"fs.usage","mount":"/srv/cam","value":1.0}'),
        (None, '{"gauge":"fs.usage","mount":"/srv/cam","value":0.7}'),
        (None, "INFO sessions 50, retries 2 (limit 50)"),
        (None, '{"msg":"mtr","host":"10.20.3.1","loss_pct":1}'),
        (None, "INFO rendered to cache e6a8c8, 7/7 templates"),
        ("clock-skew", "INFO System clock is 300.2 seconds slow of NTP time"),
        ("slow-query", '{"time":"2026-11-23T07:00:00Z","offset":12,"query_ms":4200}'),
        (None, "INFO total time 5200 ms (slow)"),
        (None, "INFO Server orders/o2 is DOWN. 0 sessions active, 0 remaining in queue."),
        (None, "INFO query timeout after 5000 ms, retry in 10 s"),
        (None, "INFO compiled to cache e6a8c8, 7/7 regexps"),
        (None, '{"msg":"query","duration_ms":42,"sql":"select region from sales"}'),
        (None, '{"msg":"ntp","offset_seconds":0.002}'),
        (None, "INFO sessions 12 (limit 50)"),
    ],
)
def test_a_line_of_numbers_tells_its_cause(mode, text):
    assert [sign.mode for sign in number_signs(LogDigest(evidence=[line(text)]))] == ([mode] if mode else [])
