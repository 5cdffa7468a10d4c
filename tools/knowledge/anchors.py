"""The text that every match of a regular expression must contain, so that most expressions are never run."""

import re

_PART = re.compile(
    r"""(?P<escape>\\.)
      | (?P<set>\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\])
      | (?P<quantifier>(?:[?*+]|\{(?P<least>\d*),?\d*\})\??)
      | (?P<open>\() | (?P<close>\)) | (?P<bar>\|) | (?P<any>[.^$])
      | (?P<text>[^\\\[().^$|?*+{]+|[\\\[{])""",
    re.VERBOSE | re.DOTALL,
)
_SHORTEST = 3  # shorter texts are found nearly everywhere


def anchor(pattern: str) -> str | None:
    """Return the longest literal text that `pattern` (RE2 syntax) requires, lower-cased; None if there is none.

    Only what stands outside groups, sets and alternatives counts: it may miss a text, never invent one.
    """
    if "(?x" in pattern:
        return None  # blanks that mean nothing
    longest, run, depth = "", "", 0
    for part in _PART.finditer(pattern):
        kind = part.lastgroup if part.lastgroup != "least" else "quantifier"
        depth += (kind == "open") - (kind == "close")
        if depth or kind == "close":
            ended = True
        elif kind == "bar":
            return None  # alternatives at the top level
        elif kind == "text" or (kind == "escape" and not part[0][1].isalnum()):
            run += part[0] if kind == "text" else part[0][1]
            ended = False
        elif kind == "quantifier":
            # It may allow none of the last character; and what follows may not be adjacent to the first one.
            if part[0][0] != "+" and (part["least"] or "0").strip("0") == "":
                run = run[:-1]
            ended = True
        else:
            ended = True
        if ended:
            longest, run = max(longest, run, key=len), ""
    longest = max(longest, run, key=len)
    return longest.lower() if len(longest) >= _SHORTEST else None
