"""Retrieval: recall on labelled incidents and on people's words, by component; latency and memory by size.

    python benchmarks/retrieval.py recall [--incidents tests/data/incidents/dev.jsonl]
    python benchmarks/retrieval.py speed [--sizes 200 10000 100000]
    python benchmarks/retrieval.py open

Prints one JSON object. Run from the repository's root.
"""

import argparse
import json
import random
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
from ops_assistant.tools.knowledge import Case, Hit, KnowledgeBase, Signature, SignatureMatcher, load_cases
from ops_assistant.tools.knowledge.embedding import WordLlamaEmbedder
from ops_assistant.tools.knowledge.lexical import LexicalIndex
from ops_assistant.tools.knowledge.ranking import Weights
from ops_assistant.tools.knowledge.retrieval import ANY, Retriever
from ops_assistant.tools.knowledge.vectors import VectorIndex
from ops_assistant.tools.knowledge.views import case_entries, case_words

DATA = Path(__file__).parent.parent / "tests" / "data"
ABLATION: dict[str, Weights | None] = {
    "fused": None,  # as it is used
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
    sentences = [(mode, text) for mode, texts in _paraphrases().items() for text in texts]
    report: dict[str, Any] = {"incidents": {"n": len(digests)}, "paraphrases": {"n": len(sentences)}}
    with tempfile.TemporaryDirectory() as folder, KnowledgeBase(Path(folder)) as kb:
        retriever = kb.retriever()
        report["cases"] = len(kb.cases())
        for name, weights in ABLATION.items():
            chosen = {} if weights is None else {"weights": weights}
            by_digest = [
                (mode, partial(retriever.digest, digest, alert_text=alert, top_k=10, **chosen))
                for _, mode, digest, alert in digests
            ]
            by_text = [
                (mode, partial(retriever.text, text, top_k=10, only=ANY, **chosen))
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


def synthetic_cases(count: int) -> list[Case]:
    """Return `count` cases made of the packaged ones' words: other titles, symptoms and signatures each time."""
    generator = random.Random(7)
    seed = load_cases()
    vocabulary = sorted({word for case in seed for text in case.symptoms for word in text.split()})
    signatures = [item.text for case in seed for item in case.signatures if item.text]

    def sentence(words: int) -> str:
        return " ".join(generator.choices(vocabulary, k=words))

    cases = seed[:count]
    for number in range(count - len(cases)):
        base = generator.choice(seed)
        update = {
            "id": f"synthetic-{number}",
            "title": f"{base.title[:60]} {sentence(6)}"[:160],
            "symptoms": [sentence(12), sentence(12)],
            "root_cause": f"{base.root_cause} {sentence(10)}",
            "signatures": [
                Signature(text=f"{generator.choice(signatures)} {sentence(2)}"[:120]) for _ in range(3)
            ],
        }
        cases.append(base.model_copy(update=update))
    return cases


def speed_of(count: int) -> dict[str, Any]:
    """Return build time, memory and latencies (ms) with `count` cases; run in a process of its own."""
    cases = synthetic_cases(count)
    digests = incidents(DATA / "incidents" / "dev.jsonl")[:40]
    sentences = [text for texts in _paraphrases().values() for text in texts]
    before = memory_mb()
    with tempfile.TemporaryDirectory() as folder:
        built: dict[str, float] = {}

        def timed(name: str, make: Callable[[], Any]) -> Any:
            start = time.perf_counter()
            made = make()
            built[name] = round(time.perf_counter() - start, 2)
            return made

        matcher = timed("signatures", lambda: SignatureMatcher(cases))
        lexical = timed("bm25", lambda: LexicalIndex.build([case_words(case) for case in cases]))
        vectors = VectorIndex(WordLlamaEmbedder(), path=Path(folder) / "chroma")
        vectors.open()
        entries = [entry for case in cases for entry in case_entries(case)]
        timed("vectors", lambda: vectors.sync(entries, "benchmark", foreign=False))
        retriever = Retriever(cases, matcher, lexical, vectors)
        report = {
            "cases": count,
            "signatures": sum(len(case.signatures) for case in cases),
            "build_s": built,
            "memory_mb": round(memory_mb() - before),
            "search_ms": latency([partial(retriever.text, text, top_k=3, only=ANY) for text in sentences]),
            "search_digest_ms": latency(
                [partial(retriever.digest, item[2], alert_text=item[3], top_k=10) for item in digests]
            ),
            "signatures_in_digest_ms": latency([partial(matcher.match, item[2]) for item in digests]),
        }
        vectors.close()
    return report


def open_times(repeats: int = 5) -> dict[str, Any]:
    """Return what opening the packaged knowledge base and one search take in fresh processes, without imports."""
    script = (
        "import time, sys\n"
        "from pathlib import Path\n"
        "import bm25s, chromadb, chromadb.api.rust, numpy, re2, safetensors, tokenizers\n"
        "import ops_assistant.tools.knowledge.index, ops_assistant.tools.knowledge.retrieval\n"
        "from ops_assistant.tools.knowledge import KnowledgeBase\n"
        "start, cpu = time.perf_counter(), time.process_time()\n"
        "kb = KnowledgeBase(Path(sys.argv[1]))\n"
        "kb.search('no space left on device')\n"
        "print((time.perf_counter() - start) * 1000, (time.process_time() - cpu) * 1000, len(kb.cases()))\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        runs = [
            [float(number) for number in subprocess.run(
                [sys.executable, "-c", script, folder], check=True, capture_output=True, text=True
            ).stdout.split()]
            for _ in range(repeats + 1)
        ]  # fmt: skip
    warm = sorted(run[0] for run in runs[1:])
    return {
        "cases": int(runs[0][2]),
        "cold_ms": round(runs[0][0]),
        "warm_ms": {"median": round(statistics.median(warm)), "best": round(warm[0])},
        "warm_cpu_ms": round(min(run[1] for run in runs[1:])),
    }


def latency(calls: Sequence[Callable[[], object]], at_least: int = 200) -> dict[str, float]:
    """Return p50 and p99 in milliseconds over at least `at_least` calls, after one warm round."""
    for call in calls:
        call()
    times = []
    while len(times) < at_least:
        for call in calls:
            start = time.perf_counter()
            call()
            times.append((time.perf_counter() - start) * 1000)
    times.sort()
    return {"p50": round(times[len(times) // 2], 2), "p99": round(times[int(len(times) * 0.99)], 2)}


def memory_mb() -> float:
    """Return the process's peak memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _paraphrases() -> dict[str, list[str]]:
    loaded: dict[str, list[str]] = yaml.safe_load((DATA / "paraphrases.yaml").read_text(encoding="utf-8"))
    return loaded


def main() -> None:
    """Run one of the measurements and print its report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("recall")
    command.add_argument("--incidents", type=Path, default=DATA / "incidents" / "dev.jsonl")
    command = commands.add_parser("speed")
    command.add_argument("--sizes", type=int, nargs="+", default=[200, 10_000, 100_000])
    command = commands.add_parser("speed-of")
    command.add_argument("count", type=int)
    commands.add_parser("open")
    arguments = parser.parse_args()
    report: Any
    if arguments.command == "recall":
        report = recall(arguments.incidents)
    elif arguments.command == "open":
        report = open_times()
    elif arguments.command == "speed-of":
        report = speed_of(arguments.count)
    else:
        # Each size in a process of its own, so that peak memory is its own.
        report = [
            json.loads(subprocess.run(
                [sys.executable, __file__, "speed-of", str(size)], check=True, capture_output=True, text=True
            ).stdout)
            for size in arguments.sizes
        ]  # fmt: skip
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
