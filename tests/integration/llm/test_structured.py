"""`LLM.structured` over real HTTP: what a model endpoint can do wrong, and what comes of it."""

import logging
import traceback
import warnings
from typing import TypedDict

import pytest
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from langgraph.graph import StateGraph
from pydantic import BaseModel, SecretStr

from ops_assistant.agents.llm import LLM, LLMSettings, Usage
from ops_assistant.agents.llm.toolbox import Toolbox
from ops_assistant.tools.errors import ModelError

from openai_server import (
    KEY,
    OpenAIServer,
    ending,
    http_error,
    json_answer,
    prompt_text,
    raw,
    stream_and_stop,
    text,
    tool_call,
)


class City(BaseModel):
    name: str
    people: int


GOOD = json_answer({"name": "Bern", "people": 134_000})
ASK = [HumanMessage("Which city?")]


def test_a_good_answer_is_parsed_and_its_usage_counted(server: OpenAIServer, make_llm) -> None:
    llm = make_llm()
    server.script = [GOOD]
    budget = llm.new_budget()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer = llm.structured(City, ASK, role="main", budget=budget)
    assert answer == City(name="Bern", people=134_000)
    assert server.problems == []
    assert (budget.used.input_tokens, budget.used.output_tokens, budget.used.calls) == (1_000, 200, 1)
    assert budget.used.cost_usd == pytest.approx(0.0045)  # 1000 x 2.50 + 200 x 10.00 per million


def test_each_role_has_its_model(server: OpenAIServer, make_llm) -> None:
    llm = make_llm()
    server.script = [GOOD]
    for role in ("log", "main"):
        llm.structured(City, ASK, role=role, budget=llm.new_budget())
    assert [request["model"] for request in server.requests] == ["gpt-4.1-mini", "gpt-4o"]


@pytest.mark.parametrize(
    "first",
    [
        text("I think it is Bern."),
        text('{"name": "Bern", "peop'),
        text(""),
        text("null"),
        json_answer([]),
        json_answer({"name": "Bern", "people": "many"}),
        text("", refusal="I cannot"),
        tool_call("rm", path="/"),
    ],
    ids=["prose", "half-json", "empty", "null", "empty-list", "wrong-type", "refusal", "uninvited-tool-call"],
)
def test_an_unusable_answer_is_asked_for_once_more(server: OpenAIServer, make_llm, first) -> None:
    llm = make_llm()
    server.script = [first, GOOD]
    assert llm.structured(City, ASK, role="main", budget=llm.new_budget()).name == "Bern"
    assert "not usable" in prompt_text(server.requests[1])
    assert server.problems == []


def test_a_second_unusable_answer_is_an_error_that_says_what_is_wrong(server: OpenAIServer, make_llm) -> None:
    llm = make_llm()
    server.script = [json_answer({"name": "Bern"})]
    with pytest.raises(ModelError, match="people"):
        llm.structured(City, ASK, role="main", budget=llm.new_budget())
    assert len(server.requests) == 2


def test_what_the_check_finds_is_told_to_the_model(server: OpenAIServer, make_llm) -> None:
    llm = make_llm()
    server.script = [json_answer({"name": "Atlantis", "people": 0}), GOOD]
    answer = llm.structured(
        City, ASK, role="main", budget=llm.new_budget(),
        check=lambda city: [] if city.people else ["nobody lives there"],
    )  # fmt: skip
    assert answer.name == "Bern"
    assert "nobody lives there" in prompt_text(server.requests[1])


@pytest.mark.parametrize(
    ("first", "wait"),
    [
        (http_error(429, Retry_After="2"), 2.0),
        (http_error(500), 0.5),
        (http_error(503, Retry_After="1"), 1.0),
        (ending("cut"), 0.5),
    ],
    ids=["429", "500", "503", "cut"],
)
def test_a_passing_failure_is_tried_once_more(server: OpenAIServer, make_llm, first, wait: float) -> None:
    llm = make_llm()
    server.script = [first, GOOD]
    assert llm.structured(City, ASK, role="main", budget=llm.new_budget()).name == "Bern"
    assert llm.waits == [wait]


