"""What a diagnosis must get right whatever the program is: precedence, honesty, resistance to planted text."""

import pytest

from ops_assistant.agents.casebased.health import _WEIGHTS, picture
from ops_assistant.agents.models import Diagnosis
from ops_assistant.tools.alert import Alert


def alert(logs, message="checkout: requests fail with 500", service="checkout", severity="high"):
    return Alert(service=service, message=message, severity=severity, logs="\n".join(logs))


def stamp(second, text, level="ERROR"):
    return f"2026-11-23 07:00:{second:02d},000 {level} {text}"


def test_what_the_dependency_says_about_itself_outranks_what_its_caller_says(diagnosis_of):
    found = diagnosis_of(
        alert(
            [
                "==> /var/log/checkout/app.log <==",
                *[stamp(n, "connection to ledger:7000 failed: Connection refused") for n in range(5, 15)],
                "",
                "==> /var/log/ledger/ledger.log <==",
                stamp(3, "write to /data/ledger/seg-0042 failed: No space left on device"),
                stamp(4, "cannot go on, exiting", "FATAL"),
            ]
        )
    )
    assert found.failure_mode == "disk-full"
    assert "No space left" in found.evidence[0].quote


def test_the_innermost_cause_of_an_exception_outranks_the_outer_ones(diagnosis_of):
    trace = [
        "java.lang.RuntimeException: order 7 failed",
        "\tat com.example.Orders.place(Orders.java:40)",
        "Caused by: java.sql.SQLException: Connection is not available, request timed out after 3000ms.",
        "\tat com.example.Db.connection(Db.java:12)",
        "Caused by: java.net.UnknownHostException: db-orders.internal",
        "\tat java.base/java.net.InetAddress.getByName(InetAddress.java:1)",
    ]
    found = diagnosis_of(alert([stamp(1, "request failed"), *trace, stamp(9, "request failed"), *trace]))
    assert found.failure_mode == "dns-failure"


def test_a_setting_changed_just_before_is_blamed_for_the_complaints_that_name_it(diagnosis_of):
    complaints = [stamp(n, "report aborted: max render seconds reached (2 s)") for n in range(20, 26)]
    found = diagnosis_of(
        alert(
            [
                stamp(1, "report 1 done in 9 s", "INFO"),
                stamp(10, 'parameter "max_render_seconds" changed from "30" to "2"', "INFO"),
                *complaints,
            ]
        )
    )
    assert found.failure_mode == "configuration-error"
    assert "max_render_seconds" in found.evidence[0].quote


def test_a_resource_that_the_alert_calls_fine_steps_back(diagnosis_of):
    logs = [
        *[stamp(n, "open(/cache/a/b) failed: No space left on device") for n in range(1, 9)],
        stamp(9, "filesystem monitor: inode usage 100 %"),
    ]
    found = diagnosis_of(alert(logs, "cache misses everything; disk usage is 3 %"))
    assert found.failure_mode == "file-descriptor-exhaustion"


def test_a_climbing_queue_needs_no_error_line(diagnosis_of):
    logs = [stamp(n, f"processed 20 jobs, queue {400 * n} waiting", "INFO") for n in range(1, 30)]
    found = diagnosis_of(alert(logs, "invoices arrive hours late", "invoice-worker"))
    assert found.failure_mode == "queue-backlog"


@pytest.mark.parametrize(
    ("mode", "line"),
    [
        ("slow-query", "query done rows=3 took={0}00ms sql=SELECT a FROM product WHERE lower(name) LIKE $1"),
        ("slow-query", "GET /search 200 render=12ms db={0}00ms"),
        ("replication-failure", "replica status lag={0} s"),
        ("cpu-saturation", "load average: {0}.10, 12.00, 8.00 (4 cpus), run queue {0}"),
        ("oom-killed", "memory.current=1010MiB memory.max=1024MiB oom_kill={0}"),
    ],
)
def test_numbers_tell_it_without_a_loud_line(diagnosis_of, mode, line):
    logs = [stamp(n, line.format(20 * n), "INFO") for n in range(1, 30)]
    assert diagnosis_of(alert(logs, "pages take 9 seconds", "shop")).failure_mode == mode


def test_quick_statements_are_none_that_are_slow(diagnosis_of):
    logs = [stamp(n, f"took={n}ms sql=SELECT a FROM product", "INFO") for n in range(1, 30)]
    assert diagnosis_of(alert(logs, "pages take 9 seconds", "shop")).failure_mode != "slow-query"


