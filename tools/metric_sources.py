"""Where the metrics of a service come from: a file, or a query to a Prometheus server.

metrics:
  - /var/metrics/api.csv
  - {prometheus: "http://prometheus:9090", query: 'rate(http_requests_total{job="api"}[5m])'}
"""

from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from .arguments import EnvName


class PrometheusQuery(BaseModel):
    """A range query to a Prometheus server, or to whatever speaks its API."""

    model_config = ConfigDict(extra="forbid")

    prometheus: Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#]+$")] = Field(
        description="Base URL, e.g. `http://prometheus:9090`."
    )
    query: str = Field(min_length=1, max_length=2_000, description="PromQL.")
    token_env: EnvName | None = Field(
        None, description="Environment variable that holds a bearer token, if the server wants one."
    )


MetricSource = str | PrometheusQuery
"""A file (CSV or JSON, see `metrics`), or a query."""


class MetricRef(BaseModel):
    """A metric source of a run; `id` begins the ids of its evidence lines."""

    id: str = Field(description="`m1`, `m2`, ...")
    source: MetricSource


def unread_metrics(sources: Iterable[MetricSource], read: Iterable[MetricRef]) -> list[MetricSource]:
    """Return those of `sources` that are not among `read`."""
    known = [ref.source for ref in read]
    return [source for source in sources if source not in known]


def metric_name(source: MetricSource) -> str:
    """Return the source as a person names it."""
    return source if isinstance(source, str) else f"{source.query} at {source.prometheus}"
