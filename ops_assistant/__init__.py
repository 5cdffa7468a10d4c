"""ops-assistant: from an alert and its logs to a proven cause and an approved, executed, verified plan.

    from ops_assistant import Alert, OpsAssistant

    with OpsAssistant() as assistant:
        run = assistant.investigate(Alert(service="api-server", message="slow", log_sources=["api.log"]))
        print(run.diagnosis.root_cause, run.plan)
        run.approve(by="dana")

Names are loaded on first use, so that a cold `ops-assistant --help` imports no model client and no database.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .agents.models import Diagnosis, LogAnalysis, Recommendation
    from .assistant import OpsAssistant
    from .graph.models import Decision, Outcome, Plan, Report
    from .run import Run
    from .settings import Settings
    from .tools.alert import Alert
    from .tools.digest.models import LogDigest
    from .tools.errors import InputError, NothingToActOn, OpsError
    from .wiring import build_graph

# Installed, the project's top-level folders are subpackages of this one. Imported from a checkout's own
# folder (`python -m`, `langgraph dev` or a script in the root put it first on the path) they are siblings.
_HERE = Path(__file__).parent
if not (_HERE / "graph").exists():
    __path__.append(str(_HERE.parent))

_HOMES = {
    "Alert": ".tools.alert",
    "Decision": ".graph.models",
    "Diagnosis": ".agents.models",
    "InputError": ".tools.errors",
    "LogAnalysis": ".agents.models",
    "LogDigest": ".tools.digest.models",
    "NothingToActOn": ".tools.errors",
    "OpsAssistant": ".assistant",
    "OpsError": ".tools.errors",
    "Outcome": ".graph.models",
    "Plan": ".graph.models",
    "Recommendation": ".agents.models",
    "Report": ".graph.models",
    "Run": ".run",
    "Settings": ".settings",
    "build_graph": ".wiring",
}

__all__ = [
    "Alert",
    "Decision",
    "Diagnosis",
    "InputError",
    "LogAnalysis",
    "LogDigest",
    "NothingToActOn",
    "OpsAssistant",
    "OpsError",
    "Outcome",
    "Plan",
    "Recommendation",
    "Report",
    "Run",
    "Settings",
    "build_graph",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
