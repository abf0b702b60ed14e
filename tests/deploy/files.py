"""The files that HuleEdu is deployed with, as tests read them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from huleedu.services import definition

DEPLOY = Path(__file__).parents[2] / "deploy"


def loaded(path: str) -> Any:
    """A YAML file of the deployment."""
    return yaml.safe_load((DEPLOY / path).read_text())


def assignments(path: str) -> dict[str, str]:
    """A file of NAME=value lines."""
    lines = (DEPLOY / path).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def port_of(service: str) -> int:
    """Where the service answers unless it is told otherwise."""
    port: int = definition(service).settings.model_fields["port"].default
    return port


def names_read_by(service: str) -> set[str]:
    """Every variable that is a setting of the service."""
    settings = definition(service).settings
    return {name for field in settings.model_fields for name in settings.names(field)}


def databases() -> set[str]:
    """Those that the deployment's servers are made with."""
    lines = (DEPLOY / "postgres/databases.sql").read_text().splitlines()
    return {line.removeprefix("create database ").rstrip(";") for line in lines if line.startswith("create")}


def documents(folder: str) -> Iterator[dict[str, Any]]:
    """Every YAML document below a folder of the deployment."""
    for path in sorted((DEPLOY / folder).rglob("*.yaml")):
        yield from filter(None, yaml.safe_load_all(path.read_text()))
