"""Alembic's environment of the NLP service."""

from nlp_service.models_db import metadata

from huleedu_service_libs.migrations import run_environment

run_environment(metadata)
