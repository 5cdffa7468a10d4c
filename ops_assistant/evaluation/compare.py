"""Two results of the same incidents, side by side."""

from pathlib import Path
from typing import Any

import orjson

from ..tools.errors import InputError

FIGURES = (
    "n", "top1", "top3", "false_alarm_rate", "missed_fault_rate", "unknown_rate", "calibration_error", "proof_rate",
    "cause_line_share", "median_seconds", "input_tokens", "output_tokens", "cost_usd",
)  # fmt: skip


def load_result(path: Path) -> dict[str, Any]:
    """Read what `evaluate --json` printed; raises `InputError` for anything else."""
    try:
        data = orjson.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except orjson.JSONDecodeError as error:
        raise InputError(f"{path}: not JSON ({error}); expected the output of `evaluate --json`") from None
    if not isinstance(data, dict) or not isinstance(data.get("incidents"), list):
        raise InputError(f"{path}: field `incidents` is missing; expected the output of `evaluate --json`")
    return data


def compare(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return both figures with their difference, and the incidents that became right or wrong."""
    before = {item["id"]: item for item in first["incidents"]}
    after = {item["id"]: item for item in second["incidents"]}
    both = [(before[key], after[key]) for key in before if key in after]
    return {
        "figures": {name: _pair(first.get(name), second.get(name)) for name in FIGURES},
        "gained": [_change(old, new) for old, new in both if not _right(old) and _right(new)],
        "lost": [_change(old, new) for old, new in both if _right(old) and not _right(new)],
        "only_first": sorted(set(before) - set(after)),
        "only_second": sorted(set(after) - set(before)),
    }


def _pair(old: float | None, new: float | None) -> dict[str, float | None]:
    difference = round(new - old, 4) if old is not None and new is not None else None
    return {"first": old, "second": new, "difference": difference}


def _right(item: dict[str, Any]) -> bool:
    return bool(item["expected"] == item["predicted"])


def _change(old: dict[str, Any], new: dict[str, Any]) -> dict[str, str]:
    return {
        "id": new["id"],
        "expected": new["expected"],
        "first": old["predicted"],
        "second": new["predicted"],
    }
