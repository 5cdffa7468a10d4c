"""Changes just before the fault: named with their line and time, the closest first."""

from collections.abc import Callable

from ops_assistant.agents.casebased.changes import changes_before
from ops_assistant.agents.casebased.impact import change_words, triggers
from ops_assistant.agents.models import Diagnosis
from ops_assistant.tools.alert import Alert
from ops_assistant.tools.digest import LogDigest

LOGS = """\
2026-02-20 01:00:00 INFO deployed release 2.4.0 of checkout
2026-02-20 03:10:00 INFO parameter "statement_timeout" changed to "5s"
2026-02-20 03:14:48 INFO rollout of checkout 2.4.1 finished
2026-02-20 03:15:00 ERROR NullPointerException in CartService.total
2026-02-20 03:15:30 INFO restarted by the operator
"""


def test_changes_before_the_first_complaint_the_closest_first(digest_of: Callable[[str], LogDigest]) -> None:
    digest = digest_of(LOGS)
    assert [(change.line.id, change.seconds_before) for change in changes_before(digest)] == [
        ("s1:3", 12.0),
        ("s1:2", 300.0),
        ("s1:1", 8100.0),
    ]
    assert change_words(digest)[:2] == [
        "s1:3 at 03:14:48 UTC, 12 s before the first complaint: rollout of checkout 2.4.1 finished",
        's1:2 at 03:10:00 UTC, 5 min before the first complaint: parameter "statement_timeout" changed to "5s"',
    ]


def test_without_times_only_what_stands_before_counts(digest_of: Callable[[str], LogDigest]) -> None:
    digest = digest_of("deployed release 2.4.1\nERROR out of cheese\nreloaded the configuration\n")
    assert change_words(digest) == ["s1:1: deployed release 2.4.1"]


def test_everyday_work_is_no_change(digest_of: Callable[[str], LogDigest]) -> None:
    digest = digest_of(
        "2026-02-20 03:00:00 INFO order 5 paid\n"
        "2026-02-20 03:01:00 INFO Accepted publickey for deploy from 10.0.0.1\n"
        "2026-02-20 03:15:00 ERROR out of cheese\n"
    )
    assert changes_before(digest) == []


def test_what_the_alert_and_the_case_say_comes_after_the_changes(
    digest_of: Callable[[str], LogDigest],
) -> None:
    alert = Alert(service="checkout", message="checkout fails after the nightly import")
    said = triggers(alert, digest_of(LOGS), ["Traffic peak"])
    assert said[0].startswith("s1:3 at 03:14:48")
    assert said[3] == "after the nightly import"


def test_the_diagnosis_names_the_change(diagnosis_of: Callable[..., Diagnosis]) -> None:
    found = diagnosis_of(Alert(service="checkout", message="checkout answers 500", logs=LOGS))
    assert found.possible_triggers[0].startswith("s1:3 at 03:14:48 UTC, 12 s before")


def test_a_version_in_the_alert_is_not_cut_at_its_dot(digest_of: Callable[[str], LogDigest]) -> None:
    alert = Alert(service="shop", message="shop: orders return 500 since release 2.8.1, payments too")
    assert "since release 2.8.1" in triggers(alert, digest_of(LOGS), [])