def test_an_exception_of_its_own_code_is_an_application_bug(diagnosis_of):
    logs = [
        stamp(1, "Exception on /basket [GET]"),
        "Traceback (most recent call last):",
        '  File "/srv/shop/basket.py", line 12, in view',
        "    return total(items)",
        '  File "/srv/shop/basket.py", line 30, in total',
        "    raise BasketError(items)",
        "shop.BasketError: negative amount",
    ]
    found = diagnosis_of(alert(logs))
    assert found.failure_mode == "application-bug"


def test_work_as_planned_is_no_fault(diagnosis_of):
    logs = [stamp(n, f"GET /items/{n} 200", "INFO") for n in range(1, 20)]
    logs += [stamp(20, "SIGHUP received, reloading configuration", "INFO")]
    logs += [stamp(21, "worker 1 exited with code 0 after graceful shutdown", "INFO")]
    logs += [stamp(n, f"GET /items/{n} 200", "INFO") for n in range(22, 40)]
    found = diagnosis_of(alert(logs, "worker processes of edge exited", "edge", "medium"))
    assert found.verdict == "no-fault"
    assert found.evidence
    assert found.severity == "low"


def test_words_that_fit_nothing_known_stay_unknown(diagnosis_of):
    logs = [stamp(n, "zorblax conduit misphased, retuning") for n in range(1, 8)]
    found = diagnosis_of(alert(logs, "the conduit does not answer"))
    assert found.verdict == "not-enough-evidence"
    assert found.failure_mode == "unknown"
    assert "misphased" in found.root_cause
    assert found.missing_evidence


def test_without_logs_nothing_is_claimed(diagnosis_of):
    found = diagnosis_of(alert([" "], "checkout is down"))
    assert found.failure_mode == "unknown"
    assert not found.proven
    assert found.confidence <= 50


REAL = [stamp(n, "pool: connection pool exhausted (20/20 in use)") for n in range(1, 9)]


@pytest.mark.parametrize(
    "planted",
    [
        '10.0.0.9 - - [23/Nov/2026:07:00:02 +0000] "GET /?q=kernel:+Out+of+memory:+Killed+process HTTP/1.1" 200 5 "-" '
        '"Out of memory: Killed process 4 (java) oom-kill: No space left on device"',
        stamp(2, 'search query="Out of memory: Killed process 77 (java)" returned 0 rows', "INFO"),
        stamp(2, "statement: select 'Out of memory: Killed process 77 (java) invoked oom-killer'", "INFO"),
        stamp(2, 'user_agent="invoked oom-killer; No space left on device"', "INFO"),
    ],
)
def test_planted_words_of_clients_do_not_turn_the_verdict(diagnosis_of, planted):
    found: Diagnosis = diagnosis_of(alert([REAL[0], planted, *REAL[1:]]))
    assert found.failure_mode == "db-connection-pool-exhausted"
    assert all("oom" not in citation.quote.lower() for citation in found.evidence)


def test_hypotheses_are_ranked_bounded_and_share_at_most_hundred_percent(diagnosis_of):
    logs = [*REAL, stamp(20, "upstream timed out"), stamp(21, "Connection refused by cache:11211")]
    found = diagnosis_of(alert(logs))
    shares = [item.confidence for item in found.hypotheses]
    assert 2 <= len(shares) <= 3
    assert sum(shares) <= 100
    assert found.hypotheses[0].failure_mode == found.failure_mode
    assert found.hypotheses[0].confidence == found.confidence
    assert all(item.confirm_by for item in found.hypotheses)


WORKS = [stamp(n, f"GET /items/{n} 200 in 12 ms", "INFO") for n in range(1, 20)]
MILD = "checkout: new entries were seen in the log"


def test_a_mild_alert_does_not_hide_a_cause_that_still_holds(diagnosis_of):
    logs = [*WORKS, *[stamp(20 + n, "job 7: No space left on device", "INFO") for n in range(3)]]
    assert diagnosis_of(alert(logs, MILD, severity="low")).failure_mode == "disk-full"


def test_a_state_that_is_over_is_no_fault(diagnosis_of):
    logs = [
        *WORKS,
        stamp(20, "lost leader b at term 3, starting an election", "WARN"),
        stamp(21, "election won, b is the new leader", "INFO"),
        *[stamp(30 + n, f"GET /items/{n} 200 in 12 ms", "INFO") for n in range(9)],
    ]
    assert (
        diagnosis_of(alert(logs, "store: a leader change was logged", severity="medium")).verdict
        == "no-fault"
    )


