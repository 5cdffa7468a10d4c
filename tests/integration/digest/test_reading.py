# ruff: noqa: E501 - log lines as they are
"""The fast ways of reading give what the exact way gives; files that change under way are read as far as they go."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from ops_assistant.cli.digest import digest_command
from ops_assistant.tools.digest import (
    LogDigest,
    Window,
    digest,
    digest_logs,
    digest_source,
    discover_sources,
    parallel,
)
from ops_assistant.tools.errors import InputError
from ops_assistant.tools.redaction import Redactor

TRACE = "java.lang.IllegalStateException: closed\n\tat c.e.Order.ship(Order.java:88)\n\tat java.base/java.lang.Thread.run(Thread.java:840)"


def stamp(number: int) -> str:
    return f"2026-11-23 {7 + number // 36000:02d}:{number // 600 % 60:02d}:{number // 10 % 60:02d}.{number % 10}00"


def lines(count: int) -> str:
    """Text with codes, levels, traces, JSON and logfmt lines."""
    rows = []
    for n in range(count):
        kind = n % 9
        if kind == 0:
            rows.append(
                f'10.0.0.{n % 250} - - [23/Nov/2026:07:{n // 600 % 60:02d}:{n // 10 % 60:02d} +0000] "GET /cart/{n} HTTP/1.1" {500 if n % 70 == 0 else 200} 12'
            )
        elif kind == 1:
            rows.append(
                f'{{"ts":"2026-11-23T07:{n // 600 % 60:02d}:{n // 10 % 60:02d}Z","level":{50 if n % 50 == 0 else 30},"msg":"job done","id":"{n:x}"}}'
            )
        elif kind == 2 and n % 5 == 0:
            rows.append(f"{stamp(n)} ERROR [w-{n % 4}] c.e.Orders - cannot ship {n}\n{TRACE}")
        elif kind == 4:
            rows.append(
                f"<{11 if n % 90 == 4 else 14}>Nov 23 07:{n // 600 % 60:02d}:{n // 10 % 60:02d} host app[{n}]: handled {n}"
            )
        elif kind == 3:
            rows.append(
                f'time="2026-11-23T07:{n // 600 % 60:02d}:{n // 10 % 60:02d}Z" level={"error" if n % 60 == 0 else "info"} msg="sync done" n={n}'
            )
        else:
            rows.append(
                f"{stamp(n)} {'WARN' if n % 40 == 0 else 'INFO'}  [w-{n % 4}] c.e.Orders - order {n} accepted in {n % 97} ms"
            )
    return "\n".join(rows) + "\n"


def facts(result: LogDigest) -> dict[str, object]:
    return {
        "lines": result.lines_read,
        "levels": result.levels,
        "templates": sorted((t.level, t.component or "", t.template, t.count) for t in result.templates),
        "stacks": [(s.exception, s.count, s.deepest_own_frame) for s in result.stacks],
        "first lines": sorted(t.examples[0] for t in result.templates),
        "access": [access.status for access in result.access],
    }


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    path = tmp_path / "mixed.log"
    path.write_text(lines(20_000))
    return path


def test_blocks_give_what_single_lines_give(mixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = facts(digest_logs([mixed]))
    monkeypatch.setattr(digest, "EXACT_BYTES", 1 << 40)
    assert facts(digest_logs([mixed])) == fast


@pytest.mark.parametrize("hexadecimal", [False, True])
def test_words_that_differ_in_hex_letters_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hexadecimal: bool
) -> None:
    monkeypatch.setattr(digest, "EXACT_BYTES", 0)
    path = tmp_path / "words.log"
    rows = [
        f"{stamp(n)} INFO job {f'7{n * 7919:08x}9' if hexadecimal else n} cannot {'bind' if n % 3 else 'find'} port"
        for n in range(40_000)
    ]
    if not hexadecimal:  # where no ids force hex letters out, even a single line is told apart
        rows[20_000] = f"{stamp(20_000)} INFO job 4711 cannot fined port"
    path.write_text("\n".join(rows) + "\n")
    counts = {t.template: t.count for t in digest_logs([path]).templates}
    if hexadecimal:  # lines before the collision is noticed may be counted wrongly
        assert set(counts) == {"job <*> cannot bind port", "job <*> cannot find port"}
        assert counts["job <*> cannot bind port"] == pytest.approx(26_666, rel=0.1)
    else:
        assert counts == {
            "job <*> cannot bind port": 26_665,
            "job <*> cannot find port": 13_334,
            "job <*> cannot fined port": 1,
        }
    assert sum(counts.values()) == 40_000


def test_processes_give_what_one_gives(mixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = facts(digest_logs([mixed]))
    monkeypatch.setattr(parallel, "MIN_BYTES", 1 << 16)
    assert facts(digest_logs([mixed], processes=2)) == alone


def test_headings_in_a_big_file_are_respected_by_several_processes(
    mixed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixed.write_text("==> a.log <==\n" + lines(5000) + "==> b.log <==\n" + lines(5000))
    monkeypatch.setattr(parallel, "MIN_BYTES", 1 << 16)
    result = digest_logs([mixed], processes=2)
    assert [source.name for source in result.sources] == ["a.log", "b.log"]
    assert result.lines_read == mixed.read_text().count("\n")


def test_a_window_over_a_big_file_is_exact(mixed: Path) -> None:
    sources, _ = discover_sources([mixed])
    window = Window.model_validate({"start": "2026-11-23T07:10:00Z", "end": "2026-11-23T07:19:59.999Z"})
    result = digest_source(sources[0], window=window, redactor=Redactor())
    kept = sum(result.levels.values())
    assert result.first is not None
    assert result.first >= "2026-11-23T07:10:00"
    assert result.lines_read == mixed.read_text().count("\n")
    assert abs(kept - 6000) < 300  # ten minutes at ten lines a second
    assert result.lines_outside_window > 10_000


def test_a_file_that_grows_or_is_rotated_while_read(mixed: Path) -> None:
    before = mixed.read_text().count("\n")
    seen = 0

    def meddle(_: int, count: int) -> None:
        nonlocal seen
        if seen == 0:
            with mixed.open("a") as file:
                file.write("2026-11-23 09:00:00.000 ERROR [w-1] c.e.Orders - written late\n")
            mixed.rename(mixed.with_suffix(".log.1"))
        seen += count

    result = digest_logs([mixed], progress=meddle)
    assert result.lines_read >= before


def test_stdin_is_read_to_a_broken_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Pipe(io.BytesIO):
        def read1(self, size: int | None = -1) -> bytes:
            data = super().read1(size)
            if not data:
                raise BrokenPipeError(32, "Broken pipe")
            return data

    monkeypatch.setattr(
        sys, "stdin", type("In", (), {"buffer": Pipe(b"2026-11-23 07:00:00 ERROR boom\nhalf a li")})()
    )
    result = digest_logs(["-"])
    assert result.lines_read == 2
    assert result.sources[0].name == "stdin"
    assert any("Broken pipe" in note for note in result.notes)


@pytest.fixture
def run() -> Callable[..., object]:
    app = Typer()
    app.command()(digest_command)
    return lambda *args: CliRunner().invoke(app, list(map(str, args)))


def test_json_is_one_object_and_problems_go_to_stderr(mixed: Path, run: Callable[..., object]) -> None:
    result = run(mixed, "/no/such.log", "--json")
    assert result.exit_code == 0  # type: ignore[attr-defined]
    parsed = LogDigest.model_validate_json(result.stdout)  # type: ignore[attr-defined]
    assert parsed.lines_read == mixed.read_text().count("\n")
    assert "/no/such.log" in result.stderr  # type: ignore[attr-defined]
    assert any("/no/such.log" in note for note in parsed.notes)


def test_the_summary_names_counts_levels_and_evidence(mixed: Path, run: Callable[..., object]) -> None:
    out = run(mixed).stdout  # type: ignore[attr-defined]
    assert "lines read" in out
    assert "warn and worse" in out
    assert "[s1:" in out


@pytest.mark.parametrize(
    "args",
    [["/no/such.log"], ["--since", "yesterdayish"], ["--since", "2026-02-02", "--until", "2026-01-01"]],
)
def test_bad_input_is_an_input_error(mixed: Path, run: Callable[..., object], args: list[str]) -> None:
    result = run(*([mixed, *args] if args[0].startswith("--") else args))
    assert isinstance(result.exception, InputError)  # type: ignore[attr-defined]
