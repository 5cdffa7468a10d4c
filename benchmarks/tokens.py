"""What one incident costs with a model: tokens and money for a log of a million lines.

    python benchmarks/tokens.py [--lines 1000000] [--tiktoken]

Investigates through the real client over HTTP; the endpoint is a stand-in on the loopback that counts what it is sent
and answers at length: three hypotheses, three solutions, and one round of tools before the diagnosis. Counts the
messages, schemas and tools of each request with the estimate that the budget uses, or with `--tiktoken` exactly
(o200k_base; tiktoken fetches its vocabulary once).
"""

import argparse
import itertools
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from digest import json_lines, mixed_lines, write
from pydantic import SecretStr

from ops_assistant import OpsAssistant, Settings
from ops_assistant.agents.llm import PRICES, PRICES_AS_OF
from ops_assistant.tools.digest import estimate_tokens

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from openai_server import KEY, OpenAIServer, Reply, completion, good_answers, schema_name, tool_call

GOAL_INPUT, GOAL_OUTPUT, GOAL_USD = 12_000, 2_500, 0.04
MODE = "db-connection-pool-exhausted"
FAULT = [
    "ERROR [worker-3] c.e.pool.PoolMonitor - Connection pool exhausted (50/50 connections in use), waiting: 120",
    "ERROR [worker-5] c.e.http.AccessFilter - GET /api/orders/5 -> 504 Gateway Timeout after 30000 ms",
]
WORDS = (
    "because every connection of the pool is held by a session that waits and none of them comes back in time"
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--tiktoken", action="store_true", help="count exactly instead of by the estimate")
    options = parser.parse_args()
    count = exact_counter() if options.tiktoken else estimate_tokens
    for name, lines in (("six systems mixed", mixed_lines), ("compact JSON with random ids", json_lines)):
        with tempfile.TemporaryDirectory() as folder:
            print(f"\n{options.lines} lines, {name}")
            measure(Path(folder), lines(options.lines), count)


def exact_counter() -> Callable[[str], int]:
    """Return a counter of o200k_base tokens."""
    import tiktoken

    encoding = tiktoken.get_encoding("o200k_base")
    return lambda text: len(encoding.encode(text, disallowed_special=()))


def measure(folder: Path, lines: Iterator[str], count: Callable[[str], int]) -> None:
    """Write the log with a fault in it, investigate it, and print what was sent and answered."""
    log, other = folder / "shop.log", folder / "db.log"
    write(log, with_fault(lines))
    write(other, itertools.islice(mixed_lines(20_000, seed=3), 20_000))
    (folder / "inventory.yaml").write_text(
        f"services:\n- {{name: shop, depends_on: [db]}}\n- {{name: db, logs: ['{other}']}}\n"
    )
    calls: list[tuple[str, str, int, int]] = []
    with OpenAIServer([answering(count, calls)]) as server:
        settings = Settings(
            data_dir=folder / "data", inventory=folder / "inventory.yaml", engine="llm",
            openai_api_key=SecretStr(KEY), openai_base_url=server.url,
        )  # fmt: skip
        with OpsAssistant(settings) as assistant:
            run = assistant.investigate(
                {"service": "shop", "message": "shop answers 504", "log_sources": [str(log)]}
            )
        assert server.problems == [], server.problems
    report(calls)
    assert run.digest is not None
    assert run.diagnosis is not None
    print(
        f"  digest of {run.digest.lines_read} lines, diagnosis by {run.diagnosis.engine}: {run.diagnosis.failure_mode}"
    )


def with_fault(lines: Iterator[str]) -> Iterator[str]:
    """Put the fault's lines, dated, behind the given ones."""
    yield from lines
    yield from (f"2026-11-18 16:40:{second:02d},000 {text}" for second in range(20) for text in FAULT)


def answering(
    count: Callable[[str], int], calls: list[tuple[str, str, int, int]]
) -> Callable[[dict[str, Any]], Reply]:
    """Return a model that looks once, answers at length, and bills what it was sent."""
    sound = good_answers(MODE, "shop", "pool exhausted")

    def answer(body: dict[str, Any]) -> Reply:
        step = schema_name(body)
        if step == "WireDiagnosis" and body.get("tools") and body["messages"][-1]["role"] == "user":
            reply = tool_call("fetch_logs", service="db")(body)
        else:
            reply = completion(
                json.dumps(at_length(json.loads(sound(body).body["choices"][0]["message"]["content"])))
            )
        message = reply.body["choices"][0]["message"]
        sent = json.dumps([body["messages"], body["response_format"], body.get("tools")], ensure_ascii=False)
        said = json.dumps(message.get("tool_calls") or message["content"], ensure_ascii=False)
        used = count(sent), count(said)
        reply.body["usage"] = {
            "prompt_tokens": used[0], "completion_tokens": used[1], "total_tokens": sum(used),
        }  # fmt: skip
        calls.append((step + (" (looks)" if message.get("tool_calls") else ""), str(body["model"]), *used))
        return reply

    return answer


def at_length(value: dict[str, Any]) -> dict[str, Any]:
    """Fill an answer up to what its schema asks for."""
    if "hypotheses" in value:
        (one,) = value["hypotheses"]
        one |= {
            "root_cause": f"{one['root_cause']} {WORDS}",
            "against": [WORDS],
            "confirm_by": [WORDS, WORDS],
        }
        others = [
            {**one, "failure_mode": mode, "confidence": 5} for mode in ("slow-query", "lock-contention")
        ]
        value |= {
            "hypotheses": [one, *others],
            "possible_triggers": [WORDS, WORDS],
            "missing_evidence": [WORDS],
        }
    if "solutions" in value:
        (one,) = value["solutions"]
        one |= {"steps": [WORDS] * 3, "risks": [WORDS], "verification": [WORDS], "rollback": [WORDS]}
        value |= {"solutions": [one] * 3, "preventive_measures": [WORDS] * 4}
    return value


def report(calls: list[tuple[str, str, int, int]]) -> None:
    """Print one row per call and the sums beside the goal."""
    usd = 0.0
    for step, model, sent, said in calls:
        price = PRICES[model]
        cost = (sent * price.input + said * price.output) / 1e6
        usd += cost
        print(f"  {step:26} {model:14} {sent:7} in {said:6} out  {cost:.4f} USD")
    sent, said = sum(call[2] for call in calls), sum(call[3] for call in calls)
    print(f"  {'sum':41} {sent:7} in {said:6} out  {usd:.4f} USD (prices of {PRICES_AS_OF})")
    verdict = "met" if sent <= GOAL_INPUT and said <= GOAL_OUTPUT and usd < GOAL_USD else "MISSED"
    print(f"  {'goal, at most':41} {GOAL_INPUT:7} in {GOAL_OUTPUT:6} out  {GOAL_USD:.4f} USD: {verdict}")


if __name__ == "__main__":
    main()
