"""The small parts: whose words a line carries, what explains what, and names for commands."""

import pytest

from ops_assistant.agents.casebased.alert_words import (
    cleared_modes,
    names_harm,
    tells_the_past,
    tells_what_is,
)
from ops_assistant.agents.casebased.causality import EFFECTS, SURFACE, explains
from ops_assistant.agents.casebased.error_names import error_name
from ops_assistant.agents.casebased.fields import counts_nothing, is_foreign
from ops_assistant.agents.casebased.lines import goes_on, is_client_noise, is_setting, is_stranger, refers
from ops_assistant.agents.casebased.number_signs import number_signs
from ops_assistant.agents.casebased.objects import fill, named_objects
from ops_assistant.agents.casebased.phrases import PHRASES
from ops_assistant.agents.casebased.programs import program_of_log
from ops_assistant.agents.casebased.signs import _find
from ops_assistant.agents.casebased.tables import table_signs
from ops_assistant.agents.casebased.validity import validity_signs
from ops_assistant.tools.digest.models import EvidenceLine, LogDigest
from ops_assistant.tools.knowledge import failure_modes
from ops_assistant.tools.knowledge.models import SignatureHit


def test_causality_speaks_of_known_modes_only_and_nothing_explains_itself():
    modes = set(failure_modes())
    assert set(EFFECTS) == modes - {"no-fault"}
    for cause, effects in EFFECTS.items():
        assert effects <= modes
        assert not explains(cause, cause)


def test_who_should_have_judged_a_login_explains_that_it_was_refused():
    for mode in ("upstream-timeout", "dependency-unreachable", "missing-dependency", "dns-failure"):
        assert explains(mode, "authentication-failure"), mode


def test_every_specific_mode_explains_what_callers_see_of_it():
    symptoms = {"db-connection-pool-exhausted", "queue-backlog", "replication-failure", "upstream-timeout"}
    for mode in set(EFFECTS) - SURFACE - symptoms:
        assert EFFECTS[mode] & SURFACE, mode


@pytest.mark.parametrize(
    ("line", "words", "foreign"),
    [
        ('1.2.3.4 - - [x] "GET /?q=disk+full HTTP/1.1" 200 5', "disk+full", True),
        ('1.2.3.4 - - [x] "GET / HTTP/1.1" 200 5 "-" "disk full"', "disk full", True),
        ("WARN disk full, writes stop", "disk full", False),
        ('level=error msg="disk full"', "disk full", False),
        ('comment="disk full" saved', "disk full", True),
        ("LOG:  statement: select 'disk full'", "disk full", True),
    ],
)
def test_words_of_clients_are_told_from_the_programs_own(line, words, foreign):
    start = line.index(words)
    assert is_foreign(line, start, start + len(words)) is foreign


def test_a_scan_for_missing_pages_is_noise_and_a_server_error_is_not():
    assert is_client_noise('1.2.3.4 - - [x] "GET /.env HTTP/1.1" 404 153 "-"')
    assert not is_client_noise('1.2.3.4 - - [x] "GET /cart HTTP/1.1" 502 153 "-"')
    assert is_client_noise("450 4.7.1 <a@b>: Sender address rejected: hourly limit reached")
    assert not is_client_noise("host mx said: 450 4.7.1 <a@b>: Sender address rejected: hourly limit reached")


def test_what_a_program_does_without_is_set_to_or_points_to_is_told_from_what_fails():
    assert goes_on("/etc/carbon/aggregation.conf not found, ignoring")
    assert refers("Reading config failed--see warnings above.")
    assert refers("Bailing out due to one or more errors")
    assert is_setting("Weighed connection throttling is disabled")
    assert is_setting("*  Max threads: 2")
    for text in ("Cannot open /srv/x: Permission denied", "pool is full, 2 of 2 in use"):
        assert not any(says(text) for says in (goes_on, refers, is_setting))


@pytest.mark.parametrize(
    ("text", "stranger"),
    [
        ("refused connection from 203.0.113.7", True),
        ("refused connection from 203.0.113.7 to 10.20.0.4", False),
        ("refused connection from 192.168.1.7", False),
        ("refused, version 1.2.3.4.5", False),
        ("refused, build 999.1.2.3", False),
        ("refused", False),
    ],
)
def test_strangers_are_known_by_their_addresses(text, stranger):
    assert is_stranger(text) is stranger


