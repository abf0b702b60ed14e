"""What the spellchecker can be told."""

from typing import ClassVar, Literal

from huleedu_service_libs.settings import Port, Seconds
from huleedu_service_libs.surroundings import ReadsContent

SERVICE_NAME = "spellchecker_service"


class SpellcheckerSettings(ReadsContent):
    """Settings of the spellchecker, read as `SPELLCHECKER_SERVICE_<NAME>` or, all but `engine`, as `<NAME>`."""

    service_name: ClassVar[str] = SERVICE_NAME
    port: Port = 8002

    engine: Literal["language", "none"] = "language"
    """`none` answers every request without reading a text: for measuring everything around it."""

    essay_time_limit: Seconds = 120
    """For checking one essay; the first one after an installation may have to build its language's lexicon."""
