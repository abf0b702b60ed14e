"""Dashboards and alerts ask for what the services expose, and say what to do."""

import itertools
import json
from pathlib import Path

import pytest

from tests.deploy.files import DEPLOY, loaded
from tests.deploy.queries import PROMETHEUS_OWN, alerts, dashboards, exposed, named_in, panels

OPERATIONS = (DEPLOY.parent / "docs/operations.md").read_text()


def unknown(query: str) -> set[str]:
    """What the query asks for and no service has."""
    return named_in(query) - exposed() - PROMETHEUS_OWN


@pytest.mark.parametrize("dashboard", dashboards(), ids=lambda path: path.stem)
def test_each_panel_asks_for_series_that_some_service_has(dashboard: Path) -> None:
    queries = [target["expr"] for panel in panels(dashboard) for target in panel["targets"]]

    assert queries
    assert {query: missing for query in queries if (missing := unknown(query))} == {}


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: str(alert["alert"]))
def test_each_alert_asks_for_series_that_some_service_has_and_is_explained(alert: dict[str, str]) -> None:
    assert unknown(alert["expr"]) == set()
    assert f"**{alert['alert']}**" in OPERATIONS


def test_a_series_that_nobody_has_is_noticed_wherever_it_stands() -> None:
    assert unknown("sum by (job) (rate(http_requests_total[5m])) / max(invented) > 1") == {"invented"}
    assert unknown("dead_letters_total unless dead_letters offset 5m") == {"dead_letters"}
    assert unknown("histogram_quantile(0.9, sum by (le) (rate(poll_duration_bucket[5m])))") == {"poll_duration_bucket"}
    with pytest.raises(ValueError, match="unclosed left parenthesis"):
        named_in("sum by (job) (rate(http_requests_total[5m])")


@pytest.mark.parametrize("dashboard", dashboards(), ids=lambda path: path.stem)
def test_a_dashboards_panels_have_ids_of_their_own_and_do_not_overlap(dashboard: Path) -> None:
    board = json.loads(dashboard.read_text())
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in board["panels"])
        for x, y in itertools.product(
            range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
        )
    ]

    assert len(cells) == len(set(cells))
    assert all(0 <= x < 24 for x, _ in cells)
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


@pytest.mark.parametrize("dashboard", dashboards(), ids=lambda path: path.stem)
def test_a_dashboard_takes_its_data_from_the_source_that_is_chosen_on_it(dashboard: Path) -> None:
    board = json.loads(dashboard.read_text())

    assert board["uid"] == f"huleedu-{dashboard.stem}"
    assert "datasource" in {variable["name"] for variable in board["templating"]["list"]}
    sources = [panel["datasource"] for panel in panels(dashboard)]
    sources += [target["datasource"] for panel in panels(dashboard) for target in panel["targets"]]
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)


def test_grafana_is_given_its_source_and_the_folder_of_dashboards() -> None:
    grafana = loaded("compose.yaml")["services"]["grafana"]
    (provider,) = loaded("grafana/provisioning/dashboards/huleedu.yaml")["providers"]
    (source,) = loaded("grafana/provisioning/datasources/prometheus.yaml")["datasources"]

    assert f"./grafana/dashboards:{provider['options']['path']}:ro" in grafana["volumes"]
    home = Path(grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert str(home.parent) == provider["options"]["path"]
    assert home.name in {path.name for path in dashboards()}
    assert source["url"] == "http://prometheus:9090"
