"""Runs that are not sure at first: they say what to fetch, fetch it where a source has it, and judge again."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from ops_assistant import OpsAssistant, Settings
from ops_assistant.run import Run

from openai_server import KEY, OpenAIServer, Reply, completion, good_answers, schema_name, wire_diagnosis

ALERT = {"service": "api", "message": "api answers slowly", "timestamp": "2026-02-20T03:15:30Z"}
ODD = "".join(f"2026-02-20 03:1{n}:00 ERROR frobnicator flipped {n} bits of the flux\n" for n in range(6))
DISK = (
    "2026-02-20 03:15:20.001 UTC [1] LOG:  database system is ready\n"
    '2026-02-20 03:15:27.000 UTC [1] PANIC:  could not write to file "pg_wal/xlogtemp.1": No space left on device\n'
)
REFUSED = "2026-02-20 03:15:28,001 ERROR api: connect to {} failed: Connection refused\n"


def settings(data_dir: Path, folder: Path, inventory: str, **more: Any) -> Settings:
    file = folder / "inventory.yaml"
    file.write_text(inventory)
    return Settings(data_dir=data_dir, inventory=file, **{"engine": "case-based", **more})


def rounds(run: Run) -> list[str]:
    assert run.incident.coverage is not None
    return run.incident.coverage.fetched


def mode(run: Run) -> str:
    assert run.diagnosis is not None
    return run.diagnosis.failure_mode


def test_lines_outside_the_window_are_read_when_those_inside_decide_nothing(
    tmp_path: Path, data_dir: Path
) -> None:
    (tmp_path / "api.log").write_text(
        "2026-02-19 20:00:00 ERROR write /var/lib/api/state failed: No space left on device (28)\n" * 3 + ODD
    )
    with OpsAssistant(settings(data_dir, tmp_path, "services: []")) as assistant:
        run = assistant.investigate({**ALERT, "log_sources": [str(tmp_path / "api.log")]})
    assert mode(run) == "disk-full"
    assert rounds(run) == ["all sources again, from 2026-02-19 03:15 UTC to 2026-02-20 05:45 UTC"]
    assert run.digest is not None
    assert (run.digest.lines_read, run.digest.lines_outside_window) == (9, 0)


def test_lines_of_another_clock_are_read_at_once(tmp_path: Path, data_dir: Path) -> None:
    (tmp_path / "api.log").write_text(
        "2025-01-02 20:00:00 ERROR write failed: No space left on device (28)\n" * 3
    )
    with OpsAssistant(settings(data_dir, tmp_path, "services: []")) as assistant:
        run = assistant.investigate({**ALERT, "log_sources": [str(tmp_path / "api.log")]})
    assert mode(run) == "disk-full"
    assert rounds(run) == ["all sources again, whatever their time"]


@pytest.mark.parametrize("links", ["", ", depends_on: [db]"], ids=["named-by-its-host", "dependency"])
def test_the_log_of_what_does_not_answer_is_fetched(tmp_path: Path, data_dir: Path, links: str) -> None:
    (tmp_path / "db.log").write_text(DISK)
    inventory = f"services:\n- {{name: api{links}}}\n- {{name: db, logs: ['{tmp_path}/db.log']}}\n"
    with OpsAssistant(settings(data_dir, tmp_path, inventory)) as assistant:
        run = assistant.investigate({**ALERT, "logs": REFUSED.format("db.internal:5432") * 5})
    assert mode(run) == "disk-full"
    assert rounds(run) == [f"the logs of db: {tmp_path}/db.log"]


def test_each_round_looks_one_dependency_further_and_two_are_all(tmp_path: Path, data_dir: Path) -> None:
    for name in ("gateway", "orders", "ledger"):
        (tmp_path / f"{name}.log").write_text(REFUSED.format("next-1:7000") * 4)
    inventory = "services:\n- {name: api, depends_on: [gateway]}\n" + "".join(
        f"- {{name: {name}, depends_on: [{after}], logs: ['{tmp_path}/{name}.log']}}\n"
        for name, after in [("gateway", "orders"), ("orders", "ledger"), ("ledger", "dark")]
    )
    inventory += "- {name: dark}\n"
    with OpsAssistant(settings(data_dir, tmp_path, inventory)) as assistant:
        run = assistant.investigate({**ALERT, "logs": REFUSED.format("next-1:7000") * 5})
    assert rounds(run) == [f"the logs of {name}: {tmp_path}/{name}.log" for name in ("gateway", "orders")]
    assert run.digest is not None
    assert run.digest.lines_read == 13  # nothing is read twice
    assert run.incident.coverage is not None
    not_checked = "\n".join(run.incident.coverage.not_checked)
    assert (
        f"logs of ledger, on which the incident may depend: {tmp_path}/ledger.log was not read" in not_checked
    )
    assert "logs of dark, on which the incident may depend: the inventory names no log files" in not_checked


def test_what_nobody_has_is_said_exactly(tmp_path: Path, data_dir: Path) -> None:
    with OpsAssistant(settings(data_dir, tmp_path, "services: []")) as assistant:
        run = assistant.investigate({**ALERT, "logs": ODD})
    assert run.diagnosis is not None
    assert run.diagnosis.verdict == "not-enough-evidence"
    assert (run.status, run.plan) == ("completed", None)
    wanted = "\n".join(run.diagnosis.missing_evidence)
    assert "api" in wanted
    assert "2026-02-20 02:45" in wanted  # from when on
    assert rounds(run) == []


def test_a_report_says_what_was_not_looked_at(tmp_path: Path, data_dir: Path) -> None:
    (tmp_path / "api.log").write_text(ODD)
    (tmp_path / "dash.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    alert = {
        **ALERT, "images": [str(tmp_path / "dash.png")],
        "log_sources": [str(tmp_path / "api.log"), str(tmp_path / "gone.log")],
    }  # fmt: skip
    with OpsAssistant(
        settings(data_dir, tmp_path, "services: [{name: api, depends_on: [db]}, {name: db}]")
    ) as made:
        report = made.investigate(alert).report
    assert report is not None
    told = report.markdown.split("## Not checked")[1].split("## ")[0]
    for words in (
        "gone.log: no such file",
        "dash.png was not read: no model",
        "logs of db",
        "metrics of api",
    ):
        assert words in told
    assert "gone.log" in "\n".join(report.notes)


# -- metrics ------------------------------------------------------------------------------------------------


@pytest.fixture
def prometheus() -> Iterator[dict[str, Any]]:
    """A server that answers range queries as Prometheus does; what it was asked stands in `asked`."""
    seen: dict[str, Any] = {"asked": [], "status": 200}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            seen["asked"].append((parts.path, query, self.headers.get("Authorization")))
            start = float(query["start"])
            values = [[start + 60 * n, str(40 + 0.6 * n)] for n in range(100)]
            result = [{"metric": {"__name__": "disk_used_percent", "mount": "/data"}, "values": values}]
            body = json.dumps(
                {"status": "success", "data": {"resultType": "matrix", "result": result}}
            ).encode()
            self.send_response(seen["status"])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Tests are quiet."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    seen["url"] = f"http://127.0.0.1:{http.server_address[1]}"
    yield seen
    http.shutdown()
    http.server_close()


@pytest.fixture
def model() -> Iterator[OpenAIServer]:
    """A model that says `disk-full` as soon as it sees the disk's metric, and else that it cannot tell."""

    def answer(body: dict[str, Any]) -> Reply:
        if schema_name(body) != "WireDiagnosis":
            return good_answers("disk-full", "api")(body)
        if "disk_used_percent" in json.dumps(body["messages"]):
            return completion(json.dumps(wire_diagnosis(body, "disk-full", "disk_used_percent")))
        wanted = ["The disk metrics of storage"]
        unsure = wire_diagnosis(body, "unknown", verdict="not-enough-evidence", missing_evidence=wanted)
        return completion(json.dumps(unsure))

    with OpenAIServer([answer]) as server:
        yield server


