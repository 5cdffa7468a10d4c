"""What metrics show by their numbers, under the names that exporters give them."""

import pytest

from ops_assistant.agents.casebased import analyse_logs, diagnose
from ops_assistant.agents.casebased.lines import is_trouble
from ops_assistant.agents.casebased.number_signs import number_signs
from ops_assistant.tools.alert import Alert
from ops_assistant.tools.digest import merge_digests
from ops_assistant.tools.digest.models import EvidenceLine, LogDigest
from ops_assistant.tools.metric_reading import is_metric
from ops_assistant.tools.metrics import summarise

TIMES = [f"2026-11-24T10:{minute:02}:00Z" for minute in range(0, 60, 10)]


def _digest(series: dict[str, list[float]], suspicious: tuple[str, ...] = ()) -> LogDigest:
    samples = [
        f'{{"time": "{TIMES[place]}", "name": "{name}", "value": {value}}}'
        for name, values in series.items()
        for place, value in enumerate(values)
    ]
    metrics = summarise(f"[{', '.join(samples)}]", "metrics.json")
    lines = [
        EvidenceLine(id=f"m1:{rank}", source="metrics.json", line=rank, time=item.peak_at, text=item.text())
        for rank, item in enumerate(metrics, start=1)
    ]
    return LogDigest(evidence=lines, suspicious=list(suspicious))


@pytest.mark.parametrize(
    ("mode", "series"),
    [
        ("disk-full", {"disk_used_percent": [71, 88, 97, 100]}),
        (
            "disk-full",
            {
                "node_filesystem_avail_bytes{mountpoint=/data}": [9e9, 4e9, 1e8],
                "node_filesystem_size_bytes{mountpoint=/data}": [5e10, 5e10, 5e10],
            },
        ),
        (
            "file-descriptor-exhaustion",
            {"process_open_fds": [212, 800, 1024], "process_max_fds": [1024, 1024, 1024]},
        ),
        (
            "file-descriptor-exhaustion",
            {"node_filesystem_files_free": [1e5, 2e3, 0], "node_filesystem_files": [1e6, 1e6, 1e6],
             "node_filesystem_files_used_percent": [90, 99, 100]},
        ),
        (
            "db-connection-pool-exhausted",
            {"hikaricp_connections_pending": [0, 12, 40], "hikaricp_connections_max": [10, 10, 10]},
        ),
        ("db-connection-pool-exhausted", {"db.pool.active": [3, 9, 20], "db.pool.size": [20, 20, 20]}),
        (
            "too-many-connections",
            {"redis_connected_clients": [300, 900, 1000], "redis_config_maxclients": [1000, 1000, 1000]},
        ),
        (
            "cache-memory-full",
            {"redis_memory_used_bytes": [6e7, 9e7, 1e8], "redis_memory_max_bytes": [1e8, 1e8, 1e8]},
        ),
        ("cache-memory-full", {"redis_evicted_keys_total": [0, 5000, 21000]}),
        (
            "heap-out-of-memory",
            {"jvm_memory_used_bytes{area=heap}": [3e8, 8e8, 1e9], "jvm_memory_max_bytes{area=heap}": [1e9, 1e9, 1e9]},
        ),
        ("cpu-saturation", {"cpuUtilizationPercent": [34, 99, 100]}),
        ("cpu-saturation", {"container_cpu_cfs_throttled_periods_total": [10, 900, 2100]}),
        ("oom-killed", {"node_vmstat_oom_kill": [0, 0, 0], "container_oom_events_total": [0, 1, 4]}),
        ("replication-failure", {"pg_replication_lag_seconds": [0.2, 40, 610]}),
        ("replication-failure", {"mysql_slave_status_slave_sql_running": [1, 0, 0]}),
        ("queue-backlog", {"rabbitmq_queue_messages_ready": [12, 4000, 91000]}),
        ("queue-backlog", {"kafka_consumergroup_lag{topic=orders}": [20, 800, 50000]}),
        ("thread-exhaustion", {"jvm_threads_live": [48, 900, 4000]}),
        ("clock-skew", {"node_timex_offset_seconds": [0.001, -4.2, -9.0]}),
        ("quorum-loss", {"etcd_server_has_leader": [1, 1, 0]}),
        ("lock-contention", {"pg_stat_database_deadlocks": [0, 14, 60]}),
        ("tls-certificate-expired", {"probe_ssl_earliest_cert_expiry": [1.763e9, 1.763e9]}),
        ("hardware-fault", {"node_edac_uncorrectable_errors_total": [0, 2, 9]}),
    ],
)  # fmt: skip
def test_a_metric_tells_its_cause(mode: str, series: dict[str, list[float]]) -> None:
    assert {sign.mode for sign in number_signs(_digest(series))} == {mode}


