"""From single results to figures: accuracy, false alarms, calibration, proof."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..agents.llm.usage import Usage

NO_FAULT = "no-fault"
UNKNOWN = "unknown"
_BINS = 10
_MIN_MATCH = 12  # characters that a quotation and a cause line must share to be the same line


class Result(NamedTuple):
    """How one incident was judged."""

    id: str
    expected: str
    predicted: str
    top3: tuple[str, ...]
    confidence: int
    seconds: float
    difficulty: str
    claims: int  # root cause and hypotheses
    proven_claims: int
    root_proven: bool
    cause_line_cited: bool | None  # None: the incident has no cause line
    error: str = ""
    usage: Usage = Usage()  # of models; zero for the case-based engine

    @property
    def right(self) -> bool:
        """Return whether the first cause is the right one."""
        return self.predicted == self.expected

    @property
    def within3(self) -> bool:
        """Return whether the right cause is among the first three hypotheses."""
        return self.right or self.expected in self.top3


def summary(results: Sequence[Result], seconds: float) -> dict[str, Any]:
    """Return the object that `evaluate --json` prints; rates are None where nothing could be counted."""
    faults = [item for item in results if item.expected != NO_FAULT]
    healthy = [item for item in results if item.expected == NO_FAULT]
    cited = [item.cause_line_cited for item in faults if item.cause_line_cited is not None and item.right]
    return {
        "n": len(results),
        "top1": _share(results, lambda item: item.right),
        "top3": _share(results, lambda item: item.within3),
        "false_alarm_rate": _share(healthy, lambda item: item.predicted not in (NO_FAULT, UNKNOWN)),
        "missed_fault_rate": _share(faults, lambda item: item.predicted == NO_FAULT),
        "unknown_rate": _share(results, lambda item: item.predicted == UNKNOWN),
        "calibration_error": calibration_error(results),
        "proof_rate": _ratio(
            sum(item.proven_claims for item in results), sum(item.claims for item in results)
        ),
        "proven_root_rate": _share(results, lambda item: item.root_proven),
        "cause_line_share": _ratio(sum(cited), len(cited)),
        "by_difficulty": _grouped(results, lambda item: item.difficulty),
        "by_mode": _grouped(results, lambda item: item.expected),
        "reliability": reliability(results),
        "confusion": confusion(results),
        "input_tokens": sum(item.usage.input_tokens for item in results),
        "output_tokens": sum(item.usage.output_tokens for item in results),
        "cost_usd": round(sum(item.usage.cost_usd for item in results), 4),
        "seconds": round(seconds, 3),
        "median_seconds": _median([item.seconds for item in results]),
        "incidents": [
            {
                "id": item.id,
                "expected": item.expected,
                "predicted": item.predicted,
                "top3": list(item.top3),
                "confidence": item.confidence,
                "seconds": round(item.seconds, 4),
                "tokens": item.usage.input_tokens + item.usage.output_tokens,
                **({"error": item.error} if item.error else {}),
            }
            for item in results
        ],
    }


def reliability(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return per band of confidence: how many, the mean confidence, and the share that was right."""
    bands: dict[int, list[Result]] = {}
    for item in results:
        bands.setdefault(min(item.confidence * _BINS // 100, _BINS - 1), []).append(item)
    return [
        {
            "from": band * 100 // _BINS,
            "to": (band + 1) * 100 // _BINS,
            "n": len(held),
            "confidence": round(sum(item.confidence for item in held) / len(held) / 100, 4),
            "accuracy": _share(held, lambda item: item.right),
        }
        for band, held in sorted(bands.items())
    ]


def calibration_error(results: Sequence[Result]) -> float | None:
    """Return the expected calibration error over ten bands, 0 to 1."""
    if not results:
        return None
    gaps = [band["n"] * abs(band["confidence"] - band["accuracy"]) for band in reliability(results)]
    return round(float(sum(gaps)) / len(results), 4)


def confusion(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return what was taken for what, most frequent first."""
    pairs = Counter((item.expected, item.predicted) for item in results if not item.right)
    ordered = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
    return [{"expected": want, "predicted": got, "n": count} for (want, got), count in ordered]


def same_line(quote: str, cause_line: str) -> bool:
    """Return whether a quotation is of the line that proves the cause; white space does not matter."""
    left, right = " ".join(quote.split()), " ".join(cause_line.split())
    if min(len(left), len(right)) < _MIN_MATCH:
        return left == right
    return left in right or right in left


def _grouped(results: Sequence[Result], key: Callable[[Result], str]) -> dict[str, dict[str, Any]]:
    groups: dict[str, list[Result]] = {}
    for item in results:
        groups.setdefault(key(item), []).append(item)
    return {
        name: {
            "n": len(held),
            "top1": _share(held, lambda item: item.right),
            "top3": _share(held, lambda item: item.within3),
        }
        for name, held in sorted(groups.items())
    }


def _share(results: Sequence[Result], holds: Callable[[Result], bool]) -> float | None:
    return _ratio(sum(1 for item in results if holds(item)), len(results))


def _ratio(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return round(ordered[len(ordered) // 2], 4) if ordered else 0.0
