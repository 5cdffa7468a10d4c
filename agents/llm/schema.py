"""JSON schemas in the subset that strict structured output accepts."""

from typing import Any

from pydantic import BaseModel

# Annotations that strict mode refuses or ignores; limits are checked in code, where a violation can be
# mended instead of failing the call.
_DROPPED = frozenset(
    {
        "title", "default", "examples", "format", "pattern", "minimum", "maximum", "exclusiveMinimum",
        "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems",
    }
)  # fmt: skip


def strict_schema(schema: type[BaseModel] | dict[str, Any]) -> dict[str, Any]:
    """Return the schema with every object closed, every property required, and references inlined.

    Raises `ValueError` for an object with free keys (`dict[str, ...]`): strict mode cannot express one.
    """
    root = schema if isinstance(schema, dict) else schema.model_json_schema()
    strict = _strict(root, root.get("$defs", {}))
    assert isinstance(strict, dict)  # noqa: S101 - a dict goes in
    return strict


def _strict(node: Any, defs: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_strict(item, defs) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:  # a reference may have no neighbours in strict mode, so the target is written out
        target = defs[node["$ref"].rsplit("/", 1)[1]]
        return _strict({**target, **{key: value for key, value in node.items() if key != "$ref"}}, defs)
    result = {
        key: _strict(value, defs)
        for key, value in node.items()
        if key not in _DROPPED and key not in ("$defs", "properties")
    }
    if node.get("type") == "object":
        if node.get("additionalProperties") not in (None, False) or "properties" not in node:
            raise ValueError("strict mode needs objects with named properties only")
        # Property names are data, not keywords: a property may be called `title` or `format`.
        result["properties"] = {name: _strict(value, defs) for name, value in node["properties"].items()}
        result["required"] = list(node["properties"])
        result["additionalProperties"] = False
    return result


def response_format(schema: type[BaseModel]) -> dict[str, Any]:
    """Return the `response_format` of a request whose answer must be a `schema`."""
    return {
        "type": "json_schema",
        "json_schema": {"name": schema.__name__, "strict": True, "schema": strict_schema(schema)},
    }
