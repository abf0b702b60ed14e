"""Inside the spellchecker: some essays fail for good at their first attempt, so that there is something to retry."""

import zlib
from collections.abc import Sequence

from spellchecker_service.answers import Verdict, long_answer, short_answer
from spellchecker_service.implementations.no_engine import PROCESSOR_VERSION, NoSpellingEngine

from chaos.recovery import PROBE
from chaos.replacing import replace
from common_core.message import Envelope
from common_core.messages.spellcheck import EssayLifecycleSpellcheckRequestV1
from huleedu_service_libs.runtime import cause_of, current_unit

ONE_IN = 12  # essays
FAILED = Verdict(processor_version=PROCESSOR_VERSION, error_code="PARSING_ERROR")

Request = Envelope[EssayLifecycleSpellcheckRequestV1]


def install() -> None:
    """Have the engine that does nothing stumble; what is handed in to measure recovery is spared."""
    skip = NoSpellingEngine.skip

    async def stumbling(self: NoSpellingEngine, requests: Sequence[Request]) -> None:
        await skip(self, [request for request in requests if not _stumbles(request)])
        unit = current_unit()
        for request in filter(_stumbles, requests):
            cause = cause_of(request)
            answers = (answer(request.data, cause, FAILED, unit.now) for answer in (short_answer, long_answer))
            unit.say(*answers, cause=cause)

    replace(NoSpellingEngine, "skip", stumbling)


def _stumbles(request: Request) -> bool:
    """The same each time that it is asked."""
    owner = str((request.metadata or {}).get("user_id", PROBE))
    is_first = request.data.attempt == 1 and not owner.startswith(PROBE)
    return is_first and zlib.crc32(request.data.entity_id.encode()) % ONE_IN == 0
