# ruff: noqa: E501 - tables of examples and patterns
"""Speed of the log digest: lines/s, MB/s and peak memory, as ratios to drain3, a regex loop and `wc -l`.

    python benchmarks/digest.py [--lines 1000000] [--sizes 1000000 5000000] [--folder DIR] [--processes 2]

Makes its logs from seeds (several systems mixed; compact JSON lines with random ids), measures each subject in a fresh
process on a warm page cache, and prints one row per subject. drain3 reads the first 200,000 lines, or as many as it
manages in 60 seconds."""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

START = 1_795_000_000
BASE62 = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
DRAIN_LINES, DRAIN_SECONDS = 200_000, 60.0

JAVA = [
    ("INFO", "c.e.orders.OrderService", "order {n} accepted for customer {n} in {s} ms"),
    ("INFO", "c.e.orders.OrderService", "order {n} shipped by carrier dhl"),
    ("DEBUG", "c.e.orders.cart.CartCache", "cart {hex} evicted after {s} s"),
    ("INFO", "c.e.http.AccessFilter", "GET /api/orders/{n} -> 200 in {s} ms"),
    ("WARN", "c.e.pool.PoolMonitor", "pool primary: active={s} idle={s} waiting={s}"),
    ("ERROR", "c.e.billing.PaymentClient", "charge {n} failed: upstream answered 502 after {s} ms"),
    ("INFO", "c.e.scheduler.JobRunner", "job nightly-report step {s} of 40 done"),
    ("INFO", "c.e.kafka.Consumer", "partition orders-{s} offset {n} lag {s}"),
]
SYSLOG = [
    ("sshd[{n}]", "Accepted publickey for {user} from 10.0.{b}.{b} port {n} ssh2"),
    ("sshd[{n}]", "Failed password for invalid user {user} from 10.0.{b}.{b} port {n} ssh2"),
    ("sshd[{n}]", "pam_unix(sshd:session): session closed for user {user}"),
    ("CRON[{n}]", "(root) CMD (/usr/lib/sysstat/debian-sa1 1 1)"),
    ("kernel", "[{n}.{n}] eth0: renamed from veth{hex}"),
    ("dhclient[{n}]", "DHCPACK of 10.0.{b}.{b} from 10.0.0.1"),
    ("systemd[1]", "session-{n}.scope: Succeeded."),
]
POSTGRES = [
    "LOG:  checkpoint complete: wrote {n} buffers ({s}.{s}%); 0 WAL file(s) added, 0 removed, {s} recycled",
    "LOG:  duration: {s}.{s} ms  statement: SELECT * FROM orders WHERE id = {n}",
    'ERROR:  duplicate key value violates unique constraint "orders_pkey"',
    "DETAIL:  Key (id)=({n}) already exists.",
]
KLOG = [
    ("I", "kubelet.go:{s}", "SyncLoop (PLEG): pod web-{hex}-{hex} event ContainerStarted"),
    ("I", "reconciler.go:{s}", "operationExecutor.MountVolume started for volume token-{hex}"),
    ("W", "eviction.go:{s}", "image garbage collection failed once, free bytes {n}"),
    ("E", "pod_workers.go:{s}", "Error syncing pod {hex}, skipping: CrashLoopBackOff"),
]
HDFS = [
    "INFO dfs.DataNode$PacketResponder: PacketResponder {s} for block blk_{n}{n} terminating",
    "INFO dfs.FSNamesystem: BLOCK* NameSystem.addStoredBlock: blockMap updated: 10.0.{b}.{b}:50010 is added to blk_{n}{n} size {n}",
    "INFO dfs.DataNode$DataXceiver: Receiving block blk_{n}{n} src: /10.0.{b}.{b}:{n} dest: /10.0.{b}.{b}:50010",
]
PATHS = [
    "/api/orders/{n}",
    "/api/cart/{n}/items",
    "/static/app.{hex}.js",
    "/health",
    "/login",
    "/search?q={n}&page={s}",
]
USERS = [
    "alice",
    "bob",
    "carol",
    "dave",
    "erin",
    "frank",
    "git",
    "deploy",
    "backup",
    "www-data",
    "oracle",
    "guest",
]
TRACE = "java.lang.IllegalStateException: order is closed\n\tat c.e.orders.Order.ship(Order.java:88)\n\tat c.e.orders.OrderService.ship(OrderService.java:141)\n\tat java.base/java.lang.Thread.run(Thread.java:840)"


def _fill(rng: random.Random, text: str) -> str:
    return text.format(
        n=rng.randrange(1000, 99_999_999), s=rng.randrange(1, 400), b=rng.randrange(256),
        hex=f"{rng.randrange(1 << 40):010x}", user=rng.choice(USERS),
    )  # fmt: skip


