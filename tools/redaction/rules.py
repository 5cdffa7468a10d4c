# ruff: noqa: E501 - a pattern is read more easily on one line
"""What counts as a secret, as rules: a kind, the literals one of which must occur, and a pattern.

A pattern's group `v` is the secret; without it the whole match is. The literals are a prefilter: most lines hold none
of them, so most patterns never run. They are compared with the line in lower case.
"""

import re
from typing import NamedTuple


class Rule(NamedTuple):
    """One kind of secret; `sign`, where given, is a cheap pattern that lower-case text must hold too."""

    kind: str
    literals: tuple[str, ...]
    pattern: re.Pattern[str]
    sign: re.Pattern[str] | None = None


# A key that names a secret: password, db_password, X-Api-Key, clientSecret, "accessToken" ...
_KEY_NAMES = (
    r"(?:[\w.-]*?(?:passw(?:or)?d|passwd|passphrase|pwd|secret(?:[_-]?(?:access[_-]?)?key)?|api[_-]?key|apikey|access[_-]?key(?:[_-]?id)?"
    r"|auth[_-]?key|private[_-]?key|encryption[_-]?key|signing[_-]?key|account[_-]?key|shared[_-]?access[_-]?(?:key|signature)"
    r"|(?:auth|access|refresh|id|session|bearer|csrf|xsrf|api|bot|security|vault|github|gitlab|slack|npm)[_-]?token|token"
    r"|credentials?|client[_-]?secret|session[_-]?id|sessionid|jsessionid|phpsessid|otp|pin[_-]?code|cvv))"
)
_VALUE_STOP = r"""\s"'&;,)\]}<>|"""
_NOT_VALUES = (
    r"(?!(?:null|none|nil|true|false|undefined|empty|missing|invalid|expired|required|redacted|\*+|<\*>|\[\w+:[0-9a-f]{4}\]"
    r"|yes|no|is|was|for|not|has|and|or|the|too|of|must|cannot|should|will|with|in|from|to|set|unset|authentication|failed|incorrect|issued|rejected|accepted)\b(?![\w+/=!@#$%^-]))"
)


_NAMED_VALUE = re.compile(r"(?:pass|pwd|secret|key|token|credential|session|otp|cvv|pin)[\w-]*[\"']?\s*[=:]")


def _rule(
    kind: str, literals: str, pattern: str, flags: int = 0, sign: re.Pattern[str] | None = None
) -> Rule:
    return Rule(kind, tuple(literals.split()), re.compile(pattern, flags), sign)