@pytest.mark.parametrize(
    "series",
    [
        {"disk_used_percent": [71, 72, 73]},
        {"cache_hit_ratio": [0.91, 0.99, 1.0]},
        {"process_open_fds": [212, 240, 300], "process_max_fds": [1024, 1024, 1024]},
        {"cpu_idle_percent": [97, 98, 100]},
        {"http_requests_total": [100, 90000, 180000]},
        {"rabbitmq_queue_messages_published_total": [100, 90000, 180000]},
        {"rabbitmq_queue_messages_ready": [12, 91000, 30]},
        {"queue_depth": [0, 2, 4]},
        {"redis_evicted_keys_total": [21000, 21000, 21000]},
        {"etcd_server_has_leader": [1, 1, 1]},
        {"node_timex_offset_seconds": [0.001, -0.004, 0.002]},
        {"probe_ssl_earliest_cert_expiry": [1.9e9, 1.9e9]},
        {"db_pool_size": [20, 20, 20], "db_pool_max": [20, 20, 20]},
        {"db_pool_active": [1, 1, 1], "db_pool_size": [1, 1, 1]},
        # A highest value that moves is no limit.
        {"worker_threads_active": [6, 9, 12], "worker_threads_max": [7, 10, 12]},
        # A limit of another disk.
        {
            "node_filesystem_avail_bytes{mountpoint=/a}": [9e7, 8e7],
            "node_filesystem_size_bytes{mountpoint=/b}": [5e9, 5e9],
        },
    ],
)  # fmt: skip
def test_ordinary_figures_are_no_sign(series: dict[str, list[float]]) -> None:
    assert number_signs(_digest(series)) == []


def test_a_metric_whose_labels_give_orders_is_no_sign() -> None:
    series = {"disk_used_percent": [71, 88, 100.0]}
    assert number_signs(_digest(series)) != []
    assert number_signs(_digest(series, suspicious=("m1:1",))) == []


QUIET = [
    "2026-11-24T10:38:01Z INFO batch 311 started",
    "2026-11-24T10:38:07Z WARN batch 311 was not stored, 12 items",
    "2026-11-24T10:39:01Z INFO batch 312 started",
    "2026-11-24T10:39:06Z WARN batch 312 was not stored, 9 items",
]


def test_figures_prove_what_quiet_logs_do_not_tell(knowledge_base, digest_of):
    alert = Alert(service="ledger", message="ledger: 20 % of the orders are lost", severity="critical")
    figures = {"disk_used_percent": [81, 95, 100], "cpu_percent": [22, 25, 21]}
    digest = merge_digests([digest_of("\n".join(QUIET)), _digest(figures)])
    found = diagnose(alert, digest, analyse_logs(alert, digest), knowledge_base)
    assert (found.failure_mode, found.proven) == ("disk-full", True)
    assert found.evidence[0].id.startswith("m1:")
    assert "The disk that ledger writes to is full. The figures say: " in found.root_cause


def test_the_name_of_a_steady_metric_says_nothing(knowledge_base, digest_of):
    alert = Alert(service="ledger", message="ledger: 20 % of the orders are lost", severity="critical")
    figures = {
        "out of memory: killed process": [0, 0],
        "too many connections": [0, 0],
        "requests failed": [0, 0],
    }
    digest = merge_digests([digest_of("\n".join(QUIET)), _digest(figures)])
    found = diagnose(alert, digest, analyse_logs(alert, digest), knowledge_base)
    assert found.verdict != "fault"
    assert not any(is_trouble(line) for line in digest.evidence if is_metric(line))
