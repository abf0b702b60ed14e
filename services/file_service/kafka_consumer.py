"""What File Service works on, as data: it listens to nobody, and works off the files it has accepted."""

from file_service.config import SERVICE_NAME, FileSettings
from file_service.implementations.read_file_handler import ReadFileHandler
from file_service.messages import ReadFile
from huleedu_service_libs.runtime import Group, work

# The file itself, a second try in a fresh process, and the wait for one who takes as long (`extraction/limits.py`).
_SECONDS_FOR_A_FILE = 180.0


class FileKafkaConsumer:
    """Binds work to its handler."""

    def __init__(self, handler: ReadFileHandler, settings: FileSettings) -> None:
        self._handler = handler
        # While one file is read another is fetched or stored, so that no process has to wait for a file.
        self._max_jobs = 2 * settings.extraction_processes

    def groups(self) -> tuple[Group, ...]:
        """The service's one group."""
        read = self._handler
        reading = work(ReadFile, read.perform, read.conclude, read.abandon, _SECONDS_FOR_A_FILE)
        return (Group(name=SERVICE_NAME, routes=(), work=(reading,), max_jobs=self._max_jobs),)
