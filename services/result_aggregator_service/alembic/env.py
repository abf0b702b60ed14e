"""Alembic's environment for the results' schema."""

from result_aggregator_service.models_db import metadata

from huleedu_service_libs.migrations import run_environment

run_environment(metadata)
