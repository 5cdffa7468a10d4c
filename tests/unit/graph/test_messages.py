"""Chat: a person's words become an alert; the channel holds plain dictionaries."""

import json

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from ops_assistant.graph.messages import alert_from_text, last_human, merge_messages
from ops_assistant.tools.errors import InputError


def test_prose_and_pasted_lines() -> None:
    alert = alert_from_text(
        "Our checkout-api: answers take 5 s since 03:15.\n"
        "```\n2026-02-20 03:15:28 ERROR pool exhausted\n  at Foo.bar(Foo.java:1)\n```"
    )
    assert alert.message == "Our checkout-api: answers take 5 s since 03:15."
    assert alert.logs == "2026-02-20 03:15:28 ERROR pool exhausted\n  at Foo.bar(Foo.java:1)"


@pytest.mark.parametrize(
    ("words", "service"),
    [
        ("service api-server is slow", "api-server"),
        ("api-server: slow", "api-server"),
        ("everything is slow", "unknown"),
    ],
)
def test_the_service_is_found_in_the_words(words: str, service: str) -> None:
    assert alert_from_text(f"{words}\nERROR boom").service == service


def test_an_alert_as_json() -> None:
    assert alert_from_text('{"service": "api", "message": "slow", "logs": "ERROR x"}').service == "api"


def test_words_without_logs_are_answered_with_what_to_paste() -> None:
    with pytest.raises(InputError, match="Paste them"):
        alert_from_text("hello, what can you do?")


def test_the_channel_is_plain_json_and_replaces_by_id() -> None:
    merged = merge_messages([], [HumanMessage("one", id="1"), AIMessage("two", id="2"), ("user", "three")])
    merged = merge_messages(merged, {"type": "human", "content": "uno", "id": "1"})
    assert json.loads(json.dumps(merged)) == merged
    assert [item["content"] for item in merged] == ["uno", "two", "three"]
    found = last_human(merged)
    assert found is not None
    assert found["content"] == "three"
