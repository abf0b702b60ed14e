"""The tables can be made, unmade and made again, and are what the models say."""

from batch_orchestrator_service.config import SERVICE_NAME
from batch_orchestrator_service.startup_setup import SCRIPTS
from huleedu_service_libs import migrations


async def test_up_down_up(database_dsn: str) -> None:
    await migrations.upgrade(database_dsn, SERVICE_NAME, SCRIPTS)
    await migrations.downgrade(database_dsn, SERVICE_NAME, SCRIPTS)
    await migrations.upgrade(database_dsn, SERVICE_NAME, SCRIPTS)


async def test_the_models_are_the_schema(service_dsn: str) -> None:
    await migrations.check(service_dsn, SERVICE_NAME, SCRIPTS)
