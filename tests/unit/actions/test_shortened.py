"""Long output: its beginning and end are kept, cut at line ends where there are any."""

from ops_assistant.tools.actions.base import OUTPUT_LIMIT, BackendResult, shortened


def test_short_text_stays_as_it_is() -> None:
    assert shortened("x" * OUTPUT_LIMIT) == "x" * OUTPUT_LIMIT


def test_whole_lines_of_both_ends_are_kept() -> None:
    text = "\n".join(f"line {number}" for number in range(10_000))
    cut = shortened(text)
    lines = cut.splitlines()
    assert len(cut) <= OUTPUT_LIMIT
    assert lines[0] == "line 0"
    assert lines[-1] == "line 9999"
    assert sum("left out" in line for line in lines) == 1
    assert all(line in text.splitlines() for line in lines if "left out" not in line)


def test_one_long_line_is_cut_all_the_same() -> None:
    cut = shortened("begin" + "x" * 10**6 + "end")
    assert len(cut) <= OUTPUT_LIMIT
    assert cut.startswith("begin")
    assert cut.endswith("end")
    assert "characters left out" in cut
    assert BackendResult(ok=True, output=cut)