RULES: tuple[Rule, ...] = (
    _rule("private-key", "-----begin", r"-----BEGIN [A-Z ]*PRIVATE KEY( BLOCK)?-----(?P<v>.*?)(?:-----END [A-Z ]*PRIVATE KEY( BLOCK)?-----|$)", re.S),
    _rule("url-password", "://", r"(?i)\b[a-z][a-z0-9+.-]*://[^\s:/@\"'<>]*:(?P<v>[^\s/@\"'<>][^\s@\"'<>]*)@"),
    _rule("jwt", "eyj", r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"),
    _rule("authorization", "authorization", r"(?i)\b(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?(?:(?:basic|bearer|digest|token|negotiate|apikey|aws4-hmac-sha256)\s+)?(?P<v>(?!(?:basic|bearer|digest|token|negotiate|apikey)\b)[^\s\"',;\[][^\s\"',;]{3,})"),
    _rule("authorization", "bearer basic", r"(?i)\b(?:bearer\s+(?P<v>[\w.~+/=-]{12,})|basic\s+(?P<w>(?-i:(?=\S*[A-Z0-9]))[A-Za-z0-9+/]{12,}={0,2})(?![\w/]))"),
    _rule("cookie", "cookie", r"(?i)\b(?:set-)?cookie[\"']?\s*[:=]\s*[\"']?(?P<v>[^\s=\"']+=[^\"'\r\n]+)"),
    _rule("token", "gh glpat- github_pat_", r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{22,}|glpat-[\w-]{20,})"),
    _rule("token", "xox hooks.slack.com", r"\bxox[abeoprs]-[\w-]{10,}|hooks\.slack\.com/services/(?P<v>[\w/]{20,})"),
    _rule("access-key", "akia asia aroa aida", r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b"),
    _rule("api-key", "sk- sk_ pk_ rk_ whsec_", r"\b(?:sk-(?:proj-|ant-|or-)?[\w-]{20,}|[spr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[\w+/=]{16,})"),
    _rule("api-key", "aiza ya29. sg. npm_ pypi- dop_v1 shpat_ hf_ nvapi- gsk_ key- hvs. dckr_pat_ lin_api_ eaa sq0 atatt ac", r"\b(?:AIza[\w-]{35}|ya29\.[\w-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{30,}|dop_v1_[0-9a-f]{40,}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|hf_[A-Za-z0-9]{30,}|nvapi-[\w-]{30,}|gsk_\w{30,}|key-[0-9a-f]{32}|hvs\.[\w-]{24,}|dckr_pat_[\w-]{20,}|lin_api_\w{30,}|EAA[A-Za-z0-9]{30,}|sq0(?:atp|csp)-[\w-]{22,}|ATATT3[\w=-]{30,}|AC[0-9a-f]{32})"),
    _rule("token", "bot", r"\b(?:bot)?(?P<v>\d{8,10}:AA[\w-]{33})\b"),
    _rule("signature", "sig= signature= x-amz-", r"(?i)(?:[?&]|\b)(?:sig|signature|x-amz-(?:signature|security-token|credential))=(?P<v>[^\s&\"']{8,})"),
    _rule("password", "identified requirepass masterauth auth alter", r"(?i)\b(?:identified\s+(?:with\s+\S+\s+)?by|requirepass|masterauth|(?:with\s+)?(?:encrypted\s+)?password)\s+(?:password\s+)?'(?P<v>[^']+)'|\b(?:requirepass|masterauth)\s+[\"']?(?P<w>[^\s\"']+)"),
    _rule("password", "--pass --tok --sec --api -p -u", r"(?i)(?:^|\s)--?(?:pass(?:word|wd)?|pw|token|secret|api-?key|auth-?token|secret-?key|access-?key)(?:\s+|=)[\"']?(?P<v>[^\s\"'-][^\s\"']*)|\b(?:mysql\w*|mariadb\w*|mongo\w*|sshpass|mysqldump)\b[^\n]*?\s-p\s?(?P<w>[^\s-]\S*)|\bcurl\b[^\n]*?\s(?:-u|--user)\s+[\"']?[^\s:\"']+:(?P<x>[^\s\"']+)"),
    _rule("password", "pass pwd secret key token credential session otp cvv pin", rf"""(?i)(?<![\w])["']?{_KEY_NAMES}["']?\s*(?:=>|:=|[=:])\s*(?:"{_NOT_VALUES}(?P<v>(?:[^"\\]|\\.)+)"|'{_NOT_VALUES}(?P<w>[^']+)'|{_NOT_VALUES}(?P<x>[^{_VALUE_STOP}]{{2,}}))""", sign=_NAMED_VALUE),
    _rule("password", "password passwd passphrase passcode", r"(?i)\b(?:password|passwd|passphrase|passcode)\s+(?:is|was|set to|changed to|given|tried|used|of)[:\s]+[\"']?(?P<v>[^\s\"',;]*[\d!@#$%^&*][^\s\"',;]*|\"[^\"]+\")"),
    _rule("email", "@", r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*\.(?!(?:log|service|txt|json|pid|sock|conf|timer|socket|out|err)\b)[A-Za-z]{2,}\b(?![:/]\w*@)"),
    _rule("card", "", r"(?<![\w.-])(?P<v>[3-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7}|3[47]\d{2}[ -]?\d{6}[ -]?\d{5})(?![\w.-])"),
    _rule("iban", "", r"\b(?P<v>[A-Z]{2}\d{2} ?(?:[A-Z0-9]{4} ?){3,7}[A-Z0-9]{1,4})\b"),
    _rule("ssn", "ssn social", r"(?i)\b(?:ssn|social security(?: number)?)\W{1,3}(?P<v>\d{3}-?\d{2}-?\d{4})\b"),
)  # fmt: skip

IP = re.compile(
    r"(?<![\w.:])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w.]*\.\d|\w)"
    r"|(?<![\w:.])(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}(?![\w:])|(?<![\w:.])(?:[0-9a-fA-F]{1,4}:){1,6}:(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4})*)?(?![\w:])"
)
HOST = re.compile(
    r"(?<![\w.@/-])(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+(?:com|net|org|io|dev|cloud|local|internal|lan|intranet|corp|edu|gov|de|uk|fr|cn|eu|svc|localdomain|example|test)\b(?!\.?[\w(])"
    r"|(?<=://)[a-zA-Z][\w.-]*[a-zA-Z0-9](?=[:/\s\"'])(?!:[^@/\s]*@)"
)


def luhn(digits: str) -> bool:
    """Return whether a card number's check digit is right; other long numbers in logs nearly always fail it."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + position % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0 and len(set(digits)) > 2
