# ruff: noqa: E501 - a pattern is read more easily on one line
"""What explains an incident ranks above what repeats."""

import math
import re
from collections.abc import Sequence

from .models import Level, Template
from .timestamps import from_iso

_LEVEL_SCORE: dict[Level, float] = {"fatal": 100, "error": 80, "warn": 45, "none": 15, "info": 10, "debug": 2}
_TROUBLE = re.compile(
    r"error|fail|exception|fatal|denied|refused|time[d -]?out|panic|abort|kill|oom|out of memory|unable|can(?:not|'t)|could not|no space|too many"
    r"|unreachable|corrupt|reset by|reject|expire|invalid|segfault|crash|core dump|unavailable|exceed|lost|not found|missing|no such|overflow|exhaust"
    r"|unexpected|unhealthy|\bdown\b|stuck|deadlock|leak|throttl|backoff|evict|giving up|quota|mismatch|bad |broken|stall",
    re.I,
)
_CHANGE = re.compile(
    r"config|reload|restart|deploy|start(?:ed|ing)|stopp|shut ?down|exit|version|chang|updat|upgrad|migrat|rotat|switch|promot|failover|elect|leader"
    r"|disabl|enabl|scal(?:ed|ing)|rollback|drain|signal|terminat|listening|max|limit",
    re.I,
)
_BAD_STATUS = re.compile(r'HTTP/\S+ 5\d\d|\bstatus(?:_code)?[=: ]+"?5\d\d| 5\d\d ')
_PARTS = {"new": 25.0, "burst": 15.0, "gone": 8.0, "": 0.0}


def score(template: Template) -> float:
    """Return a template's weight: level, trouble and change words, rarity, change against the time before."""
    value = _LEVEL_SCORE[template.level] + _PARTS[template.change]
    text = template.template
    if template.level not in ("fatal", "error"):
        value += 25.0 if _TROUBLE.search(text) else 0.0
        value += 20.0 if _BAD_STATUS.search(text) else 0.0
    value += 8.0 if _CHANGE.search(text) else 0.0
    value += 25.0 / (1.0 + math.log10(max(template.count, 1)) * 2.0)
    value += 12.0 if template.trends else 0.0
    return value


def rank(templates: Sequence[Template]) -> list[Template]:
    """Return the templates, best first; the earliest errors get a lift, since a cause precedes its effects."""
    errors = sorted(
        (t for t in templates if t.level in ("fatal", "error", "warn") and t.first),
        key=lambda t: t.first or "",
    )
    lift = {id(template): 30.0 / (1 + place) for place, template in enumerate(errors[:8])}
    return sorted(templates, key=lambda t: (-score(t) - lift.get(id(t), 0.0), from_iso(t.first) or 0.0))
