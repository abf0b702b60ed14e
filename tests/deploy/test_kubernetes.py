"""The manifests name what the code knows. `python -m deploy` has them put together and held against the schemas."""

from typing import Any

import pytest
import yaml

from huleedu.services import SERVICES, definition
from tests.deploy.files import DEPLOY, assignments, databases, documents, loaded, names_read_by, port_of

CONTAINER = "/spec/template/spec/containers/0"


def folder(service: str) -> str:
    """Where the service's own part of the manifests is."""
    return f"kubernetes/base/{service.replace('_', '-')}"


def patches(service: str) -> dict[str, list[Any]]:
    """What the service changes in that which all are alike in: path and values."""
    changes: dict[str, list[Any]] = {}
    for made in loaded(f"{folder(service)}/kustomization.yaml")["patches"]:
        for change in yaml.safe_load(made["patch"]):
            changes.setdefault(change["path"], []).append(change["value"])
    return changes


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_is_deployed_under_its_name_and_answers_at_its_port(service: str) -> None:
    changes = patches(service)

    assert service.replace("_", "-") in loaded("kubernetes/base/kustomization.yaml")["resources"]
    assert changes[f"{CONTAINER}/ports/0/containerPort"] == [port_of(service)]
    assert changes["/spec/ports/0/port"] == [port_of(service)]
    assert changes["/spec/template/metadata/annotations/prometheus.io~1port"] == [str(port_of(service))]
    assert {"name": "HULEEDU_SERVICE", "value": service} in changes[f"{CONTAINER}/env/-"]


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_with_a_schema_is_told_of_a_database_that_the_example_has(service: str) -> None:
    secrets = [
        value["valueFrom"] for value in patches(service)[f"{CONTAINER}/env/-"] if value["name"] == "DATABASE_URL"
    ]

    if definition(service).scripts is None:
        assert not secrets
        return
    assert secrets == [{"secretKeyRef": {"name": "huleedu-databases", "key": service}}]
    address = assignments("kubernetes/overlays/small/databases.example.env")[service]
    assert address.rpartition("/")[2] in databases()


def test_the_small_overlays_server_is_made_with_the_same_databases_as_the_compose_files() -> None:
    """A copy: kustomize reads no file outside its folder."""
    copy = DEPLOY / "kubernetes/overlays/small/databases.sql"
    assert copy.read_text() == (DEPLOY / "postgres/databases.sql").read_text()


@pytest.mark.parametrize("settings", ["base/settings.env", "overlays/replicas/settings.env"])
def test_what_all_services_are_told_are_settings(settings: str) -> None:
    known = set().union(*map(names_read_by, SERVICES))
    assert set(assignments(f"kubernetes/{settings}")) <= known


def test_the_nightly_backup_knows_every_database() -> None:
    (job,) = [document for document in documents("kubernetes") if document.get("kind") == "CronJob"]
    (command,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]

    told = {each["name"]: each["valueFrom"]["secretKeyRef"]["key"] for each in command["env"]}

    keeping = [service for service in SERVICES if definition(service).scripts is not None]
    assert told == {f"{service.upper()}_DATABASE_URL": service for service in keeping}


def test_no_pod_gets_variables_named_after_services_which_settings_would_be_read_from() -> None:
    """Kubernetes would tell every pod NLP_SERVICE_PORT=tcp://10.0.0.7:8003."""
    pods = [document for document in documents("kubernetes") if "containers" in _pod(document)]

    assert len(pods) == 5
    assert all(_pod(document)["enableServiceLinks"] is False for document in pods)


def _pod(document: dict[str, Any]) -> dict[str, Any]:
    spec = document.get("spec", {})
    found = spec.get("jobTemplate", {}).get("spec", spec).get("template", {}).get("spec", {})
    return dict(found)
