"""PostgreSQL from a wheel, run by whichever process of ours needs it first; our own runner over its bare programs."""

from huleedu_service_libs.embedded_postgres.databases import create_database, drop_database, with_database
from huleedu_service_libs.embedded_postgres.errors import (
    DiskFull,
    EmbeddedPostgresError,
    NoPrograms,
    NoUnprivilegedAccount,
    ServerDidNotStart,
)
from huleedu_service_libs.embedded_postgres.ownership import EmbeddedPostgres, Server

__all__ = [
    "DiskFull",
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "NoPrograms",
    "NoUnprivilegedAccount",
    "Server",
    "ServerDidNotStart",
    "create_database",
    "drop_database",
    "with_database",
]
