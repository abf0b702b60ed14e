"""What a process is made of, as its services' settings have it: its databases, and what carries events between them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from huleedu_service_libs.service import ServiceDefinition
from huleedu_service_libs.settings import ServiceSettings, WrongSettings

T = TypeVar("T")

DATABASE_EXAMPLE = "postgresql://user:password@host:5432/name"


@dataclass(frozen=True)
class Part:
    """A service that runs here. `dsn` is its database on a server; None: the embedded one, if it has one at all."""

    definition: ServiceDefinition
    settings: ServiceSettings
    dsn: str | None

    @property
    def name(self) -> str:
        """The service's name."""
        return self.definition.name

    @property
    def keeps_data(self) -> bool:
        """Whether the service has a database."""
        return self.definition.scripts is not None


@dataclass(frozen=True)
class Composition:
    """The services of a process, and the database of each."""

    parts: Sequence[Part]

    @property
    def event_bus(self) -> Literal["postgres", "kafka"]:
        """What carries events; all parts agree."""
        return self.parts[0].settings.event_bus

    @property
    def needs_embedded(self) -> bool:
        """Whether any service's database is the embedded one."""
        return any(part.keeps_data and part.dsn is None for part in self.parts)

    def databases(self, embedded: str | None) -> dict[str, list[Part]]:
        """Each database, with the services that use it."""
        found: dict[str, list[Part]] = {}
        for part in self.parts:
            if part.keeps_data:
                dsn = part.dsn or embedded
                assert dsn is not None, f"{part.name} needs the embedded database"
                found.setdefault(dsn, []).append(part)
        return found


def compose(services: Sequence[ServiceDefinition]) -> Composition:
    """Read the settings of these. Raises WrongSettings, also where they do not go together."""
    parts = [_part(service) for service in services]
    agreed(parts, "EVENT_BUS", lambda settings: settings.event_bus)
    _refuse_gaps(parts)
    return Composition(parts)


def agreed(parts: Sequence[Part], name: str, read: Callable[[ServiceSettings], T]) -> T:
    """What these settings all say. Raises WrongSettings, with the setting's name, if they do not."""
    first, *others = ((part.name, read(part.settings)) for part in parts)
    differing = [service for service, said in others if said != first[1]]
    if differing:
        raise WrongSettings(f"{name} must be the same for all services of a process: see {first[0]}, {differing[0]}.")
    return first[1]


def _part(service: ServiceDefinition) -> Part:
    settings = service.settings.load()
    return Part(service, settings, _address(settings) if service.scripts is not None else None)


def _address(settings: ServiceSettings) -> str | None:
    """The server database as its driver takes it; SQLAlchemy's way of naming a driver is understood."""
    address = settings.database_dsn()
    if address is None:
        return None
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.get_backend_name() not in ("postgresql", "postgres") or not (url.host and url.database):
        raise WrongSettings(f"{settings.names('database_url')[0]}: must be like {DATABASE_EXAMPLE}")
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _refuse_gaps(parts: Sequence[Part]) -> None:
    """A service whose events nobody could hear would seem to work, and never get anything done."""
    keeping = [part for part in parts if part.keeps_data]
    if not keeping or keeping[0].settings.event_bus == "kafka":
        return
    alone = [part.name for part in keeping if part.dsn is not None and _has_a_database_of_its_own(part.settings)]
    if alone or len({part.dsn for part in keeping}) > 1:
        raise WrongSettings(
            f"{', '.join(alone or (part.name for part in keeping))}: only Kafka carries events between databases."
            " Set EVENT_BUS=kafka, or one DATABASE_URL for all services."
        )


def _has_a_database_of_its_own(settings: ServiceSettings) -> bool:
    """By the name it gets where nobody says otherwise."""
    return settings.database_url is None and not settings.db_name
