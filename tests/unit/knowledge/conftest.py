from collections.abc import Callable
from typing import Any

import pytest

from ops_assistant.tools.knowledge import Case

MakeCase = Callable[..., Case]


@pytest.fixture
def make_case() -> MakeCase:
    def make(case_id: str = "pg-pool-empty", **fields: Any) -> Case:
        data: dict[str, Any] = {
            "id": case_id,
            "title": "Pool of PostgreSQL connections is empty",
            "failure_mode": "db-connection-pool-exhausted",
            "systems": ["postgresql"],
            "symptoms": [
                "Requests wait for seconds and then fail",
                "Threads hang while they borrow a connection",
            ],
            "signatures": [{"text": "Connection is not available, request timed out", "weight": 3}],
            "root_cause": "Every connection of the pool is borrowed and none comes back in time.",
            "checks": ["Look at the pool's active and pending counts"],
            "solution": ["Restart the service, then raise maximumPoolSize"],
            "verification": ["Pending count is zero for five minutes"],
            "estimated_time": "5-10 min",
            "prevention": ["Alert on pending > 0"],
        }
        return Case.model_validate(data | fields)

    return make
