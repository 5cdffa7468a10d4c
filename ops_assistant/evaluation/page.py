"""The result as one HTML page with plots drawn as inline SVG: no script, nothing to load."""

from collections.abc import Sequence
from html import escape
from typing import Any

_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a2e}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem .75rem;border-bottom:1px solid #ddd;text-align:left}
td.n{text-align:right;font-variant-numeric:tabular-nums}h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
svg text{font:12px system-ui,sans-serif;fill:#333}.miss{color:#b00020}"""
_BLUE, _GREY = "#3b6fb5", "#c9ced6"
_ROW, _BAR = 22, 360


def html_page(result: dict[str, Any], title: str) -> str:
    """Return a whole page about the result of `evaluate`."""
    figures = [
        ("Incidents", result["n"]),
        ("Top-1", percent(result["top1"])),
        ("Top-3", percent(result["top3"])),
        ("False alarms", percent(result["false_alarm_rate"])),
        ("Missed faults", percent(result["missed_fault_rate"])),
        ("Unknown", percent(result["unknown_rate"])),
        ("Calibration error", percent(result["calibration_error"])),
        ("Claims with proof", percent(result["proof_rate"])),
        ("Proof is the cause line", percent(result["cause_line_share"])),
        ("Median seconds", f"{result['median_seconds']:.3f}"),
        ("Tokens in / out", f"{result['input_tokens']} / {result['output_tokens']}"),
        ("Cost", f"{result['cost_usd']:.2f} USD"),
    ]
    misses = [item for item in result["incidents"] if item["expected"] != item["predicted"]]
    parts = [
        f"<h1>{escape(title)}</h1>",
        _table(("Figure", "Value"), figures),
        "<h2>Calibration</h2><p>Each dot is a band of confidence; on the line, confidence is right.</p>",
        reliability_svg(result["reliability"]),
        "<h2>By failure mode (top-1)</h2>",
        _bars(result["by_mode"]),
        "<h2>By difficulty (top-1)</h2>",
        _bars(result["by_difficulty"]),
        "<h2>Taken for something else</h2>",
        _table(
            ("Expected", "Predicted", "Times"),
            [(item["expected"], item["predicted"], item["n"]) for item in result["confusion"]],
        ),
        "<h2>Incidents not found</h2>",
        _table(
            ("Incident", "Expected", "Predicted", "Confidence"),
            [(item["id"], item["expected"], item["predicted"], f"{item['confidence']} %") for item in misses],
        ),
    ]
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def percent(value: float | None) -> str:
    """Return a share as percent, or a dash where nothing was counted."""
    return "–" if value is None else f"{100 * value:.1f} %"


def reliability_svg(bands: Sequence[dict[str, Any]]) -> str:
    """Return the reliability diagram; the size of a dot is the number of incidents."""
    size, margin = 300, 40

    def x(share: float) -> float:
        return margin + share * size

    def y(share: float) -> float:
        return 10 + (1 - share) * size

    most = max((band["n"] for band in bands), default=1)
    dots = "".join(
        f'<circle cx="{x(band["confidence"]):.1f}" cy="{y(band["accuracy"]):.1f}" '
        f'r="{3 + 9 * (band["n"] / most) ** 0.5:.1f}" fill="{_BLUE}" fill-opacity=".75">'
        f"<title>{band['from']}-{band['to']} %: {band['n']} incidents, {percent(band['accuracy'])} right</title>"
        "</circle>"
        for band in bands
    )
    ticks = "".join(
        f'<text x="{x(tick):.0f}" y="{y(0) + 18:.0f}" text-anchor="middle">{tick:.0%}</text>'
        f'<text x="{margin - 6}" y="{y(tick) + 4:.0f}" text-anchor="end">{tick:.0%}</text>'
        for tick in (0, 0.25, 0.5, 0.75, 1)
    )
    frame = f'<rect x="{x(0)}" y="{y(1)}" width="{size}" height="{size}" fill="none" stroke="{_GREY}"/>'
    line = f'<line x1="{x(0)}" y1="{y(0)}" x2="{x(1)}" y2="{y(1)}" stroke="{_GREY}"/>'
    return _svg(size + margin + 20, size + 40, f"{frame}{line}{ticks}{dots}", "Reliability diagram")


def _bars(groups: dict[str, dict[str, Any]]) -> str:
    rows = []
    for place, (name, group) in enumerate(groups.items()):
        top = place * _ROW
        share = group["top1"] or 0.0
        rows.append(
            f'<text x="245" y="{top + 15}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="255" y="{top + 4}" width="{_BAR}" height="14" fill="{_GREY}" fill-opacity=".4"/>'
            f'<rect x="255" y="{top + 4}" width="{_BAR * share:.1f}" height="14" fill="{_BLUE}"/>'
            f'<text x="{265 + _BAR}" y="{top + 15}">{round(share * group["n"])} of {group["n"]}</text>'
        )
    return _svg(255 + _BAR + 90, len(groups) * _ROW + 6, "".join(rows), "Share found")


def _svg(width: float, height: float, body: str, label: str) -> str:
    return (
        f'<svg width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'aria-label="{escape(label)}">{body}</svg>'
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    if not rows:
        return "<p>None.</p>"
    head = "".join(f"<th>{escape(item)}</th>" for item in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"
