"""Alembic's environment for essays, files and phases."""

from essay_lifecycle_service.models_db import metadata

from huleedu_service_libs.migrations import run_environment

run_environment(metadata)
