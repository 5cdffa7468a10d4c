"""One line among a million is in the digest, whatever its level and whatever the noise."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops_assistant.tools.digest import digest_logs, render_digest

LINES = 1_000_000
NEEDLES = [
    "2026-11-23 08:00:01,000 ERROR [main] c.e.Ledger - ledger journal is out of step",
    "2026-11-23 08:10:01,000 WARN  [main] c.e.Ledger - standby declined the handover",
    "2026-11-23 08:20:01,000 INFO  [main] c.e.Config - configuration reloaded from /etc/app/limits.yaml",
    "spare tyre mounted, no stamp and no level here",
]
EVENTS = [
    "INFO  [worker-{}] c.e.orders.OrderService - order {} accepted in {} ms",
    "INFO  [worker-{}] c.e.http.AccessFilter - GET /api/orders/{} -> 200 in {} ms",
    "DEBUG [worker-{}] c.e.cart.CartCache - cart {} evicted after {} s",
    "WARN  [worker-{}] c.e.pool.PoolMonitor - pool busy: active={} waiting={}",
    "INFO  [worker-{}] c.e.kafka.Consumer - partition {} committed offset {}",
]
RANDOM_EVENTS = [
    "INFO api session {} opened for tenant {}", "INFO api upload {} stored as object {}",
    "INFO api cache key {} refreshed by {}", "INFO api job {} picked by worker {}",
]  # fmt: skip


def stamp(number: int) -> str:
    second = number // 100
    return f"2026-11-23 {7 + second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d},{number % 100 * 10:03d}"


def plain_noise() -> Iterator[str]:
    for n in range(LINES):
        yield f"{stamp(n)} {EVENTS[n % 5].format(n % 16, n * 7919 % 99991, n * 31 % 997)}"


def random_noise() -> Iterator[str]:
    alphabet = bytes(
        b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[i % 62] for i in range(256)
    )
    ids = random.Random(5).randbytes(20 * LINES).translate(alphabet).decode()
    for n in range(LINES):
        yield f"{stamp(n)} {RANDOM_EVENTS[n % 4].format(ids[20 * n : 20 * n + 10], ids[20 * n + 10 : 20 * n + 20])}"


def hide(path: Path, noise: Iterator[str], needles: list[str], seed: int) -> None:
    places = dict(zip(random.Random(seed).sample(range(LINES), len(needles)), needles, strict=True))
    with path.open("w") as file:
        for number, line in enumerate(noise):
            if number in places:
                file.write(f"{places[number]}\n")
            file.write(f"{line}\n")


@pytest.mark.parametrize("noise", [plain_noise, random_noise])
def test_a_needle_of_any_level_is_shown_within_the_default_budget(tmp_path: Path, noise: object) -> None:
    path = tmp_path / "app.log"
    hide(path, noise(), NEEDLES, seed=11)  # type: ignore[operator]
    digest = digest_logs([path])
    text = render_digest(digest)
    assert digest.lines_read == LINES + len(NEEDLES)
    assert [needle for needle in NEEDLES if needle not in text] == []
    assert sum(template.count for template in digest.templates) == digest.lines_read


def test_in_a_cascade_the_first_error_ranks_first(tmp_path: Path) -> None:
    chain = ["db", "ledger", "orders", "checkout", "gateway"]
    cascade = [
        f"2026-11-23 08:30:{n:02d},500 ERROR [main] c.e.{name} - "
        + ("tablespace is read-only, page 77" if n == 0 else f"call to {chain[n - 1]} timed out")
        for n, name in enumerate(chain)
    ]  # fmt: skip
    second = (90 * 60) * 100  # line number of 08:30:00
    path = tmp_path / "app.log"
    with path.open("w") as file:
        for number, line in enumerate(plain_noise()):
            file.write(f"{line}\n")
            if (number - second) % 100 == 50 and 0 <= (number - second) // 100 < len(chain):
                file.write(f"{cascade[(number - second) // 100]}\n")
    digest = digest_logs([path])
    text = render_digest(digest)
    assert all(line in text for line in cascade)
    assert "tablespace is read-only" in digest.templates[0].template
