"""What File Service works on, as data: it listens to nobody but its own clock, and reads the files it has accepted."""

from file_service.config import SERVICE_NAME, FileSettings
from file_service.domain.notifications import FilesUnusable
from file_service.implementations.read_file_handler import ReadFileHandler
from file_service.implementations.unusable_files_handler import UnusableFilesHandler
from file_service.messages import ReadFile
from huleedu_service_libs.runtime import Group, on, work

# The file itself, a second try in a fresh process, and the wait for one who takes as long (`extraction/limits.py`).
_SECONDS_FOR_A_FILE = 180.0


class FileKafkaConsumer:
    """Binds work and timers to their handlers."""

    def __init__(self, handler: ReadFileHandler, unusable: UnusableFilesHandler, settings: FileSettings) -> None:
        self._handler, self._unusable = handler, unusable
        # While one file is read another is fetched or stored, so that no process has to wait for a file.
        self._max_jobs = 2 * settings.extraction_processes

    def groups(self) -> tuple[Group, ...]:
        """The service's one group."""
        read = self._handler
        reading = work(ReadFile, read.perform, read.conclude, read.abandon, _SECONDS_FOR_A_FILE)
        timers = (on(FilesUnusable, self._unusable.look),)
        return (Group(name=SERVICE_NAME, routes=timers, work=(reading,), max_jobs=self._max_jobs),)
