"""Schemas for strict structured output."""

from enum import StrEnum

import pytest
from pydantic import BaseModel, Field

from ops_assistant.agents.llm.schema import response_format, strict_schema
from ops_assistant.agents.llm.wire import WireDiagnosis, WireLogAnalysis, WireRecommendation
from ops_assistant.tools.knowledge.loading import failure_modes


class Colour(StrEnum):
    RED = "red"


class Inner(BaseModel):
    title: str = "x"
    colour: Colour | None = None


class Outer(BaseModel):
    format: int = Field(3, ge=1, le=5, description="How many")
    inner: Inner = Field(default_factory=Inner, description="Nested")
    more: list[Inner] = Field(default_factory=list, max_length=3)


def closed(node: object) -> bool:
    """Whether every object in the schema is closed and has all of its properties required."""
    if isinstance(node, list):
        return all(closed(item) for item in node)
    if not isinstance(node, dict):
        return True
    own = node.get("type") != "object" or (
        node["additionalProperties"] is False and node["required"] == list(node["properties"])
    )
    return own and all(closed(value) for value in node.values())


def test_defaults_limits_and_references_are_gone_and_properties_keep_their_names() -> None:
    schema = strict_schema(Outer)
    assert closed(schema)
    assert schema["properties"]["format"] == {"type": "integer", "description": "How many"}
    assert set(schema["properties"]["inner"]["properties"]) == {"title", "colour"}
    assert schema["properties"]["inner"]["description"] == "Nested"
    assert "$ref" not in str(schema)
    assert "$defs" not in schema
    assert "maxItems" not in schema["properties"]["more"]


def test_free_keys_cannot_be_expressed() -> None:
    class Free(BaseModel):
        params: dict[str, str]

    with pytest.raises(ValueError, match="named properties"):
        strict_schema(Free)


@pytest.mark.parametrize("wire", [WireLogAnalysis, WireDiagnosis, WireRecommendation])
def test_what_is_sent_to_the_models_is_strict(wire: type[BaseModel]) -> None:
    sent = response_format(wire)["json_schema"]
    assert sent["strict"] is True
    assert sent["name"] == wire.__name__
    assert closed(sent["schema"])


def test_a_diagnosis_chooses_among_the_failure_modes() -> None:
    hypothesis = strict_schema(WireDiagnosis)["properties"]["hypotheses"]["items"]
    assert hypothesis["properties"]["failure_mode"]["enum"] == [*failure_modes(), "unknown"]
