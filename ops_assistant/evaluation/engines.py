"""An engine as a function from an alert to its diagnosis: digest, analysis, diagnosis, without the graph."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ..agents.diagnostician import Diagnostician
from ..agents.llm.usage import Usage
from ..agents.models import Diagnosis
from ..graph.evidence import keep_inline_logs
from ..settings import Settings
from ..tools.alert import Alert
from ..tools.digest import default_window, digest_logs
from ..wiring import make_dependencies
from .runner import Investigate
from .set_aside import WithoutPrograms


@contextmanager
def open_engine(settings: Settings) -> Iterator[Investigate]:
    """Yield a function that diagnoses an alert with inline logs or log sources and says what models used for it.

    Which engine it is, the settings say. The function's second argument names programs whose cases are set
    aside for this alert. Raises `InputError` if the LLM engine has neither key nor base URL.
    """
    deps = make_dependencies(settings)
    deps.knowledge_base.cases()  # a knowledge base that cannot be read is an error now, not `unknown` 200 times

    def investigate(alert: Alert, set_aside: Sequence[str] = ()) -> tuple[Diagnosis, Usage]:
        with TemporaryDirectory(prefix="ops-assistant-") as folder:
            kept = keep_inline_logs(alert, Path(folder))
            digest = digest_logs(
                kept.log_sources,
                window=default_window(alert.timestamp),
                redactor=deps.redactor,
                alert_time=alert.timestamp,
            )
        budget = deps.llm.new_budget() if deps.llm is not None else None
        analysis = deps.log_analyst.run(kept, digest, budget=budget)
        diagnosis = diagnostician(set_aside).run(kept, digest, analysis, budget=budget)
        return diagnosis, budget.used if budget is not None else Usage()

    def diagnostician(set_aside: Sequence[str]) -> Diagnostician:
        if not set_aside:
            return deps.diagnostician
        left = WithoutPrograms(deps.knowledge_base, set_aside)
        return Diagnostician(deps.llm, left, redactor=deps.redactor)

    try:
        yield investigate
    finally:
        deps.knowledge_base.close()
        deps.store.close()
