"""What services' settings make of a process, and what does not go together."""

import pytest

from huleedu.composition import compose
from huleedu.services import SERVICES, definitions
from huleedu_service_libs.settings import WrongSettings

EMBEDDED = "postgresql://huleedu@127.0.0.1:1/huleedu"
OURS = "postgresql://anna:secret@db:5432/school"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EVENT_BUS", "DATABASE_URL", "DB_HOST"):
        monkeypatch.delenv(name, raising=False)


def test_without_settings_all_services_share_the_embedded_database() -> None:
    composition = compose(definitions())

    assert composition.needs_embedded
    [(dsn, parts)] = composition.databases(EMBEDDED).items()
    assert dsn == EMBEDDED
    assert {part.name for part in parts} == set(SERVICES) - {"content_service", "batch_conductor_service"}


def test_one_database_for_all_is_shared_on_either_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", OURS)

    assert list(compose(definitions()).databases(None)) == [OURS]
    monkeypatch.setenv("EVENT_BUS", "kafka")
    assert list(compose(definitions()).databases(None)) == [OURS]


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+asyncpg", "postgres"])
def test_an_address_may_name_a_driver_as_sqlalchemy_does(monkeypatch: pytest.MonkeyPatch, driver: str) -> None:
    monkeypatch.setenv("DATABASE_URL", OURS.replace("postgresql", driver))

    assert list(compose(definitions()).databases(None)) == [OURS]


def test_a_password_with_signs_in_it_stays_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENT_BUS", "kafka")
    monkeypatch.setenv("BATCH_ORCHESTRATOR_DB_HOST", "db")
    monkeypatch.setenv("BATCH_ORCHESTRATOR_DB_PASSWORD", "a/b:c@d%e")

    [dsn] = compose(definitions(["batch_orchestrator"])).databases(None)

    assert dsn == "postgresql://huleedu:a%2Fb%3Ac%40d%25e@db:5432/huleedu_batch_orchestrator"


def test_each_service_on_its_own_database_needs_no_embedded_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENT_BUS", "kafka")
    for name in SERVICES:
        monkeypatch.setenv(f"{name.upper()}_DB_HOST", "db")

    composition = compose(definitions())

    assert not composition.needs_embedded
    assert len(composition.databases(None)) == len(SERVICES) - 2


@pytest.mark.parametrize("names", [["batch_orchestrator_service", "nlp_service"], ["batch_orchestrator_service"]])
def test_a_service_whose_events_nobody_could_hear_is_refused(monkeypatch: pytest.MonkeyPatch, names: list[str]) -> None:
    monkeypatch.setenv("BATCH_ORCHESTRATOR_DB_HOST", "db")

    with pytest.raises(WrongSettings, match="only Kafka carries events between databases"):
        compose(definitions(names))


def test_services_of_a_process_must_agree_on_the_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NLP_SERVICE_EVENT_BUS", "kafka")

    with pytest.raises(WrongSettings, match="EVENT_BUS must be the same"):
        compose(definitions())


@pytest.mark.parametrize("address", ["nonsense", "sqlite:///file.db", "postgresql://db", "postgresql://db:port/name"])
def test_what_is_no_address_of_a_database_is_refused_without_telling_it(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", address)

    with pytest.raises(WrongSettings, match="DATABASE_URL: must be like postgresql://") as refusal:
        compose(definitions(["nlp"]))

    assert address not in str(refusal.value)