def mixed_lines(count: int, seed: int = 1) -> Iterator[str]:
    """Yield lines of six systems in short runs, on one clock."""
    rng, clock, made = random.Random(seed), float(START), 0
    while made < count:
        system = rng.randrange(6)
        for _ in range(min(rng.randrange(1, 12), count - made)):
            clock += rng.random() * 0.02
            for line in _line(rng, system, datetime.fromtimestamp(clock, UTC)).split("\n"):
                if made < count:
                    yield line
                    made += 1


def _line(rng: random.Random, system: int, now: datetime) -> str:
    if system == 0:
        level, name, text = rng.choice(JAVA)
        line = f"{now:%Y-%m-%d %H:%M:%S},{now.microsecond // 1000:03d} {level} [worker-{rng.randrange(16)}] {name} - {_fill(rng, text)}"
        return f"{line}\n{TRACE}" if level == "ERROR" and rng.random() < 0.2 else line
    if system == 1:
        tag, text = rng.choice(SYSLOG)
        return f"{now:%b} {now.day:2d} {now:%H:%M:%S} web-{rng.randrange(9)} {_fill(rng, tag)}: {_fill(rng, text)}"
    if system == 2:
        status = rng.choices([200, 301, 404, 500, 502], [900, 40, 50, 9, 1])[0]
        path = _fill(rng, rng.choice(PATHS))
        return f'10.0.{rng.randrange(256)}.{rng.randrange(256)} - - [{now:%d/%b/%Y:%H:%M:%S} +0000] "GET {path} HTTP/1.1" {status} {rng.randrange(200, 90000)} "-" "Mozilla/5.0 (X11; Linux x86_64)"'
    if system == 3:
        return f"{now:%Y-%m-%d %H:%M:%S}.{now.microsecond // 1000:03d} UTC [{rng.randrange(1000, 9999)}] shop@shop {_fill(rng, rng.choice(POSTGRES))}"
    if system == 4:
        level, where, text = rng.choice(KLOG)
        return f"{level}{now:%m%d %H:%M:%S}.{now.microsecond:06d}    {rng.randrange(1000, 9999)} {_fill(rng, where)}] {_fill(rng, text)}"
    return f"{now:%y%m%d %H%M%S} {rng.randrange(1, 9999)} {_fill(rng, rng.choice(HDFS))}"


def json_lines(count: int, seed: int = 2) -> Iterator[str]:
    """Yield compact JSON lines (no spaces) whose ids, pod names and URL slugs are random and come before the event."""
    rng, clock = random.Random(seed), float(START)
    events = [
        "request_done",
        "cache_miss",
        "payment_authorised",
        "user_signed_in",
        "retrying_call",
        "upstream_timeout",
        "queue_drained",
        "token_refreshed",
    ]
    levels = ["info", "info", "info", "info", "warn", "error", "info", "debug"]

    def ident(length: int) -> str:
        return "".join(rng.choices(BASE62, k=length))

    for _ in range(count):
        clock += rng.random() * 0.02
        kind = rng.randrange(len(events))
        yield json.dumps(
            {"ts": round(clock, 3), "level": levels[kind], "service": f"svc-{kind}", "request_id": ident(22), "pod": f"svc-{kind}-{ident(5).lower()}",
             "url": f"/p/{ident(8)}/{ident(6)}", "user": ident(10), "event": events[kind], "ms": rng.randrange(900)},
            separators=(",", ":"),
        )  # fmt: skip


def write(path: Path, lines: Iterator[str]) -> None:
    """Write lines, a million at a time at most in memory."""
    with path.open("w", buffering=1 << 20) as file:
        file.writelines(f"{line}\n" for line in lines)


# The subjects: each runs alone in a fresh process and prints {"seconds", "lines", "peak_mb", ...}.
def run_digest(path: str, processes: int) -> dict[str, float]:
    """The whole digest, with rendering and redaction, as a user gets it."""
    from ops_assistant.tools.digest import digest_logs, estimate_tokens, render_digest

    begin = time.perf_counter()
    digest = digest_logs([path], processes=processes)
    tokens = estimate_tokens(render_digest(digest))
    return {
        "seconds": time.perf_counter() - begin,
        "lines": digest.lines_read,
        "templates": len(digest.templates),
        "tokens": tokens,
    }


def run_drain(path: str, _: int) -> dict[str, float]:
    """drain3 with its example masks, stamp and all, line by line."""
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
    ]  # fmt: skip
    config.masking_instructions.append(MaskingInstruction(r"(?<=executed cmd )(\".+?\")", "CMD"))
    miner = TemplateMiner(config=config)
    begin, lines = time.perf_counter(), 0
    with Path(path).open() as file:
        for line in file:
            miner.add_log_message(line.rstrip("\n"))
            lines += 1
            if lines == DRAIN_LINES or (lines % 500 == 0 and time.perf_counter() - begin > DRAIN_SECONDS):
                break
    return {"seconds": time.perf_counter() - begin, "lines": lines, "templates": len(miner.drain.clusters)}


