"""Replaces secrets by placeholders that correlate but cannot be reversed."""

import re
import secrets
from collections import Counter
from hashlib import blake2s
from re import Match

from .rules import HOST, IP, RULES, Rule, luhn

_PLACEHOLDER = re.compile(r"\[[a-z-]+:[0-9a-f]{4}\]")
# While the rules run, each placeholder is one character from a private plane: too short to be taken for a secret.
_PRIVATE = 0xF0000
_PRIVATE_CHARS = re.compile("[\U000f0000-\U000fffff]")


class Redactor:
    """Replaces secrets in text; the same value gets the same placeholder, e.g. `[password:3fa9]`.

    The placeholder is a keyed hash: without `key` (random by default) nobody can test guesses against it. Give the same
    key to redactors whose texts must correlate. `ips` and `hosts` also replace addresses and host names. `counts` holds
    the replacements made per kind so far."""

    def __init__(self, *, ips: bool = False, hosts: bool = False, key: bytes | None = None) -> None:
        self._key = (key if key is not None else secrets.token_bytes(16))[:32]
        self._ips = ips
        self._hosts = hosts
        self._counts: Counter[str] = Counter()

    @property
    def counts(self) -> dict[str, int]:
        """Replacements made so far, per kind of secret."""
        return dict(self._counts)

    def redact(self, text: str) -> str:
        """Return `text` with every secret replaced; placeholders already in it stay as they are."""
        made: list[str] = []
        if "[" in text:
            text = _PLACEHOLDER.sub(lambda match: _stand_in(match.group(), made), text)
        lowered = text.lower()
        for rule in RULES:
            if _may_apply(rule, lowered):
                text = rule.pattern.sub(lambda match, rule=rule: self._replace(match, rule, made), text)  # type: ignore[misc]
        if self._ips:
            text = IP.sub(lambda match: self._placeholder("ip", match.group(), made), text)
        if self._hosts:
            text = HOST.sub(lambda match: self._placeholder("host", match.group(), made), text)
        return _restored(text, made)

    def _replace(self, match: Match[str], rule: Rule, made: list[str]) -> str:
        name = match.lastgroup if match.lastgroup in {"v", "w", "x"} else 0
        value, whole = match.group(name), match.group()
        if not value or _PRIVATE_CHARS.fullmatch(value) or not _holds(rule.kind, value):
            return whole
        begin, end = match.start(name) - match.start(), match.end(name) - match.start()
        return whole[:begin] + self._placeholder(rule.kind, _restored(value, made), made) + whole[end:]

    def _placeholder(self, kind: str, value: str, made: list[str]) -> str:
        self._counts[kind] += 1
        digest = blake2s(value.encode(errors="replace"), key=self._key, digest_size=2).hexdigest()
        return _stand_in(f"[{kind}:{digest}]", made)


def _may_apply(rule: Rule, lowered: str) -> bool:
    """Return whether a rule's pattern is worth a search; a plain loop is twice as fast as `any` here."""
    for literal in rule.literals:
        if literal in lowered:
            return rule.sign is None or rule.sign.search(lowered) is not None
    return not rule.literals


def _stand_in(placeholder: str, made: list[str]) -> str:
    made.append(placeholder)
    return chr(_PRIVATE + len(made) - 1)


def _restored(text: str, made: list[str]) -> str:
    if not made:
        return text
    return _PRIVATE_CHARS.sub(lambda match: "".join(made[ord(match.group()) - _PRIVATE :][:1]), text)


def _holds(kind: str, value: str) -> bool:
    """Check what a pattern alone cannot: check digits."""
    if kind == "card":
        digits = "".join(filter(str.isdigit, value))
        return 13 <= len(digits) <= 19 and luhn(digits)
    if kind == "iban":
        plain = value.replace(" ", "")
        rotated = plain[4:] + plain[:4]
        return 15 <= len(plain) <= 34 and int("".join(str(int(char, 36)) for char in rotated)) % 97 == 1
    return True
