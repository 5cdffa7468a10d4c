"""What leads from one service to another: request ids and the order of first errors."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops_assistant.tools.digest import Link, digest_logs, links, render_digest
from ops_assistant.tools.digest.links import LinkNotes

START = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


def at(seconds: float, rest: str) -> str:
    return f"{START + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ} {rest}\n"


def row(seconds: float, level: str, service: str, message: str, trace: str) -> str:
    stamp = f"{START + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"
    return (
        f'{{"ts":"{stamp}","level":"{level}","service":"{service}","msg":"{message}","trace_id":"{trace}"}}\n'
    )


def path_of(link: Link) -> list[str]:
    return [f"{stop.service} {(stop.time or '')[14:19]} {stop.evidence}" for stop in link.stops]


@pytest.fixture(params=["exact", "blocks"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of reading: line by line, and blocks at once."""
    if request.param == "blocks":
        monkeypatch.setattr("ops_assistant.tools.digest.digest.EXACT_BYTES", 0)


@pytest.mark.usefixtures("way")
def test_ids_lead_from_service_to_service_inside_one_source(tmp_path: Path) -> None:
    lines = [row(n, "info", "api", "request taken", f"trace-{n:06}") for n in range(50)]
    lines += [row(60 + n, "info", "billing", "charge made", f"trace-{n:06}") for n in range(20)]
    lines.append(row(90, "error", "ledger", "no space left", "trace-000013"))
    (tmp_path / "all.log").write_text("".join(lines))
    digest = digest_logs([tmp_path / "all.log"])
    (failed,) = [link for link in digest.links if link.bad]
    assert failed.id == "trace-000013"
    assert path_of(failed) == ["api 00:13 s1:14", "billing 01:13 s1:64", "ledger 01:30 s1:71"]
    assert "id trace-000013 (fails): api 07:00:13 [s1:14] -> billing" in render_digest(digest)


@pytest.mark.usefixtures("way")
def test_every_text_line_s_id_counts_not_only_a_shape_s_first(tmp_path: Path) -> None:
    front = "".join(at(n, f"INFO [front.web] request_id=00aa{n:08} taken") for n in range(40))
    back = "".join(
        at(n + 1, f"ERROR [back.store] request_id=00aa{n:08} lost with status 500") for n in (7, 31)
    )
    (tmp_path / "front.log").write_text(front)
    (tmp_path / "back.log").write_text(back)
    digest = digest_logs([tmp_path / "front.log", tmp_path / "back.log"])
    found = {link.id: path_of(link) for link in digest.links if link.kind == "id"}
    assert found == {
        "00aa00000007": ["front.web 00:07 s1:8", "back.store 00:08 s2:1"],
        "00aa00000031": ["front.web 00:31 s1:32", "back.store 00:32 s2:2"],
    }


@pytest.mark.usefixtures("way")
def test_who_complained_first_stands_first_whatever_the_order_of_sources(tmp_path: Path) -> None:
    for name, second in (("web", 30), ("api", 20), ("db", 10)):
        text = at(0, "INFO up") + at(second, f"ERROR {name} cannot go on") + at(second + 1, "ERROR again")
        (tmp_path / f"{name}.log").write_text(text)
    digest = digest_logs([tmp_path / f"{name}.log" for name in ("web", "api", "db")])
    (link,) = [link for link in digest.links if link.kind == "time"]
    assert path_of(link) == ["db.log 00:10 s3:2", "api.log 00:20 s2:2", "web.log 00:30 s1:2"]
    assert digest.line("s3:2") is not None
    assert "first errors in order: db.log 07:00:10 [s3:2] -> api.log" in render_digest(digest)


def test_one_service_alone_links_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(at(0, "ERROR request_id=abcdef12 failed") * 3)
    assert digest_logs([tmp_path / "a.log"]).links == []


def test_ids_are_bounded_and_those_that_failed_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MAX_IDS", 100)
    notes = LinkNotes()
    for number in range(1000):
        notes.note_id(f"id-{number}", number, b"x" * 10_000, 0, "api", "error" if number == 5 else "info")
    held = notes.all_trails()
    assert len(held) <= 100
    assert {"id-5", "id-999"} <= set(held)
    assert notes.forgotten == 1000 - len(held)
    assert max(len(line.raw) for trail in held.values() for line in trail.lines.values()) <= 4000