@pytest.mark.parametrize(
    ("answer", "says", "requests"),
    [
        (http_error(429, Retry_After="600"), "HTTP 429", 1),
        (http_error(429), "HTTP 429", 1),
        (http_error(429, Retry_After="Wed, 21 Oct 2026 07:28:00 GMT"), "HTTP 429", 1),
        (http_error(500), "HTTP 500", 2),
        (http_error(401), "API key", 1),
        (http_error(404), "base URL", 1),
        (http_error(400), "structured output", 1),
        (ending("cut"), "broke the connection", 2),
        (raw(b"<html>hello</html>", "text/html"), "not a chat completion", 1),
        (raw(b""), "not a chat completion", 1),
        (raw(b'{"choices": null}'), "not a chat completion", 1),
        (raw(b'{"choices": []}'), "not a chat completion", 1),
        (raw(b"\xff\xfe{"), "not a chat completion", 1),
        (stream_and_stop, "not a chat completion", 1),
        (text("{", finish="length"), "output token limit", 1),
        (text("{", finish="content_filter"), "content filter", 1),
    ],
)
def test_a_lasting_failure_is_a_model_error(
    server: OpenAIServer, make_llm, answer, says: str, requests: int
) -> None:
    llm = make_llm()
    server.script = [answer]
    with pytest.raises(ModelError, match=says):
        llm.structured(City, ASK, role="main", budget=llm.new_budget())
    assert len(server.requests) == requests


@pytest.mark.parametrize(
    ("answer", "counted"),
    [(http_error(401), (0, 0)), (ending("hang"), (1, 0)), (text("{", finish="length"), (1, 1))],
    ids=["refused", "lost", "cut-off"],
)
def test_what_a_failed_call_has_probably_cost_is_counted(
    server: OpenAIServer, make_llm, answer, counted: tuple[int, int]
) -> None:
    llm = make_llm(timeout_s=0.2)
    server.script = [answer]
    budget = llm.new_budget()
    with pytest.raises(ModelError):
        llm.structured(City, ASK, role="main", budget=budget)
    assert (budget.used.input_tokens > 0, budget.used.output_tokens > 0) == counted
    assert budget.used.calls == 1


@pytest.mark.parametrize("how", ["hang", "drip"])
def test_a_call_ends_at_its_time_limit(server: OpenAIServer, make_llm, how: str) -> None:
    llm = make_llm(timeout_s=0.2)
    server.script = [ending(how)]
    budget = llm.new_budget()
    with pytest.raises(ModelError, match="did not answer within"):
        llm.structured(City, ASK, role="main", budget=budget)
    assert budget.used.seconds >= 0.19
    assert len(server.requests) == 1


def test_an_endpoint_that_is_not_there(make_llm) -> None:
    llm = make_llm(base_url="http://127.0.0.1:9/v1")
    with pytest.raises(ModelError, match="cannot be reached"):
        llm.structured(City, ASK, role="main", budget=llm.new_budget())


@pytest.mark.parametrize(
    ("limits", "used", "says"),
    [
        ({"max_input_tokens": 50}, {}, "input tokens"),
        ({}, {"output_tokens": 2_400}, "output tokens"),
        ({}, {"cost_usd": 0.0399}, "USD"),
        ({}, {"seconds": 120.0}, "s are used"),
    ],
)
def test_over_budget_nothing_is_sent(server: OpenAIServer, make_llm, limits, used, says: str) -> None:
    llm = make_llm(**limits)
    with pytest.raises(ModelError, match=says):
        llm.structured(City, ASK, role="main", budget=llm.new_budget(Usage(**used)))
    assert server.requests == []


def test_a_model_without_a_price_is_limited_by_tokens_only(server: OpenAIServer, make_llm) -> None:
    llm = make_llm(model="my-own-model", max_cost_usd=0)
    server.script = [GOOD]
    budget = llm.new_budget()
    llm.structured(City, ASK, role="main", budget=budget)
    assert (budget.used.cost_usd, budget.used.unpriced_calls) == (0, 1)


def test_without_a_key_and_an_endpoint_there_is_no_model() -> None:
    llm = LLM(LLMSettings())
    with pytest.raises(ModelError, match="no API key"):
        llm.structured(City, ASK, role="main", budget=llm.new_budget())


