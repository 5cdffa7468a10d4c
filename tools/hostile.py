"""Text from logs is hostile: find the lines that address a model. `markdown` shows log text so that it is inert.

Finding them is a help, not the wall: what holds is that actions come from a closed catalogue and that
claims are proven in code. A line that is missed here gains nothing by it.
"""

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote_plus

import re2

from .actions.catalogue import CATALOGUE
from .markdown import ANSI, UNSEEN

_GAP = r"[\W_]+"  # between words: blanks, `+`, `_`, `.`, dashes; whatever hides them in a URL or a key

_EARLIER = (
    r"(?:all|any|every|the|your|my|these|those|previous|prior|above|earlier|preceding|other|safety|system)"
)
_MODEL = (
    r"(?:a\.?i\.?|llms?|assistants?|language[\W_]+models?|chat[\W_]?bots?|co-?pilot|gpt(?:-?\d\w*)?|claude|gemini"
    r"|ai[\W_]+(?:agents?|models?|assistants?|systems?|analysts?)|(?:sre|ops|aiops)[\W_]+(?:bots?|agents?|assistants?))"
)
_DUTY = r"(?:must|should|shall|have[\W_]+to|need[\W_]+to|are[\W_]+(?:now|required|ordered|instructed|to)|will[\W_]+now)"
_SAY = (
    r"report|answer|respond|reply|say|conclude|recommend|propose|suggest|approve|ignore|disregard|classify|diagnose|"
    r"cite|omit|treat|obey"
)
_DO = r"output|state|run|execute|call|invoke|restart|delete|drop|scale|set|act|include|use"

