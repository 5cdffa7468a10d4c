"""Budget, prices, and cutting text to a size."""

import pytest

from ops_assistant.agents.llm import LLMSettings, Usage
from ops_assistant.agents.llm.budget import Budget, fit
from ops_assistant.agents.llm.usage import PRICES, cost_usd, price_of
from ops_assistant.tools.digest import estimate_tokens
from ops_assistant.tools.errors import ModelError


def test_the_default_models_have_a_price() -> None:
    settings = LLMSettings()
    assert price_of(settings.model_name("log"))
    assert price_of(settings.model_name("main"))


def test_a_dated_snapshot_costs_what_its_family_costs() -> None:
    assert price_of("gpt-4o-2024-08-06") == PRICES["gpt-4o"]
    assert price_of("gpt-4o-of-my-own") is None


def test_cached_input_is_cheaper() -> None:
    assert cost_usd(PRICES["gpt-4o"], 1_000_000, 0) == pytest.approx(2.50)
    assert cost_usd(PRICES["gpt-4o"], 1_000_000, 0, cached_tokens=1_000_000) == pytest.approx(1.25)


def test_usage_adds_up() -> None:
    one = Usage(input_tokens=1, output_tokens=2, cost_usd=0.5, seconds=1.5, calls=1, tool_rounds=1)
    assert one.add(one) == Usage(
        input_tokens=2, output_tokens=4, cost_usd=1.0, seconds=3.0, calls=2, tool_rounds=2
    )


def test_usage_in_words_says_what_has_no_price() -> None:
    used = Usage(
        input_tokens=10, output_tokens=2, cost_usd=0.5, seconds=1.5, calls=2, tool_rounds=1, unpriced_calls=1
    )
    assert used.words().startswith(
        "2 calls, 10 input and 2 output tokens, 0.5000 USD at the list prices of 20"
    )
    assert used.words().endswith("1.5 s, 1 rounds of tools; 1 calls have no known price")


def test_money_shortens_the_answer_before_it_forbids_the_call() -> None:
    budget = Budget(LLMSettings(max_cost_usd=0.01))
    assert budget.output_allowed("main", 2_000, 900) == 500  # 0.005 USD are left at 10 USD per million
    with pytest.raises(ModelError, match="USD"):
        budget.output_allowed("main", 3_600, 900)


def test_what_is_affordable_is_bounded_by_tokens_and_by_money() -> None:
    budget = Budget(LLMSettings(max_cost_usd=0.01, max_input_tokens=3_000))
    assert budget.affords("main", 2_000, 500)
    assert not budget.affords("main", 2_000, 600)
    assert not budget.affords("log", 3_001, 0)
    assert Budget(LLMSettings(model="my-own", max_cost_usd=0)).affords("main", 2_000, 900)


def test_a_budget_goes_on_from_earlier_steps() -> None:
    first = Budget(LLMSettings())
    first.record("log", input_tokens=3_000, output_tokens=400, seconds=2.0)
    again = Budget(LLMSettings(), Usage.model_validate(first.used.model_dump(mode="json")))
    assert again.input_left == 9_000
    assert again.seconds_left == 118.0


def test_text_is_cut_at_a_line_and_says_so() -> None:
    text = "\n".join(f"line {number} of many" for number in range(100))
    short = fit(text, 50)
    assert estimate_tokens(short) <= 50
    assert short.endswith("[cut here to fit the token budget]")
    assert short.splitlines()[0] == "line 0 of many"
    assert fit("short", 50) == "short"