def test_an_alert_tells_the_past_or_what_is():
    assert tells_the_past("db-1 restarted and two queries were refused")
    assert not tells_the_past("db-1 was restarted and refuses all queries")
    assert tells_what_is("queries fail")
    assert not tells_what_is("two queries failed")


def test_the_processor_of_another_system_clears_nothing():
    assert "cpu-saturation" in cleared_modes("shop is slow, CPU of the host is at 9 %")
    assert "cpu-saturation" not in cleared_modes("shop is slow, CPU of the database is at 9 %")


def test_names_for_commands_are_plain_and_filled_in():
    objects = named_objects(
        ['connection to server at "db-1.internal:5432" failed', 'open("/srv/app/x.db") failed']
    )
    assert objects["HOST"] == "db-1.internal"
    assert fill("nc -vz HOST PORT # {service}", "shop", objects) == "nc -vz db-1.internal 5432 # shop"
    assert fill("restorecon PATH", "shop", objects) == "restorecon /srv/app/x.db"


def test_names_that_smuggle_shell_are_not_taken():
    assert "USER" not in named_objects(['login of user "x;rm -rf /" failed'])


def test_an_alert_names_harm_or_clears_a_resource():
    assert names_harm("checkout does not answer")
    assert names_harm("new pictures appear only after many minutes")
    assert names_harm("the ranking takes more than a second")
    assert not names_harm("heap usage above 90 % for a moment")
    assert "disk-full" in cleared_modes("all writes fail; disk has 70 GB free")
    assert "disk-full" not in cleared_modes("disk of db-1 is full")


@pytest.mark.parametrize(
    ("text", "modes"),
    [
        ("pool main: 20/20 connections busy", ["db-connection-pool-exhausted"]),
        ("render workers 8 of 8 in use, 31 waiting", ["thread-exhaustion"]),
        ("/data inode usage 100.0%", ["file-descriptor-exhaustion"]),
        ("volume /srv at 98 %", ["disk-full"]),
        ("20 of 20 checked out, 9 waiting for a connection", ["db-connection-pool-exhausted"]),
        ("executor active=16/16 queued=80 completed=140", ["thread-exhaustion"]),
        ("clients connected 512 max 512", ["too-many-connections"]),
        ("fds=63 soft_limit=64", ["file-descriptor-exhaustion"]),
        ("df /srv/data 50G 50G 0 100%", ["disk-full"]),
        ("fds=40 soft_limit=64", []),
        ("threads=1 max=1", []),
        ("executor done 16/16 completed=140", []),
        ("pool main: 7/20 connections busy", []),
        ("upload 100% done, disk ok", []),
        ("request took 5/5 ms", []),
        ("2026/11/11 workers started", []),
    ],
)
def test_a_used_up_resource_is_read_from_its_numbers(text, modes):
    digest = LogDigest(evidence=[EvidenceLine(id="s1:1", source="app.log", line=1, text=text)])
    assert [sign.mode for sign in number_signs(digest)] == modes


@pytest.mark.parametrize(
    ("row", "modes"),
    [
        ("  412   1 97.3 Rl   00:07 node worker.js", ["cpu-saturation"]),
        ("  412   1 97.3 Ssl  00:07 node worker.js", []),  # waits, and was busy before
        ("  412   1  2.1 Rl   00:07 node worker.js", []),
        ("  412   1", []),
    ],
)
def test_a_process_table_shows_who_takes_the_processor(row, modes):
    texts = ["  PID  PPID %CPU STAT ELAPSED COMMAND", row, "  413   1 99.9 R    00:01 ps"]
    assert [sign.mode for sign in table_signs(table("ps.txt", texts))] == modes


@pytest.mark.parametrize(
    ("head", "row", "modes"),
    [
        ("Filesystem Size Used Avail Use% Mounted on", "none 3.0M 3.0M 0 100% /srv/ftp", ["disk-full"]),
        ("Filesystem Size Used Avail Use% Mounted on", "none 3.0M 2.0M 1.0M 67% /srv/ftp", []),
        ("Filesystem Size Used Avail Use% Mounted on", "/dev/loop3 64M 64M 0 100% /snap/core20", []),
        (
            "Filesystem Inodes IUsed IFree IUse% Mounted",
            "/dev/sda1 9 9 0 100% /",
            ["file-descriptor-exhaustion"],
        ),
    ],
)
def test_a_table_of_file_systems_shows_which_is_full(head, row, modes):
    assert [sign.mode for sign in table_signs(table("df.txt", [head, row]))] == modes


