"""The ports of the spellchecker; texts come and go through `huleedu_service_libs.content_client`."""

from typing import Protocol

from huleedu_service_libs.runtime import Route


class SpellingEngineProtocol(Protocol):
    """How essays get checked."""

    def route(self) -> Route:
        """How EssayLifecycleSpellcheckRequestV1 is handled: each request is answered, in runs."""
