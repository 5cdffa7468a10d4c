"""How the logs of an incident end: with complaints, or with ordinary work for a while after the last of them."""

from ...tools.digest.models import LogDigest
from .lines import is_trouble

_USUAL, _TAIL = 3, 0.2  # lines, and share of a source, after its last complaint


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
