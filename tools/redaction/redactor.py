"""Replaces secrets by placeholders that correlate but cannot be reversed."""

import re
import secrets
from collections import Counter
from hashlib import blake2s
from re import Match

from .rules import HOST, IP, RULES, Rule, luhn

_PLACEHOLDER = re.compile(r"[\w=]*\[[a-z-]+:[0-9a-f]{4}")


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
        """Return `text` with every secret replaced."""
        lowered = text.lower()
        for rule in RULES:
            if not rule.literals or any(literal in lowered for literal in rule.literals):
                text = rule.pattern.sub(lambda match, rule=rule: self._replace(match, rule), text)  # type: ignore[misc]
        if self._ips:
            text = IP.sub(lambda match: self._placeholder("ip", match.group()), text)
        if self._hosts:
            text = HOST.sub(lambda match: self._placeholder("host", match.group()), text)
        return text

    def _replace(self, match: Match[str], rule: Rule) -> str:
        name = match.lastgroup if match.lastgroup in {"v", "w", "x"} else 0
        value = match.group(name)
        if not value or _PLACEHOLDER.match(value):
            return match.group()
        if rule.kind == "card":
            digits = "".join(filter(str.isdigit, value))
            if not 13 <= len(digits) <= 19 or not luhn(digits):
                return match.group()
        if rule.kind == "iban" and not _iban_valid(value):
            return match.group()
        begin, end = match.start(name) - match.start(), match.end(name) - match.start()
        whole = match.group()
        return whole[:begin] + self._placeholder(rule.kind, value) + whole[end:]

    def _placeholder(self, kind: str, value: str) -> str:
        self._counts[kind] += 1
        return f"[{kind}:{blake2s(value.encode(errors='replace'), key=self._key, digest_size=2).hexdigest()}]"


def _iban_valid(value: str) -> bool:
    """Check digits after ISO 7064 (mod 97)."""
    plain = value.replace(" ", "")
    rotated = plain[4:] + plain[:4]
    return 15 <= len(plain) <= 34 and int("".join(str(int(char, 36)) for char in rotated)) % 97 == 1