def run_regex_loop(path: str, _: int) -> dict[str, float]:
    """One time stamp regex, with its fields captured, matched per line of a text file: the least any parser does."""
    import re

    clock = r"(\d\d):(\d\d):(\d\d)"
    stamp = re.compile(
        rf"(\d{{4}})-(\d\d)-(\d\d) {clock}[.,](\d+)|([A-Z][a-z]{{2}}) ([ \d]\d) {clock}|([IWEF])(\d\d)(\d\d) {clock}"
        rf'|(\d\d)(\d\d)(\d\d) (\d\d)(\d\d)(\d\d)|\S+ - - \[(\d\d)/(\w+)/(\d{{4}}):{clock} ([+-]\d{{4}})|{{"ts":(\d+)'
    )
    begin, lines, hits, match = time.perf_counter(), 0, 0, stamp.match
    with Path(path).open() as file:
        for line in file:
            lines += 1
            if match(line):
                hits += 1
    return {"seconds": time.perf_counter() - begin, "lines": lines, "hits": hits}


def run_wc(path: str, _: int) -> dict[str, float]:
    """`wc -l`."""
    begin = time.perf_counter()
    out = subprocess.run(["wc", "-l", path], capture_output=True, text=True, check=True).stdout
    return {"seconds": time.perf_counter() - begin, "lines": int(out.split()[0])}


SUBJECTS: dict[str, Callable[[str, int], dict[str, float]]] = {
    "digest": run_digest, "drain3+masks": run_drain, "regex loop": run_regex_loop, "wc -l": run_wc,
}  # fmt: skip


def measure(subject: str, path: Path, processes: int = 1) -> dict[str, float]:
    """Run a subject in a fresh process; peak memory is of the process and its largest child together."""
    done = subprocess.run(
        [sys.executable, __file__, "--subject", subject, "--path", str(path), "--processes", str(processes)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    result: dict[str, float] = json.loads(done.stdout)
    return result


def report(name: str, path: Path, processes: int, *, with_drain: bool) -> None:
    """Print the rows of one log."""
    size = path.stat().st_size / 1e6
    rows = [
        ("digest 1 process", measure("digest", path)),
        (f"digest {processes} processes", measure("digest", path, processes)),
    ]
    rows += [("regex loop", measure("regex loop", path)), ("wc -l", measure("wc -l", path))]
    if with_drain:
        rows.append(("drain3+masks", measure("drain3+masks", path)))
    rate = {label: row["lines"] / row["seconds"] for label, row in rows}
    total = rows[0][1]["lines"]
    print(f"\n{name}: {total:,.0f} lines, {size:,.0f} MB")
    print(
        f"{'subject':22}{'lines':>11}{'seconds':>9}{'lines/s':>12}{'MB/s':>8}{'peak MB':>9}{'x drain3':>10}{'time/loop':>11}{'time/wc':>9}"
    )
    for label, row in rows:
        drain = f"{rate[label] / rate['drain3+masks']:.1f}" if with_drain else "-"
        print(
            f"{label:22}{row['lines']:>11,.0f}{row['seconds']:>9.2f}{rate[label]:>12,.0f}{size * rate[label] / total:>8.0f}{row['peak_mb']:>9.0f}"
            f"{drain:>10}{rate['regex loop'] / rate[label]:>11.2f}{rate['wc -l'] / rate[label]:>9.1f}"
        )


def small_log(folder: Path) -> None:
    """Print the time of a 200-line log in a warm process."""
    from ops_assistant.tools.digest import digest_logs, render_digest

    path = folder / "small.log"
    write(path, mixed_lines(200, seed=3))
    times = []
    for _ in range(30):
        begin = time.perf_counter()
        render_digest(digest_logs([path]))
        times.append(time.perf_counter() - begin)
    print(
        f"\n200 lines, warm process: median {sorted(times)[15] * 1000:.1f} ms, first {times[0] * 1000:.1f} ms"
    )


def main() -> None:
    """Parse arguments, make logs, print tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000_000, 5_000_000])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument(
        "--folder", type=Path, help="where logs are made and kept; default: a temporary folder"
    )
    parser.add_argument("--subject", choices=SUBJECTS, help=argparse.SUPPRESS)
    parser.add_argument("--path", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.subject:
        import resource

        result = SUBJECTS[args.subject](args.path, args.processes)
        own, child = (
            resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        print(json.dumps(result | {"peak_mb": (own + child * (args.subject == "digest")) / 1024}))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        for size in args.sizes:
            for name, make in (("mixed", mixed_lines), ("json", json_lines)):
                if name == "json" and size != min(args.sizes):
                    continue
                path = folder / f"{name}-{size}.log"
                if not path.exists():
                    write(path, make(size))
                # Warm the page cache in another process: a child inherits its parent's peak memory figure.
                subprocess.run(["wc", "-l", path], capture_output=True, check=True)
                report(name, path, args.processes, with_drain=size == min(args.sizes))
        small_log(folder)


if __name__ == "__main__":
    main()