def test_counts_of_zero_name_nothing(diagnosis_of):
    line = "statistics: 0 timed out, deadlocks=0, 0 connection refused, errors: 0"
    logs = [stamp(n, line, "INFO") for n in range(1, 9)]
    assert diagnosis_of(alert(logs, MILD, severity="low")).verdict == "no-fault"


def test_quiet_logs_do_not_excuse_an_alert_of_harm(diagnosis_of):
    assert diagnosis_of(alert(WORKS, "checkout is down for all users")).verdict == "not-enough-evidence"


REFUSED = [stamp(20 + n, "connection to ledger:7000 failed: Connection refused", "WARN") for n in range(3)]
SEEN = "checkout: connection errors to ledger were logged during the restart"


def test_errors_that_were_seen_and_ended_are_no_fault_and_those_that_go_on_are(diagnosis_of):
    after = [stamp(30 + n, f"GET /items/{n} 200 in 12 ms", "INFO") for n in range(12)]
    assert diagnosis_of(alert([*WORKS, *REFUSED, *after], SEEN, severity="low")).verdict == "no-fault"
    lasting = "checkout: no order reaches the ledger since the restart"
    assert (
        diagnosis_of(alert([*WORKS, *after[:3], *REFUSED], lasting)).failure_mode == "dependency-unreachable"
    )


def test_the_reason_after_the_colon_outranks_what_failed(diagnosis_of):
    logs = [
        stamp(n, f"login failed for user u{n}: could not resolve host ldap.example.com") for n in range(9)
    ]
    assert diagnosis_of(alert(logs, "portal: nobody can log in")).failure_mode == "dns-failure"


def test_a_probe_that_names_what_it_met_is_a_symptom_of_it(diagnosis_of):
    logs = [
        stamp(n, "health check of api at 10.0.0.4:8080 failed: Connection refused", "WARN") for n in range(9)
    ]
    assert diagnosis_of(alert(logs, "api is out of rotation")).failure_mode == "dependency-unreachable"


def test_names_in_stack_frames_are_no_complaints(diagnosis_of):
    logs = [
        stamp(1, "request 7 failed"),
        "Traceback (most recent call last):",
        '  File "/usr/lib/python3/site-packages/out_of_memory/disk_full.py", line 3, in no_space_left_on_device',
        "ConnectionRefusedError: [Errno 111] Connection refused",
    ]
    assert diagnosis_of(alert(logs)).failure_mode == "dependency-unreachable"


def test_a_signature_does_not_begin_inside_a_word(diagnosis_of):
    inside = [stamp(n, "the lexgaierror table was read", "WARN") for n in range(9)]
    assert diagnosis_of(alert(inside)).failure_mode != "dns-failure"
    own = [stamp(n, "lookup: gaierror", "WARN") for n in range(9)]
    assert diagnosis_of(alert(own)).failure_mode == "dns-failure"
    joined = [stamp(n, "caught MyGaierror") for n in range(9)]
    assert diagnosis_of(alert(joined)).failure_mode == "dns-failure"


def test_what_is_told_of_the_past_and_ended_well_is_no_fault_and_what_is_told_of_now_is(diagnosis_of):
    waits = [
        stamp(20 + n, f"task {n} failed: deadlock detected, will be tried again", "WARN") for n in range(3)
    ]
    after = [stamp(30 + n, f"task {n} finished in 12 ms", "INFO") for n in range(12)]
    logs = [*WORKS, *waits, *after, stamp(50, "month-end run: 12 of 12 tasks done, 0 failed", "INFO")]
    past = "checkout: some tasks were tried twice during the month-end run"
    assert diagnosis_of(alert(logs, past, severity="low")).verdict == "no-fault"
    now = "checkout: tasks fail since the release, customers wait"
    assert diagnosis_of(alert([*WORKS, *waits], now)).failure_mode == "lock-contention"


def test_what_strangers_try_in_vain_is_no_fault(diagnosis_of):
    def tried(host):
        return [stamp(20 + n, f"TLS handshake failed for {host}: http request", "INFO") for n in range(9)]

    counted = "edge: TLS handshake errors doubled"
    assert (
        diagnosis_of(alert([*WORKS, *tried("203.0.113.7")], counted, severity="medium")).verdict == "no-fault"
    )
    own = alert([*WORKS, *tried("10.20.0.7")], "edge: the tills cannot connect since the update")
    assert diagnosis_of(own).failure_mode == "tls-handshake-failure"


