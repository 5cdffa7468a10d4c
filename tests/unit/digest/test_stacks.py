"""Stack traces folded from lines."""

from ops_assistant.tools.digest.stacks import TraceReader, fold_text

JAVA = """2026-11-23 07:00:00 ERROR request failed
java.sql.SQLTransientConnectionException: pool timed out
\tat com.zaxxer.hikari.pool.HikariPool.getConnection(HikariPool.java:1)
\tat com.example.Ledger.account(Ledger.java:39)
\tat java.base/java.lang.Thread.run(Thread.java:840)
Caused by: java.net.ConnectException: Connection refused
\tat org.postgresql.core.PGStream.createSocket(PGStream.java:2)
\tat com.example.Pool.open(Pool.java:7)
\t... 12 more
2026-11-23 07:00:01 INFO next"""

PYTHON = """2026-11-23 07:00:00 ERROR exited
Traceback (most recent call last):
  File "/srv/app/app.py", line 9, in <module>
    create_engine(url)
  File "/srv/venv/lib/python3.11/site-packages/sqlalchemy/util.py", line 281, in warned
    return fn(*args)
           ^^^^^^^^^
ModuleNotFoundError: No module named 'MySQLdb'
2026-11-23 07:00:01 INFO next"""


def read(text: str) -> tuple[TraceReader, list[str]]:
    reader, events = TraceReader(), []
    for number, line in enumerate(text.split("\n"), start=1):
        if not reader.feed(line, f"s1:{number}"):
            events.append(line)
    reader.close()
    return reader, events


def test_java_trace_names_the_innermost_cause_and_its_own_frame() -> None:
    reader, events = read(JAVA)
    (trace,) = reader.traces.values()
    assert trace.exception == "java.net.ConnectException"
    assert trace.message == "Connection refused"
    assert trace.deepest_own_frame == "at com.example.Pool.open(Pool.java:7)"
    assert trace.evidence == ["s1:2"]
    assert [cause.split(":")[0] for cause in trace.causes] == [
        "java.sql.SQLTransientConnectionException",
        "java.net.ConnectException",
    ]
    assert not any(line.startswith("\t") for line in events)
    assert "Caused by: java.net.ConnectException: Connection refused" in events


def test_python_trace_takes_its_last_line_as_exception() -> None:
    reader, events = read(PYTHON)
    (trace,) = reader.traces.values()
    assert (trace.exception, trace.message) == ("ModuleNotFoundError", "No module named 'MySQLdb'")
    assert trace.deepest_own_frame == 'File "/srv/app/app.py", line 9, in <module>'
    assert "    create_engine(url)" not in events
    assert "ModuleNotFoundError: No module named 'MySQLdb'" in events


def test_equal_traces_fold_and_count() -> None:
    reader, _ = read("\n".join([JAVA, JAVA, PYTHON, JAVA]))
    assert sorted(trace.count for trace in reader.traces.values()) == [1, 3]


def test_trace_inside_a_json_value() -> None:
    trace = fold_text(
        "Error: Too many connections\n    at /srv/cms/worker.js:3:1\n    at node:internal/x:1:1", "s1:4"
    )
    assert trace is not None
    assert (trace.exception, trace.deepest_own_frame) == ("Error", "at /srv/cms/worker.js:3:1")
