"""What is asked for and not there."""

from huleedu_service_libs.errors import NotFound


class EssayNotFound(NotFound):
    """There is no essay {essay_id}."""

    code = "ESSAY_NOT_FOUND"


class BatchNotFound(NotFound):
    """There is no batch {batch_id}."""

    code = "BATCH_NOT_FOUND"