def table(source, texts):
    lines = [EvidenceLine(id=f"s1:{n}", source=source, line=n, text=text) for n, text in enumerate(texts, 1)]
    return LogDigest(evidence=lines)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[2026-02-20 03:15:28] ERROR: Connection pool exhausted (50/50 in use)", "Connection pool exhausted"),
        ("java.lang.OutOfMemoryError: Java heap space", "OutOfMemoryError: Java heap space"),
        ("2026/11/23 07:16:38 [alert] 77#77: *48 socket() failed (24: Too many open files)", "Too many open files"),
        ('ERROR: duplicate key (SQLSTATE 23505)', "SQLSTATE 23505"),
        (
            "2026-11-23 07:00:01 UTC [9] FATAL:  terminating walreceiver process due to administrator command",
            "terminating walreceiver process due to administrator command",
        ),
    ],
)  # fmt: skip
def test_an_error_has_a_short_telling_name(text, name):
    assert error_name(text, None) == name


@pytest.mark.parametrize(
    ("source", "program"),
    [
        ("/var/log/squid/access.log", "squid"),
        ("/var/log/postgresql/postgresql-15-main.log", "postgresql"),
        ("inline.log", None),
        ("/srv/evidence/4711/inline.log", None),
        ("app.log", None),
        ("config-writer (tail)", "config-writer"),
    ],
)
def test_a_log_names_its_program_not_its_file(source, program):
    assert program_of_log(source) == program


@pytest.mark.parametrize(
    ("text", "words", "nothing"),
    [
        ("0 sessions active, 0 remaining in queue.", "in queue", True),
        ("deadlocks=0 timeouts=3", "deadlocks", True),
        ("deadlocks=0 timeouts=3", "timeouts", False),
        ("10 remaining in queue", "in queue", False),
        ("exit code 137, timed out=0.5 s", "timed out", False),
    ],
)
def test_a_count_of_zero_names_nothing(text, words, nothing):
    start = text.index(words)
    assert counts_nothing(text, start, start + len(words)) is nothing


def test_every_failure_mode_has_a_phrase_with_one_place_for_the_program():
    assert set(PHRASES) == set(failure_modes()) - {"no-fault"}
    assert all(phrase.count("{it}") == 1 for phrase in PHRASES.values())


@pytest.mark.parametrize("literal", [True, False])
def test_words_are_found_as_words_not_inside_longer_ones(literal):
    found = SignatureHit(signature="source limit", literal=literal, weight=3)
    assert _find(found, "resource limit exceeded") is None
    assert _find(found, "resource limit; source limit exceeded") == (16, 28)
    assert _find(found, "IceSource limit exceeded") is not None  # a name in camel case has words, too


@pytest.mark.parametrize(
    ("text", "outside"),
    [
        ("cert pay.example.org not_after=2026-11-22T23:59:59Z", True),
        ("TLS certificate of edi, valid 2025-11-22 to 2026-11-22", True),
        ("certificate: notAfter=Nov 22 23:59:59 2026 GMT", True),
        ("x509: NotBefore: 2026-12-24 00:00:00", True),
        ("cert pay.example.org not_after=2026-12-22T23:59:59Z", False),
        ("TLS certificate of edi, valid 2025-11-22 to 2026-11-23", False),
        ("x509: NotBefore: 2026-10-24 00:00:00", False),
        ("certificate: notAfter=Feb 31 23:59:59 2026 GMT", False),
        ("cache entry expires 2026-11-22T23:59:59Z", False),
    ],
)
def test_a_certificate_outside_of_its_dates(text, outside):
    line = EvidenceLine(id="s1:1", source="app.log", line=1, text=text, time="2026-11-23T07:00:00+00:00")
    found = validity_signs(LogDigest(evidence=[line]))
    assert [sign.mode for sign in found] == (["tls-certificate-expired"] if outside else [])
