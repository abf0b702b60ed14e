"""The schema comes, goes and comes again, and is what the models say."""

from class_management_service.config import SERVICE_NAME
from class_management_service.startup_setup import SCRIPTS
from huleedu_service_libs import migrations


async def test_up_down_up(service_dsn: str) -> None:
    await migrations.downgrade(service_dsn, SERVICE_NAME, SCRIPTS)
    await migrations.upgrade(service_dsn, SERVICE_NAME, SCRIPTS)
    await migrations.check(service_dsn, SERVICE_NAME, SCRIPTS)
