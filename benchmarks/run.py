"""How long a whole run takes, and how much of it is the graph: `python benchmarks/run.py [--rounds 20]`.

Prints, for scenario 1 in one warm process: the case-based investigation up to the approval; the same agents
called as plain functions without a graph; resuming with an approval; and the ratio of the first two.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from ops_assistant import Alert, OpsAssistant, Settings
from ops_assistant.graph.evidence import keep_inline_logs
from ops_assistant.tools.digest import digest_logs


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    alert = Alert.load(Path(str(files("ops_assistant") / "data" / "connection-pool.json")))
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        with OpsAssistant(Settings(data_dir=Path(folder), engine="case-based")) as assistant:
            assistant.investigate(alert)
            print(f"first run, seeds the knowledge base   {time.perf_counter() - start:8.3f} s")
            run_s = median(lambda: assistant.investigate(alert), rounds)
            bare_s = median(lambda: bare(assistant, alert, Path(folder)), rounds)
            waiting = [run.thread_id for run in assistant.pending()][:rounds]
            resume_s = median(lambda: assistant.open(waiting.pop()).approve(by="benchmark"), len(waiting))
    print(f"investigation to the approval         {run_s:8.3f} s (median of {rounds})")
    print(f"the same agents without a graph       {bare_s:8.3f} s")
    print(f"open, approve, execute, report        {resume_s:8.3f} s")
    print(f"graph, checkpoints and store          {run_s / bare_s:8.2f} x the bare agents")


def bare(assistant: OpsAssistant, alert: Alert, folder: Path) -> None:
    """Do an investigation's work without graph, checkpoints and store."""
    deps = assistant._dependencies
    kept = keep_inline_logs(alert, folder / "bare")
    digest = digest_logs(kept.log_sources, redactor=deps.redactor)
    analysis = deps.log_analyst.run(kept, digest)
    diagnosis = deps.diagnostician.run(kept, digest, analysis)
    deps.recommender.run(kept, digest, diagnosis)


def median(work: Callable[[], object], rounds: int) -> float:
    """Return the median seconds of `rounds` calls."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    main()
