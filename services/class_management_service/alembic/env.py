"""Alembic's environment for the tables of this service."""

from class_management_service.models_db import metadata

from huleedu_service_libs.migrations import run_environment

run_environment(metadata)
