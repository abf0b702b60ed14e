"""Tells a batch's teacher, once its files are read, how many of them cannot be used."""

from file_service.domain.notifications import FilesUnusable, unusable
from file_service.protocols import FileUploadRepositoryProtocol
from huleedu_service_libs.runtime import current_unit


class UnusableFilesHandler:
    """Works in the unit of work of the timer that a file has set which cannot be used."""

    def __init__(self, uploads: FileUploadRepositoryProtocol) -> None:
        self._uploads = uploads

    async def look(self, asked: FilesUnusable) -> None:
        """Say it, or look again."""
        unit = current_unit()
        tally = await self._uploads.tally(asked.batch_id)
        unit.say(unusable(asked, tally, unit.now, unit.cause.correlation_id))
