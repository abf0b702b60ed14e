"""Settings: names, precedence, the service's own .env, and errors that a person can act on."""

import importlib
import os
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from huleedu_service_libs.settings import Port, ServiceSettings, WrongSettings


class BatchSettings(ServiceSettings):
    """As BOS declares its own."""

    service_name = "batch_orchestrator_service"
    port: Port = 5000
    bcs_url: str = "http://batch-conductor-service:4002"
    windows: dict[str, int] = {}


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in tuple(os.environ):
        if name not in ("PATH", "HOME"):
            monkeypatch.delenv(name)


def test_nothing_set_gives_the_mission_s_defaults() -> None:
    settings = BatchSettings.load()

    assert (settings.port, settings.kafka_bootstrap_servers) == (5000, "kafka:9092")
    assert settings.bcs_url == "http://batch-conductor-service:4002"
    assert settings.database_dsn() is None


@pytest.mark.parametrize(
    ("variable", "field", "value"),
    [
        ("BATCH_ORCHESTRATOR_SERVICE_PORT", "port", 5001),
        ("BATCH_ORCHESTRATOR_DB_PORT", "db_port", 5438),
        ("BATCH_ORCHESTRATOR_SERVICE_DB_PORT", "db_port", 5438),
        ("KAFKA_BOOTSTRAP_SERVERS", "kafka_bootstrap_servers", "localhost:9093"),
        ("BATCH_ORCHESTRATOR_SERVICE_KAFKA_BOOTSTRAP_SERVERS", "kafka_bootstrap_servers", "localhost:9093"),
        ("BCS_URL", "bcs_url", "http://localhost:4002"),
        ("EVENT_BUS", "event_bus", "kafka"),
    ],
)
def test_a_setting_is_read_under_each_of_its_names(
    monkeypatch: pytest.MonkeyPatch, variable: str, field: str, value: object
) -> None:
    monkeypatch.setenv(variable, str(value))

    assert getattr(BatchSettings.load(), field) == value


@pytest.mark.parametrize("variable", ["PORT", "HOST", "DB_PORT"])
def test_names_that_shells_and_containers_use_are_not_taken_for_ours(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "1")

    assert BatchSettings.load() == BatchSettings.load(port=5000, host="127.0.0.1", db_port=5432)


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCH_ORCHESTRATOR_SERVICE_PORT", "")

    assert BatchSettings.load().port == 5000


@pytest.fixture
def service_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a service that declares its settings in `demo_config`."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "demo_config", raising=False)
    (tmp_path / "demo_config.py").write_text(
        "from huleedu_service_libs.settings import ServiceSettings\n"
        "class DemoSettings(ServiceSettings):\n"
        "    service_name = 'demo_service'\n"
    )
    return tmp_path


def demo_settings() -> ServiceSettings:
    """What that service reads."""
    settings: ServiceSettings = importlib.import_module("demo_config").DemoSettings.load()
    return settings


def test_the_env_file_in_the_service_s_folder_is_read_as_it_stands(service_folder: Path) -> None:
    (service_folder / ".env").write_text("DEMO_DB_HOST=localhost\nDEMO_DB_PASSWORD='pa${HOME}ss'\n")

    settings = demo_settings()

    assert settings.db_host == "localhost"
    assert settings.db_password == SecretStr("pa${HOME}ss")


def test_a_file_in_another_encoding_is_named(service_folder: Path) -> None:
    (service_folder / ".env").write_text("DEMO_DB_HOST=localhost\n", encoding="utf-16")

    with pytest.raises(WrongSettings, match=r"\.env is not a text in UTF-8"):
        demo_settings()


def test_an_env_file_anywhere_else_is_not_read(
    service_folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / ".env").write_text("LOG_LEVEL=DEBUG\n")
    monkeypatch.chdir(elsewhere)

    assert demo_settings().log_level == "INFO"


@pytest.mark.parametrize(
    ("in_file", "in_environment", "level"),
    [
        ({"LOG_LEVEL": "DEBUG"}, {"LOG_LEVEL": "ERROR"}, "ERROR"),
        ({"DEMO_SERVICE_LOG_LEVEL": "DEBUG"}, {"LOG_LEVEL": "ERROR"}, "DEBUG"),
        ({"LOG_LEVEL": "DEBUG"}, {"DEMO_SERVICE_LOG_LEVEL": "ERROR"}, "ERROR"),
    ],
)
def test_the_prefix_wins_and_then_the_environment(
    service_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    in_file: dict[str, str],
    in_environment: dict[str, str],
    level: str,
) -> None:
    (service_folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in in_file.items()))
    for name, value in in_environment.items():
        monkeypatch.setenv(name, value)

    assert demo_settings().log_level == level


def test_the_database_s_address_is_put_together_with_care(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCH_ORCHESTRATOR_DB_HOST", "db")
    monkeypatch.setenv("BATCH_ORCHESTRATOR_DB_PASSWORD", "p@ss/word")

    assert BatchSettings.load().database_dsn() == (
        "postgresql+asyncpg://huleedu:p%40ss%2Fword@db:5432/huleedu_batch_orchestrator"
    )


def test_a_whole_database_address_overrides_its_parts() -> None:
    settings = BatchSettings.load(database_url="postgresql+asyncpg://u@h/d", db_host="other")

    assert settings.database_dsn() == "postgresql+asyncpg://u@h/d"


def test_secrets_do_not_show() -> None:
    settings = BatchSettings.load(db_password="hunter2", huleedu_operator_token="s3cret")

    assert "hunter2" not in repr(settings)
    assert "s3cret" not in repr(settings)


def test_wrong_settings_are_named_all_at_once_and_without_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCH_ORCHESTRATOR_SERVICE_PORT", "hunter2")
    monkeypatch.setenv("LOG_LEVEL", "LOUD")

    with pytest.raises(WrongSettings) as wrong:
        BatchSettings.load()

    lines = str(wrong.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["BATCH_ORCHESTRATOR_SERVICE_PORT", "LOG_LEVEL"]
    assert "valid integer" in lines[0]
    assert "hunter2" not in str(wrong.value)


def test_a_setting_of_many_values_is_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDOWS", '{"nlp": 5}')
    assert BatchSettings.load().windows == {"nlp": 5}

    monkeypatch.setenv("WINDOWS", "nlp=5")
    with pytest.raises(WrongSettings, match="WINDOWS: must be JSON"):
        BatchSettings.load()


def test_topics_get_the_spellings_that_older_peers_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOPIC_NAMES", '{"huleedu.els.batch_phase.outcome.v1": "huleedu.els.batch.phase.outcome.v1"}')

    assert BatchSettings.load().topic_names == {
        "huleedu.els.batch_phase.outcome.v1": "huleedu.els.batch.phase.outcome.v1"
    }


def test_a_topic_that_does_not_exist_gets_no_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOPIC_NAMES", '{"huleedu.essay.sung.v1": "sung"}')

    with pytest.raises(WrongSettings, match=r"TOPIC_NAMES: .*huleedu\.essay\.sung\.v1 is not a topic of HuleEdu"):
        BatchSettings.load()
