"""Where the platform's services answer: where settings say so, else where the platform that is up here has noted it."""

import os
from pathlib import Path

from huleedu import run_file
from huleedu.places import own_command
from huleedu.services import SERVICES

SHORT = {
    "batch_conductor_service": "BCS_URL",
    "batch_orchestrator_service": "BOS_URL",
    "essay_lifecycle_service": "ELS_URL",
    "result_aggregator_service": "RAS_URL",
}
"""Besides `CONTENT_SERVICE_URL` and the like, as services themselves find each other."""


class NotUp(Exception):
    """The platform is not up."""

    def __str__(self) -> str:
        return (
            f"{self.__doc__} Start it with `{own_command()} up`, or say where it answers: BOS_URL=http://... and so on."
        )


class AddressUnknown(Exception):
    """Nothing says where a service answers."""

    def __init__(self, service: str) -> None:
        super().__init__(f"Where does {service} answer? Set {setting_names(service)[0]}.")


def setting_names(service: str) -> tuple[str, ...]:
    """The variables that may hold the service's address; the first that is set wins."""
    full = f"{service.upper()}_URL"
    return (SHORT[service], full) if service in SHORT else (full,)


def from_settings() -> dict[str, str]:
    """The addresses that the environment names, for a platform on other machines."""
    found = {}
    for service in SERVICES:
        address = next(filter(None, map(os.environ.get, setting_names(service))), None)
        if address is not None:
            found[service] = address.rstrip("/")
    return found


def known_addresses(data_dir: Path) -> dict[str, str]:
    """Of each service that anything is known of; none at all where no platform is."""
    running = run_file.read(data_dir)
    return {**(running.addresses if running else {}), **from_settings()}