def test_a_model_that_fails_in_the_second_round_does_not_undo_the_first(
    tmp_path: Path, data_dir: Path
) -> None:
    (tmp_path / "db.log").write_text(ODD)
    asked: list[str] = []

    def answer(body: dict[str, Any]) -> Reply:
        asked.append(schema_name(body))
        if asked.count("WireDiagnosis") > 1:
            return Reply({"error": {"message": "no", "type": "x", "code": None}}, 401)
        if asked[-1] == "WireDiagnosis":
            return completion(json.dumps(wire_diagnosis(body, "unknown", "frobnicator")))
        return good_answers("unknown", "api")(body)

    inventory = f"services:\n- {{name: api, depends_on: [db]}}\n- {{name: db, logs: ['{tmp_path}/db.log']}}\n"
    with OpenAIServer([answer]) as server:
        more = {"engine": "llm", "openai_api_key": SecretStr(KEY), "openai_base_url": server.url}
        with OpsAssistant(settings(data_dir, tmp_path, inventory, **more)) as assistant:
            run = assistant.investigate({**ALERT, "logs": ODD})
    assert rounds(run) == [f"the logs of db: {tmp_path}/db.log"]
    assert run.diagnosis is not None
    assert (run.diagnosis.engine, run.diagnosis.verdict, run.diagnosis.proven) == ("llm", "fault", True)
    assert "HTTP 401" in (run.diagnosis.degraded_because or "")
    assert run.report is not None
    assert any("kept from before" in note for note in run.report.notes)


