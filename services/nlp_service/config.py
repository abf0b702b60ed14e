"""What the NLP service can be told."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from huleedu_service_libs.settings import Count, Port, Seconds
from huleedu_service_libs.surroundings import ReadsContent

SERVICE_NAME = "nlp_service"

Share = Annotated[float, Field(ge=0, le=1)]


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

    class_management_service_url: str = "http://class_management_service:5002"

    matching_auto_accept: Share = 0.85
    """Confidence from which a student is suggested as certain."""

    matching_time_limit: Seconds = 300
    """For the matching of one batch, its texts read."""
