"""How the logs of an incident end: with complaints, or with ordinary work for a while after the last of them."""

import re

from ...tools.digest.models import LogDigest
from .lines import is_success, is_trouble

_USUAL, _TAIL = 3, 0.2  # lines, and share of a source, after its last complaint
_SUCCESSES = 2  # after the last complaint of all
# `42 answered, 0 failed`, `errors=0`, `7 of 7 bookings`, `all 6 batches stored`.
_WHAT = r"(?:fail(?:ed|ures?|s)|errors?|rejected|lost|dropped|missing|undelivered)"
_CLEAN = re.compile(
    rf"""\b(?:0|no)\s(?:\w+\s)?{_WHAT}\b|\b{_WHAT}\s?[=:]\s?0\b
    |(?<![\w.:/-])(\d+)\s?(?:of|/)\s?\1\s(?!connections?|conns|slots|threads|workers)
    |\ball\s\d+\s\w+\s(?:\w+\s)?(?:done|ok|finished|completed|scored|sent|stored|processed|imported|delivered)\b""",
    re.X | re.I,
)


def ends_calmly(digest: LogDigest) -> bool:
    """Return whether every source that complains goes on long enough without a complaint."""
    begins: dict[str, int] = {}
    ends: dict[str, int] = {}
    complaints: dict[str, int] = {}
    for line in digest.evidence:
        begins[line.source] = min(line.line, begins.get(line.source, line.line))
        ends[line.source] = max(line.line, ends.get(line.source, 0))
        if is_trouble(line):
            complaints[line.source] = max(line.line, complaints.get(line.source, 0))
    return bool(complaints) and all(
        ends[source] - last >= max(_USUAL, _TAIL * (ends[source] - begins[source]))
        for source, last in complaints.items()
    )


def goes_on_normally(digest: LogDigest) -> frozenset[str]:
    """Return the sources that log ordinary work, three times or more, after the last complaint."""
    ends: dict[str, str] = {}
    texts = {line.template: line for line in digest.evidence if line.template}
    for template in digest.templates:
        shown = texts.get(template.id)
        if shown is not None and template.last and is_trouble(shown):
            ends[shown.source] = max(ends.get(shown.source, ""), template.last)
    return frozenset(
        shown.source
        for template in digest.templates
        if (shown := texts.get(template.id)) is not None
        and template.last
        and template.count >= _USUAL
        and not is_trouble(shown)
        and template.last > ends.get(shown.source, "~")
    )


def succeeds_at_the_end(digest: LogDigest) -> bool:
    """Return whether work succeeds, twice or more, after the last complaint of all sources."""
    last = max((line.time for line in digest.evidence if line.time and is_trouble(line)), default="")
    texts = {line.template: line for line in digest.evidence if line.template}
    after = sum(
        template.count
        for template in digest.templates
        if template.last
        and template.last > last
        and (shown := texts.get(template.id)) is not None
        and not is_trouble(shown)
        and is_success(shown.text)
    )
    return after >= _SUCCESSES


def sums_up_without_failure(digest: LogDigest) -> bool:
    """Return whether a summary at the end, after the last complaint, counts no failure."""
    complaints = [line for line in digest.evidence if is_trouble(line)]
    failing = {line.template for line in complaints} - {None}
    clean = [
        line
        for line in digest.evidence
        if line.time and line.template not in failing and _CLEAN.search(line.text)
    ]
    summaries = {line.id for line in clean}
    last = max(
        (line.time for line in complaints if line.time and line.id not in summaries),
        default="",
    )
    return any(line.time and line.time >= last and line.level in ("info", "debug", "none") for line in clean)
