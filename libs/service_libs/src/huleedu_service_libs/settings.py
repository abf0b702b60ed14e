"""Settings: each readable under the mission's plain name and under the service's prefix, which wins."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError
from sqlalchemy import URL

from common_core.topics import faults_of

Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]
Port = Annotated[int, Field(ge=0, le=65535)]

_OWN = frozenset({"host", "port", "engine"})
"""Names too common, in shells and containers, to be read without the service's prefix."""


class WrongSettings(Exception):
    """Some settings cannot be used."""


class ServiceSettings(BaseSettings):
    """What every service can be told. A service adds `service_name`, `port` and fields of its own:

        class BatchOrchestratorSettings(ServiceSettings):
            service_name = "batch_orchestrator_service"
            port: Port = 5000
            bcs_url: str = "http://batch-conductor-service:4002"

    `bcs_url` is then read from `BATCH_ORCHESTRATOR_SERVICE_BCS_URL` or else `BCS_URL`, in the environment or in the
    `.env` beside the module that declares the class.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    service_name: ClassVar[str]

    host: str = "127.0.0.1"
    port: Port = 0
    environment: Literal["development", "staging", "production", "testing"] = "development"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    log_format: Literal["json", "console"] = "json"
    otel_exporter_otlp_endpoint: str | None = None
    huleedu_operator_token: SecretStr | None = None
    huleedu_internal_api_key: SecretStr | None = None
    """What services show each other where they tell of students; without one, only those on this machine are told."""

    event_bus: Literal["postgres", "kafka"] = "postgres"
    kafka_bootstrap_servers: str = "kafka:9092"
    kafka_topic_partitions: Count = 6
    kafka_replication_factor: Count = 1
    kafka_topic_retention_hours: Count = 168
    topic_names: dict[str, str] = {}
    relay_lag_limit: Count = 100_000
    work_waiting_limit: Count = 10_000
    redis_url: str = "redis://localhost:6379"

    database_url: SecretStr | None = None
    db_host: str | None = None
    db_port: Port = 5432
    db_name: str = ""
    db_user: str = "huleedu"
    db_password: SecretStr = SecretStr("")
    db_pool_size: Count = 5
    db_max_overflow: int = Field(default=10, ge=0)

    start_patience: Seconds = 60
    """How long a start waits for PostgreSQL and Kafka."""

    http_max_body_bytes: Count = 4 * 1024 * 1024
    http_body_timeout: Seconds = 30
    http_response_timeout: Seconds = 60
    http_graceful_timeout: Seconds = 5
    http_keep_alive_timeout: Seconds = 75
    http_ready_check_timeout: Seconds = 2

    http_client_connect_timeout: Seconds = 2
    http_client_timeout: Seconds = 10
    http_client_attempts: Count = 3
    http_client_max_response_bytes: Count = 64 * 1024 * 1024
    circuit_breaker_failure_threshold: Count = 5
    circuit_breaker_recovery_timeout: Seconds = 10
    circuit_breaker_success_threshold: Count = 2

    @field_validator("topic_names")
    @classmethod
    def _are_understood(cls, names: dict[str, str]) -> dict[str, str]:
        if faults := list(faults_of(names)):
            raise ValueError(" ".join(faults))
        return names

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """The settings in force; `overrides` win over everything.

        Raises WrongSettings with one line per setting that cannot be used: its name, and what is wrong with it.
        """
        try:
            return cls(**overrides)
        except ValidationError as error:
            raise WrongSettings(_explanation(cls, error)) from None
        except SettingsError as error:
            raise WrongSettings(str(error)) from None

    @classmethod
    def names(cls, field: str) -> tuple[str, ...]:
        """The variables that a setting is read from; the first that is set wins."""
        name, service = field.upper(), cls.service_name.upper()
        if field in _OWN:
            return (f"{service}_{name}",)
        if field.startswith("db_"):
            return f"{service}_{name}", f"{service.removesuffix('_SERVICE')}_{name}"
        return f"{service}_{name}", name

    def database_dsn(self) -> str | None:
        """The SQLAlchemy address of the database, password included; None means the embedded one."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        if self.db_host is None:
            return None
        return self._database_address(self.db_host).render_as_string(hide_password=False)

    def _database_address(self, host: str) -> URL:
        return URL.create(
            "postgresql+asyncpg",
            username=self.db_user,
            password=self.db_password.get_secret_value() or None,
            host=host,
            port=self.db_port,
            database=self.db_name or f"huleedu_{self.service_name.removesuffix('_service')}",
        )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is passed in, then the environment and the service's `.env` by the names above."""
        return init_settings, _Variables(cls)


class _Variables(PydanticBaseSettingsSource):
    """The environment over the service's `.env`; an empty value counts as unset, as compose files write it."""

    def __init__(self, settings: type[ServiceSettings]) -> None:
        super().__init__(settings)
        self._names = settings.names
        self._values = _variables(settings)

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The value of the first name that is set, or None."""
        values = (self._values.get(name) for name in self._names(field_name))
        return next(filter(None, values), None), field_name, False

    def __call__(self) -> dict[str, Any]:
        """All fields that are set."""
        return {
            name: value for name, field in self.settings_cls.model_fields.items() if (value := self._read(name, field))
        }

    def _read(self, name: str, field: FieldInfo) -> Any:
        value, _, is_complex = self.get_field_value(field, name)
        try:
            return self.prepare_field_value(name, field, value, is_complex)
        except ValueError:
            used = next(filter(self._values.get, self._names(name)))
            raise SettingsError(f"{used}: must be JSON") from None


def _variables(settings: type[ServiceSettings]) -> Mapping[str, str | None]:
    module = sys.modules[settings.__module__]
    file = Path(module.__file__).with_name(".env") if module.__file__ else None
    try:
        in_file = dotenv_values(file, interpolate=False) if file else {}
    except UnicodeDecodeError:
        raise WrongSettings(f"{file} is not a text in UTF-8.") from None
    return in_file | os.environ


def _explanation(settings: type[ServiceSettings], error: ValidationError) -> str:
    """One line a setting; never its value, which may be a secret."""
    return "\n".join(
        f"{_name_in_use(settings, str(problem['loc'][0]))}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False)
    )


def _name_in_use(settings: type[ServiceSettings], field: str) -> str:
    values = _variables(settings)
    names = settings.names(field)
    return next((name for name in names if values.get(name)), names[0])