def two_logs(one, other):
    return ["==> /var/log/client.log <==", *one, "==> /var/log/server.log <==", *other]


def test_two_logs_of_one_call_whose_times_never_meet_show_clocks_that_differ(diagnosis_of):
    calls = [f"2026-11-23 07:00:{n:02d},000 ERROR call {n} refused: 401 Unauthorized" for n in range(1, 9)]
    answers = [
        f"2026-11-23 07:07:{n:02d},000 WARN request {n} rejected: signature invalid" for n in range(1, 9)
    ]
    message = "sync: the partner rejects all calls"
    assert diagnosis_of(alert(two_logs(calls, answers), message)).failure_mode == "clock-skew"
    together = [line.replace("07:07:", "07:00:") for line in answers]
    assert diagnosis_of(alert(two_logs(calls, together), message)).failure_mode == "authentication-failure"


def test_logs_of_two_time_zones_show_no_clock_skew(diagnosis_of):
    calls = [f"2026-11-23 07:00:{n:02d},000 ERROR call {n} refused: 401 Unauthorized" for n in range(1, 9)]
    answers = [f"2026-11-23 09:00:{n:02d},000 INFO request {n} answered" for n in range(1, 9)]
    found = diagnosis_of(alert(two_logs(calls, answers), "sync: the partner rejects all calls"))
    assert found.failure_mode == "authentication-failure"


def test_a_clock_that_jumps_back_explains_the_signatures_that_fail_after_it(diagnosis_of):
    logs = [
        *(f"2026-11-23 07:10:{n:02d},000 INFO call {n} answered" for n in range(1, 9)),
        *(f"2026-11-23 07:02:{n:02d},000 ERROR call {n} refused: 401 Unauthorized" for n in range(1, 9)),
    ]
    assert diagnosis_of(alert(logs, "sync: the partner rejects all calls")).failure_mode == "clock-skew"


def test_a_log_that_begins_later_does_not_tell_that_its_cause_came_later(diagnosis_of):
    cut_off = [stamp(n, "store-1 cannot be read: Connection refused") for n in range(1, 20, 2)]
    lost = [stamp(n, "is starting a new election at term 12", "INFO") for n in range(12, 20, 2)]
    message = "booking: no bookings can be saved"
    assert diagnosis_of(alert(two_logs(cut_off, lost), message)).failure_mode == "quorum-loss"
    before = [stamp(1, "serving", "INFO"), stamp(2, "serving", "INFO"), *lost]
    assert diagnosis_of(alert(two_logs(cut_off, before), message)).failure_mode == "dependency-unreachable"


def test_a_name_server_that_says_why_is_believed(diagnosis_of):
    clients = [stamp(n, f"sync {n} failed: Temporary failure in name resolution") for n in range(1, 9)]
    server = [
        f"2026-11-23 07:00:{n:02d} dns-1 unbound[10]: error: ssl handshake failed: certificate verify failed"
        for n in range(1, 9)
    ]
    message = "sync: names cannot be resolved since the upstream was renewed"
    assert diagnosis_of(alert(two_logs(clients, server), message)).failure_mode == "tls-handshake-failure"
    assert diagnosis_of(alert(clients, message)).failure_mode == "dns-failure"


def test_the_refusing_side_knows_more_than_the_refused(diagnosis_of):
    client = [stamp(n, "login failed: 530 Login incorrect") for n in range(1, 9)]
    server = [stamp(n, "USER shop from 10.20.0.32: Limit access denies login", "INFO") for n in range(1, 9)]
    message = "edi: the partner cannot log in although the password was checked"
    assert diagnosis_of(alert(two_logs(client, server), message)).failure_mode == "authorization-denied"
    assert diagnosis_of(alert(client, message)).failure_mode == "authentication-failure"


def test_a_worker_that_was_stopped_while_it_waits_for_an_answer_shows_a_slow_dependency(diagnosis_of):
    logs = [
        stamp(2, "Error handling request /quote"),
        "Traceback (most recent call last):",
        '  File "/srv/app/quotes.py", line 6, in quote',
        '    rate = requests.get("http://rates.internal/rate")',
        '  File "/usr/lib/python3.11/http/client.py", line 286, in _read_status',
        '    line = str(self.fp.readline(_MAXLINE + 1), "iso-8859-1")',
        '  File "/usr/lib/python3.11/socket.py", line 706, in readinto',
        "    return self._sock.recv_into(b)",
        '  File "/usr/lib/python3/site-packages/gunicorn/workers/base.py", line 200, in handle_abort',
        "    sys.exit(1)",
        "SystemExit: 1",
    ]
    assert diagnosis_of(alert(logs, "quotes: 502 on all pages")).failure_mode == "upstream-timeout"