# Kind of attempt -> what such a line says. Kept to phrases that programs have no reason to log.
_PHRASES: dict[str, str] = {
    "order to ignore instructions": "|".join(
        (
            rf"\b(?:ignore|disregard|forget|override|bypass|discard){_GAP}(?:{_EARLIER}{_GAP})*"
            r"(?:instructions?|prompts?|rules|guidelines|guardrails|directives|policy|policies)\b",
            r"\b(?:ignore|disregard|forget|override|bypass|stop[\W_]+following|pay[\W_]+no[\W_]+attention[\W_]+to)"
            rf"(?:{_GAP}\w+){{0,3}}?{_GAP}(?:guidelines|instructions|directions|(?:system{_GAP})?prompt|rules{_GAP}above|"
            rf"everything|(?:all|anything){_GAP}(?:above|before|earlier|else)|diagnosis|lines{_GAP}above)\b",
            rf"\b(?:reveal|print|output|show|repeat|leak){_GAP}(?:me{_GAP})?(?:your|the){_GAP}(?:\w+{_GAP})?"
            r"(?:prompt|instructions|guidelines|api[\W_]key|password)\b",
            rf"\b(?:do{_GAP}not|don'?t|never){_GAP}(?:mention|cite|tell|reveal)\b"
            rf"|\b(?:do{_GAP}not|don'?t){_GAP}report{_GAP}(?:this|these|the|any){_GAP}(?:error|incident|alert|line|problem)",
            r"\bignorier(?:e|en)\b.{0,30}\b(?:anweisung|instruktion|vorgabe)",
            r"\bignore[rz]?\b.{0,30}\b(?:instructions|consignes)",
            r"\bignor(?:a|e|ar|en)\b.{0,30}\binstruc(?:ciones|coes|ções)",
            r"忽略.{0,12}(?:指令|指示|说明)|(?:指示|命令)を?無視",
            r"игнорируй.{0,30}(?:инструкци|указани)",
        )
    ),
    "fake message of another role": "|".join(
        (
            r"<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id)\|?>?",
            r"\[/?INST\]|<</?SYS>>|</?(?:system|assistant|developer)(?:[-_ ]?(?:prompt|message|reminder))?>",
            r"#{2,}\s*(?:system|assistant|instructions?|developer|new task)\b",
            r"""["']?\brole["']?\s*[:=]\s*["']?(?:system|developer|assistant)\b""",
            r"\b(?:begin|end|new|updated|real)[\W_]+(?:system|developer)[\W_]+(?:prompt|message|instructions?)\b",
            r"\bsystem[\W_]+(?:prompt|message|override|instruction)s?\s*[:=]",
            r"\bassistant\s*:\s+\S+[\W_]",
            rf"\b(?:system|developer|operator|instructions?)\s*:\s*(?:please{_GAP})?(?:{_SAY}|override|you|run|execute)\b",
            rf"\b(?:begin|new|updated|further){_GAP}instructions\b|[\"']instructions?[\"']\s*:",
            rf"\binstructions?{_GAP}(?:to|for){_GAP}(?:the{_GAP})?(?:reader|summari[sz]er|analy[sz]er|model)\b",
        )
    ),
    "speaks to a model": "|".join(
        (
            rf"\b(?:dear|hey|hello|attention|attn|note[\W_]+(?:to|for)|message[\W_]+(?:to|for)|instructions?[\W_]+(?:to|for))"
            rf"{_GAP}(?:the{_GAP}|any{_GAP}|all{_GAP})?{_MODEL}\b",
            rf"\b(?:if{_GAP})?you{_GAP}are{_GAP}(?:now{_GAP})?(?:(?:an?|the){_GAP})?(?:\w+{_GAP})?{_MODEL}\b",
            rf"\b{_MODEL}{_GAP}(?:reading{_GAP}(?:this|these)|{_DUTY}{_GAP}(?:{_SAY}|{_DO}))\b",
            rf"\b{_MODEL}(?:{_GAP}\w+){{0,4}}?{_GAP}{_DUTY}\b",
            rf"\b{_MODEL}\s*[:,]\s+(?:please{_GAP})?(?:{_SAY}|{_DO}|mark|close|skip|the{_GAP}(?:real|true|actual))\b",
            rf"\b{_MODEL}'s{_GAP}(?:next|only|new){_GAP}(?:step|task|job|action)\b",
            rf"\byour{_GAP}(?:\w+{_GAP})?(?:answer|summary|guidelines|instructions|system{_GAP}prompt|diagnosis|verdict)\b",
            rf"\bfrom{_GAP}now{_GAP}on{_GAP}(?:you|act|always|answer)|\byou{_GAP}(?:will{_GAP}|now{_GAP})*act{_GAP}as\b",
            rf"\bwhen{_GAP}(?:you{_GAP})?(?:summari[sz]|diagnos|answer)(?:e|ing)\b|\bI{_GAP}authori[sz]e{_GAP}you\b",
            rf"\byou{_GAP}{_DUTY}{_GAP}(?:now{_GAP}|only{_GAP}|always{_GAP}|immediately{_GAP}|not{_GAP})?(?:{_SAY})\b",
            rf"\b(?:your|the){_GAP}(?:new{_GAP}|only{_GAP}|real{_GAP})?(?:task|goal|role|job|instructions?){_GAP}"
            rf"(?:is|are){_GAP}(?:now{_GAP})?to\b",
            r"\b(?:jailbreak|prompt[\W_]+injection|developer[\W_]+mode[\W_]+(?:on|enabled))\b",
        )
    ),
    "fake tool output": "|".join(
        (
            r"</?(?:tool|function)[-_]?(?:call|result|response|output)s?>",
            r"""["']?\b(?:tool_calls?|tool_call_id|function_call|tool_result|tool_response)\b["']?\s*[:=(\[]""",
            rf"\b(?:result|output|response){_GAP}of{_GAP}(?:the{_GAP})?(?:tool|function)\b",
            r"\btool[\W_]+(?:result|output|response)\b\s*(?:[:=]|for\b|of\b|from\b)",
            rf"\b(?:call|invoke|use|run|trigger){_GAP}(?:the{_GAP})?(?:tool|function|action)\b{_GAP}\w+",
        )
    ),
    "fake evidence or verdict": "|".join(
        (
            r"<\s*/?\s*evidence\b",
            r"\bevidence(?:[\W_]+(?:id|line))?\W{0,4}s\d{1,3}:\d+\b|^\W{0,3}s\d{1,3}:\d+\]",
            r"\b(?:root[\W_]?cause|verdict|diagnosis|failure[\W_]?mode)\b\W{0,4}(?:is\W+|:|=).{0,80}"
            r"\b(?:confidence|verified|confirmed|proven)\b",
            r"""["']?\b(?:verdict|failure_mode)["']?\s*[:=]\s*["']?[a-z]+""",
            r"\b(?:report|answer|verdict|classify\w*|conclude|diagnose)\b.{0,40}\b(?:no[\W_]fault|false[\W_]alarm)\b",
        )
    ),
    "asks for an action": "|".join(
        (
            rf"\b(?:recommend(?:ed)?|propose[ds]?|approved?|execute|perform|required){_GAP}actions?\b\W{{0,4}}[a-z]+_[a-z_]+",
            r"""["']?\bactions?["']?\s*[:=]\s*\[?\s*\{|"type"\s*:\s*"[a-z]+_[a-z_]+"\s*,\s*"params\"""",
            rf"\b(?:{'|'.join(CATALOGUE)})\b",
            rf"\b(?:without|skip|no|bypass){_GAP}(?:human{_GAP}|any{_GAP})?(?:approval|confirmation){_GAP}(?:needed|required|is|step|and)\b",
        )
    ),
    "active link": r"!?\[[^\]\n]{0,200}\]\(\s*(?:https?|ftp|javascript|data):|\bjavascript:\S|<(?:script|img|iframe)\b",
}
_OPTIONS = re2.Options()
_OPTIONS.case_sensitive = False
# RE2 reads a line in about 2 microseconds; Python's own engine takes 90 for these alternatives.
_KINDS = re2.compile(
    "|".join(f"(?P<k{index}>{phrase})" for index, phrase in enumerate(_PHRASES.values())), _OPTIONS
)
_NAMES = tuple(_PHRASES)

