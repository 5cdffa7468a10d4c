"""The weights by which the case-based engine tells a healthy service from a faulty one, fitted to labelled incidents.

    python benchmarks/health.py [INCIDENTS.jsonl ...]

Prints the weights of a logistic regression over the traits of `agents/casebased/health.py`, and what they are worth
on programs that they were not fitted on (ten groups of programs, each judged with the weights of the other nine).
Without a file it takes all of `tests/data/incidents`. What it prints goes into `health.py` rounded, by hand.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ops_assistant.agents.casebased.health import picture
from ops_assistant.agents.casebased.reasoning import ranked_causes
from ops_assistant.evaluation.incidents import Incident, load_incidents
from ops_assistant.graph.evidence import keep_inline_logs
from ops_assistant.settings import Settings
from ops_assistant.tools.digest import digest_logs
from ops_assistant.tools.knowledge import KnowledgeBase
from ops_assistant.tools.knowledge.loading import NO_FAULT
from ops_assistant.wiring import make_dependencies

SETS = Path(__file__).parents[1] / "tests" / "data" / "incidents"
GROUPS = 10
RIDGE = 1.0  # keeps weights of rare traits small
THRESHOLDS = (-1.0, -0.5, 0.0, 0.5)

Matrix = NDArray[np.float64]


def main() -> None:
    paths = [Path(name) for name in sys.argv[1:]] or sorted(SETS.glob("*.jsonl"))
    incidents = [incident for path in paths for incident in load_incidents(path)]
    with tempfile.TemporaryDirectory() as folder:
        deps = make_dependencies(Settings(data_dir=Path(folder)))
        traits = [trait(incident, deps.knowledge_base, Path(folder)) for incident in incidents]
        deps.knowledge_base.close()
        deps.store.close()
    names = list(traits[0])
    matrix = np.array([[1.0, *(float(item[name]) for name in names)] for item in traits])
    healthy = np.array([incident.failure_mode == NO_FAULT for incident in incidents])
    weights = fitted(matrix, healthy)
    print(
        f"{len(incidents)} incidents, {healthy.sum()} of them healthy\n\n{'(base)':16} {weights[0]:6.2f}  (log-odds)"
    )
    for name, weight, share in zip(names, weights[1:], matrix[:, 1:].mean(axis=0), strict=True):
        print(f"{name:16} {weight:6.2f}  (mean {share:.2f})")
    scores = held_out_scores(matrix, healthy, incidents)
    print("\non programs left out, by threshold:")
    for threshold in THRESHOLDS:
        false_alarms, missed = (scores <= threshold)[healthy].mean(), (scores > threshold)[~healthy].mean()
        print(f"{threshold:5.1f}: false alarms {false_alarms:.3f}, faults taken for health {missed:.3f}")


def trait(incident: Incident, knowledge_base: KnowledgeBase, folder: Path) -> dict[str, float]:
    """Return the traits of one incident."""
    alert = incident.as_alert()
    digest = digest_logs(keep_inline_logs(alert, folder).log_sources)
    hits = knowledge_base.search_digest(digest, alert_text=f"{alert.service} {alert.message}", top_k=60)
    return picture(alert, digest, ranked_causes(alert, digest, hits))


def held_out_scores(matrix: Matrix, healthy: NDArray[np.bool_], incidents: Sequence[Incident]) -> Matrix:
    """Return each incident's log-odds by weights that were fitted without its programs."""
    programs = sorted({program for incident in incidents for program in incident.software})
    group = np.array([programs.index(incident.software[0]) % GROUPS for incident in incidents])
    scores = np.zeros(len(incidents))
    for number in range(GROUPS):
        out = group == number
        scores[out] = matrix[out] @ fitted(matrix[~out], healthy[~out])
    return scores


def fitted(matrix: Matrix, healthy: NDArray[np.bool_]) -> Matrix:
    """Return the weights of a ridge logistic regression, by Newton's method; the first one is not penalised."""
    weights = np.zeros(matrix.shape[1])
    penalty = RIDGE * np.diag([0.0, *[1.0] * (matrix.shape[1] - 1)])
    for _ in range(25):
        chance = 1 / (1 + np.exp(-matrix @ weights))
        slope = matrix.T @ (healthy - chance) - penalty @ weights
        curve = (matrix.T * (chance * (1 - chance))) @ matrix + penalty
        weights += np.linalg.solve(curve, slope)
    return weights


if __name__ == "__main__":
    main()