def test_a_crash_beside_an_error_number_follows_from_it(diagnosis_of):
    logs = [
        "thread 'main' (4636) panicked at src/main.rs:9:12:",
        'called `Result::unwrap()` on an `Err` value: Os { code: 111, message: "Connection refused" }',
    ]
    assert diagnosis_of(alert(logs, "stock: crashes at start")).failure_mode == "dependency-unreachable"


def test_a_crash_is_a_fault_although_the_program_was_started_again(diagnosis_of):
    after = [stamp(30 + n, f"GET /items/{n} 200 in 12 ms", "INFO") for n in range(12)]
    crash = stamp(20, "exited on signal 11 (core dumped)", "FATAL")
    told = "relay: restarted by itself last night"
    found = diagnosis_of(alert([*WORKS, crash, *after], told, severity="low"))
    assert found.failure_mode == "native-crash"


def test_a_slow_statement_that_is_logged_when_it_ends_explains_the_time_outs_before(diagnosis_of):
    logs = [
        *[stamp(n, "upstream timed out while reading response header from upstream") for n in range(1, 20)],
        *[
            stamp(n, f"duration: {41000 + n}.2 ms  statement: select * from orders", "LOG")
            for n in range(30, 39)
        ],
    ]
    assert diagnosis_of(alert(logs, "shop: 504 on the order pages")).failure_mode == "slow-query"


DIFFERENCE = [
    stamp(1, "settings of sync changed:", "INFO"),
    "-HTTP_TIMEOUT=5",
    "+HTTP_TIMEOUT=0.005",
]


def test_a_logged_difference_of_settings_is_blamed_for_what_names_it(diagnosis_of):
    slow = [stamp(n, f"call {n} failed: ReadTimeout('timed out')", "WARN") for n in range(10, 19)]
    message = "sync: calls time out again and again"
    assert diagnosis_of(alert([*DIFFERENCE, *slow], message)).failure_mode == "configuration-error"
    assert diagnosis_of(alert([*DIFFERENCE[:2], *slow], message)).failure_mode == "upstream-timeout"
    full = [stamp(n, "No space left on device") for n in range(10, 19)]
    assert diagnosis_of(alert([*DIFFERENCE, *full], "sync: no file is written")).failure_mode == "disk-full"


def traits(digest_of, logs, message="shop: some requests were slow during the restart"):
    return picture(alert(logs, message), digest_of("\n".join(logs)), [])


def test_the_picture_of_health_tells_how_the_logs_end(digest_of):
    waits = [stamp(20 + n, f"task {n} failed: timed out", "WARN") for n in range(3)]
    after = [stamp(30 + n, f"task {n} finished in 12 ms", "INFO") for n in range(12)]
    summary = stamp(50, "run: 12 tasks done, 0 failed", "INFO")
    good, bad = traits(digest_of, [*waits, *after, summary]), traits(digest_of, [*WORKS[:3], *waits])
    for name in ("calm_end", "success_at_end", "clean_summary"):
        assert good[name], name
        assert not bad[name], name
    later = [stamp(55 + n, f"task {n} failed: timed out", "WARN") for n in range(3)]
    assert not traits(digest_of, [summary, *later])["clean_summary"]  # what fails after it, it does not count


def test_what_speaks_for_health_and_what_against_it_is_beyond_any_fit():
    for_health = "passing past routine success silent calm_end success_at_end clean_summary"
    assert {name for name, weight in _WEIGHTS.items() if weight > 0} == set(for_health.split())
    against_it = "harm severity holds standing standing_as_told lasting_to_the_end loud"
    assert {name for name, weight in _WEIGHTS.items() if weight < 0} == set(against_it.split())


def test_the_picture_of_health_tells_what_the_alert_tells(digest_of):
    past = traits(digest_of, WORKS)
    assert {name for name in ("past", "passing", "holds", "harm") if past[name]} == {"past", "passing"}
    now = traits(digest_of, WORKS, "shop: all requests fail since the restart")
    assert {name for name in ("past", "passing", "holds", "harm") if now[name]} == {"holds", "harm"}


