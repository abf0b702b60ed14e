"""What the NLP service can be told."""

from typing import ClassVar, Literal

from huleedu_service_libs.settings import Count, Port, Seconds
from huleedu_service_libs.surroundings import ReadsContent

SERVICE_NAME = "nlp_service"


class NlpSettings(ReadsContent):
    """Settings of the NLP service, read as `NLP_SERVICE_<NAME>` or, all but `engine`, as `<NAME>`."""

    service_name: ClassVar[str] = SERVICE_NAME
    port: Port = 8003

    engine: Literal["language", "none"] = "language"
    """`none` answers every request at once, without reading a text: for measuring everything around it."""

    essays_per_item: Count = 8
    """Essays that are analysed, and answered, together."""

    essay_time_limit: Seconds = 60
    """For the analysis of one essay."""
