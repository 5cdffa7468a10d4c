"""Stack traces inside blocks: runs of neighbouring frame lines, each different run read once."""

from collections.abc import Sequence

from .collect import HEX_DIGITS, Collector

_MAX_RUNS = 5000  # different runs remembered


class TraceRuns:
    """Folds runs of frames into a collector's traces."""

    def __init__(self, collector: Collector) -> None:
        self._to = collector
        self._known: dict[bytes, tuple[str, tuple[str, ...]]] = {}

    def fold(self, places: Sequence[int], lines: Sequence[bytes], numbers: Sequence[int]) -> None:
        """Feed each run, with the line before and after it, to the trace reader; `places` are the frames, ascending."""
        runs: list[list[int]] = []
        for place in places:
            if runs and place - runs[-1][-1] <= 2:
                runs[-1].append(place)
            else:
                runs.append([place])
        traces = self._to.traces
        for run in runs:
            begin, end = max(run[0] - 1, 0), min(run[-1] + 2, len(lines))
            raw = b"\n".join(lines[begin:end]).translate(None, HEX_DIGITS)
            key = self._known.get(raw)
            if key is not None and key in traces.traces:
                traces.traces[key].count += 1
                continue
            before = {name: trace.count for name, trace in traces.traces.items()}
            for place in range(begin, end):
                traces.feed(self._to.clean(lines[place]), f"{self._to.source_id}:{numbers[place]}")
            traces.close()
            changed = [name for name, trace in traces.traces.items() if before.get(name) != trace.count]
            if len(changed) == 1 and len(self._known) < _MAX_RUNS:
                self._known[raw] = changed[0]
