"""Settings of the Class Management Service."""

from typing import ClassVar

from huleedu_service_libs.settings import Count, Port, Seconds, ServiceSettings

SERVICE_NAME = "class_management_service"


class ClassManagementSettings(ServiceSettings):
    """What class management can be told.

    A teacher has `confirmation_seconds` to say who wrote a batch's essays; a class has at most `max_students_per_class`
    students, and so a file as many rows; reading one may take `roster_file_seconds`.
    """

    service_name: ClassVar[str] = SERVICE_NAME

    port: Port = 5002
    confirmation_seconds: Seconds = 24 * 3600
    max_students_per_class: Count = 5_000
    roster_file_seconds: Seconds = 30
