"""Alembic's environment for the runtime's own schema, which no models describe."""

from huleedu_service_libs.migrations import run_environment

run_environment(None)