# Longer lines are searched at their start and end only: orders are short, and the work stays bounded.
_SEARCHED = 4_000

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_HEX = re.compile(r"\b(?:[0-9A-Fa-f]{2}){12,}\b")
_ESCAPED = re.compile(r"\\u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})")
_SPACED = re.compile(r"\b(?:[A-Za-z] ){5,}[A-Za-z]\b")
# Cyrillic and Greek letters that look like Latin ones.
_LOOKALIKES = str.maketrans("аеорсухіѕјԁɡΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "aeopcyxisjdgABEZHIKMNOPTYXo")


def instruction_kind(line: str) -> str | None:
    """Return what kind of instruction to a model `line` looks like, or None for an ordinary log line.

    Sees through upper and lower case, invisible and look-alike characters, spaced letters, URL, HTML and
    escape encodings, base64 and hex. Time is linear in the line, at most a few thousand characters of it.
    """
    if len(line) > _SEARCHED:
        line = f"{line[: _SEARCHED // 2]} {line[-_SEARCHED // 2 :]}"
    for text, how in _readings(line):
        if match := _KINDS.search(text):
            kind = _NAMES[int((match.lastgroup or "k0")[1:])]
            return f"{kind}, {how}" if how else kind
    return None


def _readings(line: str) -> Iterator[tuple[str, str]]:
    """Yield the line as it is and as it reads when decoded, each with the name of the encoding."""
    yield line, ""
    plain = UNSEEN.sub("", unicodedata.normalize("NFKC", ANSI.sub("", line)))
    if not line.isascii():
        plain = plain.translate(_LOOKALIKES)
    if plain != line:
        yield plain, "disguised"
    if "_" in plain or "+" in plain:
        yield plain.replace("_", " ").replace("+", " "), "joined"
    if "%" in plain:
        yield unquote_plus(plain), "URL-encoded"
    if "&" in plain and ";" in plain:
        yield html.unescape(plain), "HTML-encoded"
    if "\\" in plain:
        yield _ESCAPED.sub(lambda m: chr(int(m[1] or m[2], 16)), plain), "escaped"
    if _SPACED.search(plain):
        yield _SPACED.sub(lambda m: m[0].replace(" ", ""), plain), "spaced out"
    for found in _BASE64.findall(plain)[:8]:
        text = found.rstrip("=").replace("-", "+").replace("_", "/")
        yield from _decoded(text + "=" * (-len(text) % 4), "base64")
    for found in _HEX.findall(plain)[:8]:
        yield from _decoded(found, "hex")


def _decoded(text: str, how: str) -> Iterator[tuple[str, str]]:
    try:
        raw = base64.b64decode(text, validate=True) if how == "base64" else bytes.fromhex(text)
        words = raw.decode("utf-8")
    except (binascii.Error, ValueError):
        return
    yield words, how
