"""What a report may call healthy, and what it must call not checked."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from ops_assistant.agents.models import Diagnosis
from ops_assistant.graph.coverage import Coverage, coverage
from ops_assistant.tools.digest import LogSource, default_window, digest_logs, discover_sources, merge_digests
from ops_assistant.tools.digest.models import LogDigest
from ops_assistant.tools.inventory import Inventory
from ops_assistant.tools.metric_reading import metric_digest
from ops_assistant.tools.metric_sources import MetricRef
from ops_assistant.tools.redaction import Redactor

GOOD = "".join(f"2026-02-20 03:1{n}:00 INFO order {n} paid\n" for n in range(6))
DIAGNOSIS = Diagnosis(root_cause="?", failure_mode="unknown", severity="low", confidence=10)
DARK = ["logs of cache", "logs of disk"]

Look = Callable[..., Coverage]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Write the logs and return the coverage of a run on `api` that read them, and the named metric files."""

    def run(
        logs: dict[str, str], inventory: str = "services: []", metrics: dict[str, str] | None = None,
        diagnosis: Diagnosis = DIAGNOSIS, alert: str | None = None,
    ) -> Coverage:  # fmt: skip
        for name, text in {**logs, **(metrics or {})}.items():
            (tmp_path / name).write_text(text)
        (tmp_path / "inventory.yaml").write_text(inventory.replace("HERE", str(tmp_path)))
        refs = [
            MetricRef(id=f"m{number}", source=str(tmp_path / name))
            for number, name in enumerate(metrics or {}, start=1)
        ]
        window = default_window(None)
        if alert:
            window = default_window(datetime.fromisoformat(alert))
        paths = [tmp_path / name for name in logs]
        parts = [metric_digest(ref, window, Redactor()) for ref in refs]
        digest = merge_digests([digest_logs(paths, window=window), *parts])
        return coverage(
            digest, diagnosis, service="api", inventory=Inventory.load(tmp_path / "inventory.yaml"),
            sources=discover_sources(paths)[0], metrics=refs, window=window, fetched=[],
        )  # fmt: skip

    return run


def test_only_sources_without_any_trouble_are_healthy(look: Look) -> None:
    seen = look(
        {
            "good.log": GOOD,
            "warned.log": GOOD + "2026-02-20 03:20:00 WARN queue grows\n",
            "bare.log": "worker 1: started\nworker 1: cannot open /dev/x\n",
            "access.log": '10.0.0.1 - - [20/Feb/2026:03:15:00 +0000] "GET /x HTTP/1.1" 502 12\n' * 3,
        }
    )
    assert [(Path(item.name).name, item.detail) for item in seen.healthy if item.kind == "source"] == [
        ("good.log", "6 lines, none a warning or worse")
    ]


def test_a_source_of_which_no_line_is_in_the_window_is_not_healthy(look: Look) -> None:
    seen = look({"good.log": GOOD}, alert="2026-03-20T03:15:00+00:00")
    assert seen.healthy == []
    assert seen.not_checked[0] == (
        "6 of 6 lines lie outside the time window (from 2026-03-20 01:15 UTC to 2026-03-20 03:45 UTC): "
        "counted, not judged"
    )


def test_components_without_trouble_are_counted(look: Look) -> None:
    lines = "Feb 20 03:15:00 host cron[1]: job 5 done\nFeb 20 03:15:01 host api[2]: error: cannot bind\n"
    assert [(item.name, item.detail) for item in look({"syslog": lines}).healthy] == [
        ("cron", "1 lines, none a warning or worse")
    ]


def test_steady_metrics_are_healthy_and_unread_ones_are_gaps(look: Look) -> None:
    moving = "time,cpu,flat\n2026-02-20T03:00:00Z,10,5\n2026-02-20T03:01:00Z,90,5\n"
    seen = look(
        {"good.log": GOOD},
        "services: [{name: api, metrics: [HERE/other.csv]}]",
        {"cpu.csv": moving, "bad.csv": "a,b\n1,2\n"},
    )
    (metrics,) = [item for item in seen.healthy if item.kind == "metrics"]
    assert metrics.detail == "1 of 2 metrics were steady: flat"
    assert "time column" in seen.not_checked[0]
    assert seen.not_checked[1] == "what api depends on: the inventory names nothing"
    assert seen.not_checked[2].endswith("other.csv was not read")
    assert len(seen.not_checked) == 3


def test_services_on_the_way_whose_logs_nobody_has_are_gaps(look: Look) -> None:
    seen = look(
        {"good.log": GOOD, "db.log": GOOD, "idle.log": GOOD},
        "services: [{name: api, depends_on: [db, cache]}, {name: db, logs: [HERE/db.log], depends_on: [disk]}, "
        "{name: cache, logs: [HERE/none.log]}, {name: disk}, {name: idle}]",
    )
    assert [gap.split(",")[0] for gap in seen.not_checked] == ["metrics of api: none were given", *DARK]
    assert "cannot be read on this host" in seen.not_checked[1]
    assert "the inventory names no log files of it" in seen.not_checked[2]


def test_images_that_nobody_saw_are_gaps(look: Look) -> None:
    unseen = DIAGNOSIS.model_copy(update={"unread": ["Image cpu.png was not read: no model is configured."]})
    assert look({"good.log": GOOD}, diagnosis=unseen).not_checked[:1] == unseen.unread


def test_nothing_read_is_nothing_healthy() -> None:
    source = LogSource(id="s1", name="x", paths=["/x"])
    seen = coverage(
        LogDigest.nothing("x: could not be read (Is a directory)"), DIAGNOSIS, service="api",
        inventory=Inventory(), sources=[source], metrics=[], window=default_window(None), fetched=[],
    )  # fmt: skip
    assert seen.healthy == []
    assert seen.not_checked == [
        "x: could not be read (Is a directory)",
        "what api depends on: it is not in the inventory",
        "metrics of api: none were given, and the inventory names none",
    ]
