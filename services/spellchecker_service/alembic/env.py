"""Alembic's environment of the spellchecker."""

from spellchecker_service.models_db import metadata

from huleedu_service_libs.migrations import run_environment

run_environment(metadata)