def test_the_key_is_told_to_nobody_but_the_endpoint(
    server: OpenAIServer, make_llm, caplog: pytest.LogCaptureFixture
) -> None:
    llm = make_llm()
    server.script = [http_error(401, message=f"Incorrect API key provided: {KEY}")]
    with caplog.at_level(logging.DEBUG), pytest.raises(ModelError) as caught:
        llm.structured(City, ASK, role="main", budget=llm.new_budget())
    shown = "".join(traceback.format_exception(caught.value))
    told = [*(record.getMessage() for record in caplog.records if record.name.startswith("ops_assistant"))]
    assert KEY not in shown + "".join(told) + repr(llm.settings) + llm.settings.model_dump_json() + repr(
        vars(llm)
    )


def test_half_written_json_does_not_reach_a_chat(server: OpenAIServer, make_llm) -> None:
    """A graph's message stream (Studio's chat, chat UIs) shows what models write inside its nodes."""

    class State(TypedDict):
        name: str

    llm = make_llm()

    def node(_state: State) -> State:
        return {"name": llm.structured(City, ASK, role="main", budget=llm.new_budget()).name}

    server.script = [GOOD]
    graph = StateGraph(State).add_node("node", node).add_edge("__start__", "node").compile()
    seen = list(graph.stream({"name": ""}, stream_mode=["messages", "values"]))
    assert seen[-1] == ("values", {"name": "Bern"})
    assert "messages" not in {mode for mode, _ in seen}
    assert server.problems == []


# -- evidence tools -----------------------------------------------------------------------------------------


@tool
def look(place: str, limit: int = 5) -> str:
    """Look at a place."""
    if place == "nowhere":
        raise ValueError("no such place")
    return f"{limit} people in {place}"


def toolbox() -> Toolbox:
    return Toolbox([look], lambda result: f"<<{result}>>")


def test_the_model_may_look_before_it_answers(server: OpenAIServer, make_llm) -> None:
    llm = make_llm()
    server.script = [tool_call("look", place="Bern", limit=3), GOOD]
    budget = llm.new_budget()
    llm.structured(City, ASK, role="main", budget=budget, toolbox=toolbox())
    assert "<<3 people in Bern>>" in prompt_text(server.requests[1])
    assert budget.used.tool_rounds == 1
    assert server.problems == []


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (tool_call("look", place="nowhere", limit=1), "error: no such place"),
        (tool_call("look", limit=1), "error: "),
        (tool_call("delete_everything"), "no such tool"),
    ],
)
def test_a_bad_call_is_told_to_the_model(server: OpenAIServer, make_llm, call, told: str) -> None:
    llm = make_llm()
    server.script = [call, GOOD]
    llm.structured(City, ASK, role="main", budget=llm.new_budget(), toolbox=toolbox())
    assert told in prompt_text(server.requests[1])


def test_a_model_that_only_calls_tools_is_stopped(server: OpenAIServer, make_llm) -> None:
    llm = make_llm(max_tool_rounds=2)
    server.script = [tool_call("look", place="Bern", limit=1)]
    budget = llm.new_budget()
    with pytest.raises(ModelError, match="No more tools"):
        llm.structured(City, ASK, role="main", budget=budget, toolbox=toolbox())
    assert budget.used.tool_rounds == 2
    assert ["tools" in request for request in server.requests] == [True, True, False, False]
    assert "already answered" in prompt_text(server.requests[2])


def test_no_tools_are_offered_when_the_answer_would_no_longer_fit(server: OpenAIServer, make_llm) -> None:
    llm = make_llm(max_input_tokens=600)
    server.script = [GOOD]
    llm.structured(City, ASK, role="main", budget=llm.new_budget(), toolbox=toolbox())
    assert "tools" not in server.requests[0]


def test_the_secret_of_an_endpoint_of_ones_own_is_sent_as_given(server: OpenAIServer) -> None:
    llm = LLM(LLMSettings(base_url=server.url, api_key=SecretStr("other")))
    server.script = [GOOD]
    llm.structured(City, ASK, role="main", budget=llm.new_budget())
    assert server.problems == ["bad authorization"]  # the server knows KEY only, and saw another one
