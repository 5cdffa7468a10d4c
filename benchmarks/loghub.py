# ruff: noqa: E501 - tables of examples and patterns
"""Grouping quality on the Loghub 2k samples: ours against drain3, nothing tuned per system.

    python benchmarks/loghub.py FOLDER        # holds <System>_2k.log and <System>_2k.log_structured.csv

GA: share of lines whose group is exactly right. FGA: F1 over groups. hidden: share of lines in a group most of whose
lines are another event - what makes a digest lose evidence. `content` is the message without its header (as
the sample's csv gives it, the usual setting); `raw` is the whole line, parsed by the digest itself."""

import argparse
import csv
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean

from ops_assistant.tools.digest.parse import LineParser
from ops_assistant.tools.digest.shapes import Shape, code_merge, loose_merge, shape_of, slot_merge

REFERENCE = datetime(2026, 1, 1, tzinfo=UTC)
MINIMUM = 5  # words in a slot: the digest's setting for logs with many shapes


def group_content(contents: Sequence[str]) -> list[object]:
    """Group messages whose header is known."""
    return _merge([("", content) for content in contents])


def group_folded(contents: Sequence[str]) -> list[object]:
    """Like `group_content`, with the codes folded that the digest keeps apart on purpose (status 200 and 404)."""
    shapes: list[tuple[str, Shape]] = [
        ("", tuple(re.sub(r"-?[0-9]+", "<*>", word) for word in shape_of(content))) for content in contents
    ]
    return _merge_shapes(shapes)


def group_raw(lines: Sequence[str]) -> list[object]:
    """Group whole lines as the digest does: by level, component and shape."""
    parser = LineParser(REFERENCE)
    parsed = [parser.parse(line) for line in lines]
    return _merge([(f"{p.level}\t{p.component}", p.message) for p in parsed])


def _merge(messages: list[tuple[str, str]]) -> list[object]:
    shapes = [(kind, shape_of(message)) for kind, message in messages]
    return _merge_shapes(shapes)


def _merge_shapes(shapes: list[tuple[str, Shape]]) -> list[object]:
    for merge in (
        code_merge,
        lambda items: slot_merge(items, MINIMUM),
        loose_merge,
        lambda items: slot_merge(items, MINIMUM),
    ):
        merged = merge(dict.fromkeys(shapes))
        shapes = [(kind, merged[(kind, shape)]) for kind, shape in shapes]
    return list(shapes)


def group_drain(contents: Sequence[str], *, masks: bool) -> list[object]:
    """Group with drain3: its default, or with the masks of its example configuration."""
    from drain3 import TemplateMiner
    from drain3.masking import MaskingInstruction
    from drain3.template_miner_config import TemplateMinerConfig

    config = TemplateMinerConfig()
    start, end = r"((?<=[^A-Za-z0-9])|^)", r"((?=[^A-Za-z0-9])|$)"
    config.masking_instructions = [
        MaskingInstruction(start + pattern + end, name)
        for pattern, name in (
            (r"(([0-9a-f]{2,}:){3,}([0-9a-f]{2,}))", "ID"), (r"(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})", "IP"),
            (r"([0-9a-f]{6,} ?){3,}", "SEQ"), (r"([0-9A-F]{4} ?){4,}", "SEQ"), (r"(0x[a-f0-9A-F]+)", "HEX"), (r"([\-\+]?\d+)", "NUM"),
        )
    ] if masks else []  # fmt: skip
    miner = TemplateMiner(config=config)
    return [miner.add_log_message(content)["cluster_id"] for content in contents]


def scores(groups: Sequence[object], truth: Sequence[str]) -> tuple[float, float, float]:
    """Return (GA, FGA, share of hidden lines)."""
    members: dict[object, Counter[str]] = defaultdict(Counter)
    for group, event in zip(groups, truth, strict=True):
        members[group][event] += 1
    sizes = Counter(truth)
    right = [
        events
        for events in members.values()
        if len(events) == 1 and all(sizes[e] == n for e, n in events.items())
    ]
    lines = sum(events.total() for events in right)
    hidden = sum(events.total() - max(events.values()) for events in members.values())
    precision, recall = len(right) / len(members), len(right) / len(sizes)
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return lines / len(truth), f1, hidden / len(truth)


def main() -> None:
    """Print a table per system and the means."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    subjects: dict[str, Callable[[list[str], list[str]], list[object]]] = {
        "ours content": lambda contents, _: group_content(contents),
        "ours, codes folded": lambda contents, _: group_folded(contents),
        "ours raw": lambda _, lines: group_raw(lines),
        "drain3 content": lambda contents, _: group_drain(contents, masks=False),
        "drain3+masks content": lambda contents, _: group_drain(contents, masks=True),
        "drain3+masks raw": lambda _, lines: group_drain(lines, masks=True),
    }
    table: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    print(f"{'system':13}" + "".join(f"{name:>24}" for name in subjects) + "    (GA / FGA / hidden %)")
    for path in sorted(folder.glob("*_2k.log_structured.csv")):
        with path.open(newline="", errors="replace") as file:
            rows = list(csv.DictReader(file))
        lines = (
            path.with_name(path.name.removesuffix("_structured.csv")).read_text(errors="replace").splitlines()
        )
        if len(lines) != len(rows):  # stray line breaks inside a sample
            lines = [line for line in lines if line.strip()][: len(rows)]
        truth = [row["EventId"] for row in rows]
        cells = ""
        for name, subject in subjects.items():
            result = scores(subject([row["Content"] for row in rows], lines), truth)
            table[name].append(result)
            cells += f"{result[0]:>11.3f} {result[1]:.3f} {result[2] * 100:5.2f}"
        print(f"{path.name.split('_')[0]:13}{cells}")
    print(
        f"{'mean':13}"
        + "".join(
            f"{mean(r[0] for r in rs):>11.3f} {mean(r[1] for r in rs):.3f} {mean(r[2] for r in rs) * 100:5.2f}"
            for rs in table.values()
        )
    )


if __name__ == "__main__":
    main()
