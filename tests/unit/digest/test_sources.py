"""Files, folders, globs, rotated sets, compression; what cannot be read is named."""

import bz2
import gzip
import lzma
from pathlib import Path

import pytest
import zstandard

from ops_assistant.tools.digest import LogSource, digest_logs, discover_sources, open_evidence
from ops_assistant.tools.errors import InputError

LINE = b"2026-11-23 07:00:%02d ERROR boom number %d\n"


def log(start: int, count: int) -> bytes:
    return b"".join(LINE % (number % 60, number) for number in range(start, start + count))


def test_a_rotated_set_is_one_source_oldest_first(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(log(20, 10))
    (tmp_path / "app.log.1").write_bytes(log(10, 10))
    (tmp_path / "app.log.2.gz").write_bytes(gzip.compress(log(0, 10)))
    (tmp_path / "other.log").write_bytes(log(0, 3))
    sources, notes = discover_sources([tmp_path])
    assert [len(source.paths) for source in sources] == [3, 1]
    assert [Path(path).name for path in sources[0].paths] == ["app.log.2.gz", "app.log.1", "app.log"]
    assert notes == []
    assert open_evidence(sources, "s1:25") == LINE[:-1].decode() % (24, 24)


def test_dated_rotations_are_ordered_by_date(tmp_path: Path) -> None:
    for name in ("app.log-20260102", "app.log-20260101", "app.log"):
        (tmp_path / name).write_bytes(log(0, 1))
    (source,) = discover_sources([tmp_path / "*"])[0]
    assert [Path(path).name for path in source.paths] == ["app.log-20260101", "app.log-20260102", "app.log"]


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.gz", gzip.compress), ("a.bz2", bz2.compress), ("a.xz", lzma.compress), ("a.zst", zstandard.compress),
        ("a.log", bytes),
    ],
)  # fmt: skip
def test_compression_is_found_by_content(tmp_path: Path, name: str, pack: object) -> None:
    path = tmp_path / name
    path.write_bytes(pack(log(0, 50)))  # type: ignore[operator]
    digest = digest_logs([path])
    assert (digest.lines_read, digest.levels) == (50, {"error": 50})


@pytest.mark.parametrize("count", [100, 20_000])
def test_truncated_gzip_gives_what_could_be_read_and_says_so(tmp_path: Path, count: int) -> None:
    path = tmp_path / "cut.gz"
    data = b"".join(b"2026-11-23 07:00:00 INFO %d %d\n" % (n, n * 7919 % 10007) for n in range(count))
    path.write_bytes(gzip.compress(data)[: len(gzip.compress(data)) // 2])
    digest = digest_logs([path])
    assert 0 < digest.lines_read < count
    assert any("cut.gz" in note and "read up to there" in note for note in digest.notes)


def test_one_bad_path_among_good_ones_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(log(0, 2))
    digest = digest_logs([tmp_path / "a.log", tmp_path / "missing.log"])
    assert digest.lines_read == 2
    assert any("missing.log" in note for note in digest.notes)


@pytest.mark.parametrize("make", ["missing", "empty folder", "no logs", "nothing"])
def test_nothing_to_read_is_an_input_error_that_names_the_path(tmp_path: Path, make: str) -> None:
    folder = tmp_path / "place"
    if make != "missing":
        folder.mkdir()
    if make == "no logs":
        (folder / "picture.png").write_bytes(b"\x89PNG")
    with pytest.raises(InputError, match="place|no log given"):
        discover_sources([] if make == "nothing" else [folder])


def test_folders_skip_binary_files_and_hidden_ones(tmp_path: Path) -> None:
    (tmp_path / "core.dump").write_bytes(bytes(range(9)) * 500)
    (tmp_path / ".hidden.log").write_bytes(log(0, 1))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "app.out").write_bytes(log(0, 1))
    sources, _ = discover_sources([tmp_path])
    assert [Path(source.name).name for source in sources] == ["app.out"]


def test_evidence_that_is_gone_or_malformed_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(log(0, 5))
    sources, _ = discover_sources([path])
    for name in ("s1:6", "s2:1", "nonsense"):
        with pytest.raises(InputError, match="evidence"):
            open_evidence(sources, name)
    path.unlink()
    with pytest.raises(InputError, match=r"a\.log"):
        open_evidence(sources, "s1:1")


def test_a_source_is_plain_json() -> None:
    source = LogSource(id="s1", name="x", paths=["/x"])
    assert LogSource.model_validate_json(source.model_dump_json()) == source
