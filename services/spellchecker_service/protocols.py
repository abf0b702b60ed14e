"""The ports of the spellchecker; texts come and go through `huleedu_service_libs.content_client`."""

from typing import Protocol

from huleedu_service_libs.runtime import Group


class SpellingEngineProtocol(Protocol):
    """How essays get checked."""

    def group(self) -> Group:
        """Reads EssayLifecycleSpellcheckRequestV1, and answers each."""