@pytest.mark.parametrize("owner", ["api", "storage"], ids=["given-at-once", "fetched-because-it-is-missed"])
def test_a_metric_over_http_settles_it(
    tmp_path: Path, data_dir: Path, prometheus: dict[str, Any], model: OpenAIServer, owner: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("PROM_TOKEN", "tok-1")
    query = "{prometheus: '" + prometheus["url"] + "', query: disk_used_percent, token_env: PROM_TOKEN}"
    inventory = f"services:\n- {{name: {owner}, metrics: [{query}]}}\n"
    more = {"engine": "llm", "openai_api_key": SecretStr(KEY), "openai_base_url": model.url}
    with OpsAssistant(settings(data_dir, tmp_path, inventory, **more)) as assistant:
        run = assistant.investigate({**ALERT, "logs": ODD})
    assert model.problems == []
    ((path, asked, token),) = prometheus["asked"]
    assert (path, asked["query"], token) == ("/api/v1/query_range", "disk_used_percent", "Bearer tok-1")
    assert float(asked["end"]) - float(asked["start"]) == 2.5 * 3600  # the run's window
    assert run.diagnosis is not None
    assert (run.diagnosis.engine, run.diagnosis.failure_mode, run.diagnosis.proven) == (
        "llm",
        "disk-full",
        True,
    )
    assert [item.id for item in run.diagnosis.evidence] == ["m1:1"]
    assert len(rounds(run)) == (owner == "storage")
    steps = [schema_name(body) for body in model.requests]
    assert steps.count("WireLogAnalysis") == 1  # a second round leaves the budget to the diagnosis
    assert steps[-1] == "WireRecommendation"
    assert run.recommendation is not None
    assert run.recommendation.engine == "llm"
    assert "tok-1" not in json.dumps(run.to_json())


def test_a_metric_file_is_fetched_too_and_a_server_that_fails_is_not_checked(
    tmp_path: Path, data_dir: Path, prometheus: dict[str, Any], model: OpenAIServer
) -> None:
    prometheus["status"] = 503
    (tmp_path / "disk.csv").write_text(
        "time,disk_used_percent,temperature\n2026-02-20T03:00:00Z,60,40\n2026-02-20T03:10:00Z,100,41\n"
    )
    inventory = (
        "services:\n"
        f"- {{name: api, depends_on: [storage], metrics: [{{prometheus: '{prometheus['url']}', query: up}}]}}\n"
        f"- {{name: storage, metrics: ['{tmp_path}/disk.csv']}}\n"
    )
    more = {"engine": "llm", "openai_api_key": SecretStr(KEY), "openai_base_url": model.url}
    with OpsAssistant(settings(data_dir, tmp_path, inventory, **more)) as assistant:
        run = assistant.investigate({**ALERT, "logs": ODD})
    assert mode(run) == "disk-full"
    assert rounds(run) == [f"the metrics of storage: {tmp_path}/disk.csv"]
    assert run.incident.coverage is not None
    assert any("HTTP 503" in gap for gap in run.incident.coverage.not_checked)
    (metrics,) = [item for item in run.incident.coverage.healthy if item.kind == "metrics"]
    assert metrics.detail == "1 of 2 metrics were steady: temperature"
