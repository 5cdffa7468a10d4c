"""An engine as a function from an alert to its diagnosis: digest, analysis, diagnosis, without the graph."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ..agents.llm.usage import Usage
from ..agents.models import Diagnosis
from ..graph.evidence import keep_inline_logs
from ..settings import Settings
from ..tools.alert import Alert
from ..tools.digest import default_window, digest_logs
from ..wiring import make_dependencies


@contextmanager
def open_engine(settings: Settings) -> Iterator[Callable[[Alert], tuple[Diagnosis, Usage]]]:
    """Yield a function that diagnoses an alert with inline logs or log sources and says what models used for it.

    Which engine it is, the settings say. Raises `InputError` if the LLM engine has neither key nor base URL.
    """
    deps = make_dependencies(settings)
    deps.knowledge_base.cases()  # a knowledge base that cannot be read is an error now, not `unknown` 200 times

    def investigate(alert: Alert) -> tuple[Diagnosis, Usage]:
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
        diagnosis = deps.diagnostician.run(kept, digest, analysis, budget=budget)
        return diagnosis, budget.used if budget is not None else Usage()

    try:
        yield investigate
    finally:
        deps.knowledge_base.close()
        deps.store.close()
