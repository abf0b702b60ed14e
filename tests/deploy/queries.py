"""PromQL of dashboards and alert rules, and the metrics that services expose for it."""

import inspect
import json
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import promql_parser

from huleedu.services import SERVICES
from huleedu_service_libs.metrics import ServiceMetrics
from tests.deploy.files import DEPLOY, loaded

PROMETHEUS_OWN = {"up"}
VARIABLES = {"$__rate_interval": "1m", "$job": ".+"}  # what Grafana puts in their place
SUFFIXES = {
    "counter": ("_total", "_created"),
    "histogram": ("_bucket", "_count", "_sum", "_created"),
    "gauge": ("",),
}


def exposed() -> set[str]:
    """Every time series that some service has."""
    return {
        family.name + suffix
        for metrics in _metrics_of_services()
        for family in metrics.registry.collect()
        for suffix in SUFFIXES[family.type]
    }


def _metrics_of_services() -> Iterator[ServiceMetrics]:
    for service in SERVICES:
        if find_spec(f"{service}.metrics") is None:
            yield ServiceMetrics(service)
        else:
            kinds = inspect.getmembers(import_module(f"{service}.metrics"), inspect.isclass)
            yield from (kind(service) for _, kind in kinds if issubclass(kind, ServiceMetrics))


def named_in(query: str) -> set[str]:
    """The time series that a query asks for. Raises ValueError if it is no PromQL."""
    for variable, value in VARIABLES.items():
        query = query.replace(variable, value)
    names: set[str] = set()

    def note(expression: promql_parser.Expr) -> None:
        if isinstance(expression, promql_parser.VectorSelector):
            names.add(str(expression.name))

    promql_parser.walk(promql_parser.parse(query), note)
    return names


def dashboards() -> list[Path]:
    """The files that Grafana reads."""
    return sorted((DEPLOY / "grafana/dashboards").glob("*.json"))


def panels(dashboard: Path) -> list[dict[str, Any]]:
    """What the dashboard shows, without the headings between."""
    return [panel for panel in json.loads(dashboard.read_text())["panels"] if panel["type"] != "row"]


def alerts() -> list[dict[str, Any]]:
    """The alert rules."""
    (group,) = loaded("prometheus/rules/huleedu.yml")["groups"]
    return list(group["rules"])
