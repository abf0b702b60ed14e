"""The schema comes, goes and comes again, and is what the models say."""

from pathlib import Path

from huleedu_service_libs import migrations
from result_aggregator_service.config import SERVICE_NAME
from result_aggregator_service.startup_setup import DEFINITION


async def test_up_down_up(result_dsn: str) -> None:
    scripts = _scripts()
    await migrations.downgrade(result_dsn, SERVICE_NAME, scripts)
    await migrations.upgrade(result_dsn, SERVICE_NAME, scripts)
    await migrations.check(result_dsn, SERVICE_NAME, scripts)


def _scripts() -> Path:
    assert DEFINITION.scripts is not None
    return DEFINITION.scripts