def test_a_reason_after_because_outranks_what_was_refused(diagnosis_of):
    refused = "User deploy not allowed because shell /usr/bin/zsh does not exist"
    logs = [stamp(n, refused, "INFO") for n in range(1, 9)]
    logs += [stamp(n, f"step {n}: Login incorrect") for n in range(10, 19)]
    assert diagnosis_of(alert(logs, "deploy: no release arrives")).failure_mode == "missing-dependency"


def test_a_silent_server_explains_the_logins_that_it_should_have_judged(diagnosis_of):
    logs = [
        text
        for n in range(1, 30, 3)
        for text in (
            stamp(n, "request failed, due to lack of any response from home server 10.20.0.54"),
            stamp(n + 1, "Login incorrect (Failed to find live home server): [kim]", "INFO"),
        )
    ]
    assert diagnosis_of(alert(logs, "wifi: guests are rejected")).failure_mode == "upstream-timeout"


def test_a_guess_of_the_program_says_less_than_what_it_saw(diagnosis_of):
    guess = stamp(5, "Worker (pid:17) was sent SIGKILL! Perhaps out of memory?")
    waits = [stamp(n, "upstream timed out while reading response header from upstream") for n in range(6, 16)]
    message = "shop: workers are killed every few seconds"
    assert diagnosis_of(alert([guess], message)).failure_mode == "oom-killed"
    assert diagnosis_of(alert([*waits, guess], message)).failure_mode == "upstream-timeout"


def test_the_status_that_a_probe_was_answered_is_the_probes(diagnosis_of):
    probed = [stamp(n, 'health check of shop failed: "HTTP/1.1 401 Unauthorized"') for n in range(1, 12)]
    message = "shop: every page answers 503 since the release"
    assert diagnosis_of(alert(probed, message)).failure_mode == "health-probe-failure"
    asked = [stamp(n, 'GET /orders failed: "HTTP/1.1 401 Unauthorized"') for n in range(1, 12)]
    assert diagnosis_of(alert(asked, message)).failure_mode == "authentication-failure"


def test_the_length_of_a_queue_that_climbs_is_read_where_the_line_names_one(diagnosis_of):
    climbs = [stamp(n, f"exporter queue=mail length={n * 7} workers=1", "INFO") for n in range(1, 9)]
    message = "shop: pictures appear only after many minutes"
    assert diagnosis_of(alert(climbs, message)).failure_mode == "queue-backlog"
    other = [text.replace("queue=mail", "name=mail") for text in climbs]
    assert diagnosis_of(alert(other, message)).failure_mode != "queue-backlog"


def test_what_stands_in_a_log_of_slow_statements_is_one(diagnosis_of):
    timeouts = [stamp(n, "redis: Timeout reading from socket") for n in range(1, 9)]
    slow = ["1796102534", "413542", "KEYS", "price:28:*4"]
    message = "shop: bursts of errors in the reporting hour"
    logs = ["==> app.log <==", *timeouts, "==> redis-slowlog.txt <==", *slow]
    assert diagnosis_of(alert(logs, message)).failure_mode == "slow-query"
    logs[-5] = "==> redis-keys.txt <=="
    assert diagnosis_of(alert(logs, message)).failure_mode != "slow-query"


def test_a_form_with_a_date_in_a_field_is_no_log_whose_clock_differs(diagnosis_of):
    form = ["Begun: 2026-11-23 06:14:11", "By: apt-get", "Upgraded: broker", "Ended: 2026-11-23 06:15:49"]
    refused = [stamp(n, "token rejected: signature expired") for n in range(1, 9)]
    logs = ["==> app.log <==", *refused, "==> history.log <==", *form]
    assert diagnosis_of(alert(logs, "shop: all calls fail")).failure_mode != "clock-skew"


def test_what_a_program_prints_when_it_dies_is_loud(digest_of):
    crash = ["TypeError: Cannot read properties of null", "    at find (/srv/app/server.js:16:110)"]
    assert traits(digest_of, [*WORKS, *crash])["loud"] == 1
    assert traits(digest_of, [*WORKS, "TypeError is the name of a table"])["loud"] == 0


def test_a_recap_of_which_one_row_counts_a_failure_is_no_clean_summary(digest_of):
    recap = [stamp(40, f"web-{n} : ok=3 changed=2 failed=0", "INFO") for n in range(1, 4)]
    assert traits(digest_of, [*WORKS, *recap])["clean_summary"]
    recap[0] = recap[0].replace("failed=0", "failed=1")
    assert not traits(digest_of, [*WORKS, *recap])["clean_summary"]
