"""What File Service says to itself."""

from typing import ClassVar

from common_core.message import Message
from file_service.config import SERVICE_NAME
from file_service.domain.uploads import FileUpload


class ReadFile(Message, frozen=True, kw_only=True):
    """An accepted file, whose raw bytes are stored: make it a text, or say why that cannot be done."""

    topic: ClassVar[str] = "file_service.read.file"
    producer: ClassVar[str] = SERVICE_NAME
    stays: ClassVar[bool] = True

    batch_id: str
    upload: FileUpload
