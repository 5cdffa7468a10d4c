"""Retrieval: recall on labelled incidents and on people's words, by component; latency and memory by size.

    python benchmarks/retrieval.py recall [--incidents tests/data/incidents/dev.jsonl]
    python benchmarks/retrieval.py speed [--sizes 200 10000 100000]
    python benchmarks/retrieval.py open

Prints one JSON object. Run from the repository's root.
"""

import argparse
import json
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from ops_assistant.tools.digest import LogDigest, digest_logs
from ops_assistant.tools.knowledge import Case, Hit, KnowledgeBase, Signature, SignatureMatcher
from ops_assistant.tools.knowledge.ranking import Weights
from ops_assistant.tools.knowledge.retrieval import ANY, Retriever

DATA = Path(__file__).parent.parent / "tests" / "data"
ABLATION = {
    "fused": Weights(),
    "signatures only": Weights(lexical=0, vectors=0),
    "bm25 only": Weights(signatures=0, lexical=1, vectors=0),
    "vectors only": Weights(signatures=0, lexical=0, vectors=1),
    "without signatures": Weights(signatures=0),
    "without bm25": Weights(lexical=0),
    "without vectors": Weights(vectors=0),
}


def incidents(path: Path) -> list[tuple[str, str, LogDigest, str]]:
    """Return id, failure mode, digest and alert text of each incident that has a fault."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        if item["failure_mode"] == "no-fault":
            continue
        logs = item["logs"] if isinstance(item["logs"], str) else "\n".join(item["logs"])
        with tempfile.TemporaryDirectory() as folder:
            # Headings `==> name <==` separate files.
            parts = re.split(r"(?m)^==> (.+) <==$", logs)
            texts = [("inline", parts[0]), *zip(parts[1::2], parts[2::2], strict=True)]
            paths = []
            for number, (name, text) in enumerate(texts):
                if text.strip():
                    paths.append(Path(folder) / f"{number}-{name.strip().replace('/', '_')}.log")
                    paths[-1].write_text(text.strip("\n") + "\n", encoding="utf-8")
            found.append((item["id"], item["failure_mode"], digest_logs(paths), item["alert"]))
    return found


def ranks(queries: Sequence[tuple[str, Callable[[], list[Hit]]]]) -> tuple[dict[str, float], list[int]]:
    """Return recall@1/3/5 of the right failure mode among the hits, and each query's rank (0: not found)."""
    places = []
    for mode, search in queries:
        modes = [hit.case.failure_mode for hit in search()]
        places.append(modes.index(mode) + 1 if mode in modes else 0)
    return {
        f"recall@{k}": round(sum(0 < place <= k for place in places) / len(places), 3) for k in (1, 3, 5)
    }, places


def recall(path: Path) -> dict[str, Any]:
    """Return recall on the incidents in `path` and on the paraphrases, fused and by component."""
    digests = incidents(path)
    sentences = [
        (mode, text)
        for mode, texts in yaml.safe_load((DATA / "paraphrases.yaml").read_text(encoding="utf-8")).items()
        for text in texts
    ]
    report: dict[str, Any] = {"incidents": {"n": len(digests)}, "paraphrases": {"n": len(sentences)}}
    with tempfile.TemporaryDirectory() as folder, KnowledgeBase(Path(folder)) as kb:
        retriever = kb.retriever()
        report["cases"] = len(kb.cases())
        for name, weights in ABLATION.items():
            by_digest = [
                (mode, partial(retriever.digest, digest, alert_text=alert, top_k=10, weights=weights))
                for _, mode, digest, alert in digests
            ]
            by_text = [
                (mode, partial(retriever.text, text, top_k=10, only=ANY, weights=weights))
                for mode, text in sentences
            ]
            report["incidents"][name], places = ranks(by_digest)
            report["paraphrases"][name], text_places = ranks(by_text)
            if name == "fused":
                report["incidents"]["missed"] = [
                    item[0] for item, place in zip(digests, places, strict=True) if not 0 < place <= 3
                ]
                report["paraphrases"]["missed"] = [
                    text
                    for (_, text), place in zip(sentences, text_places, strict=True)
                    if not 0 < place <= 3
                ]
    return report


def main() -> None:
    """Run one of the measurements and print its report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("recall")
    command.add_argument("--incidents", type=Path, default=DATA / "incidents" / "dev.jsonl")
    arguments = parser.parse_args()
    report = recall(arguments.incidents)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
