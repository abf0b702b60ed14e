"""Error codes in words, for teachers."""

from common_core.enums import PhaseName

_PHASES = {
    PhaseName.SPELLCHECK: "Spell-checking",
    PhaseName.NLP: "Analysis",
    PhaseName.CJ_ASSESSMENT: "Ranking",
    PhaseName.AI_FEEDBACK: "Feedback",
    PhaseName.STUDENT_MATCHING: "Student matching",
}
_REASONS = {
    "CONTENT_NOT_FOUND": "the text could not be found",
    "CONTENT_SERVICE_ERROR": "the text could not be read at the time",
    "CONTENT_TOO_LONG": "the text is too long",
    "EMPTY_CONTENT": "the text is empty",
    "LANGUAGE_NOT_SUPPORTED": "it cannot be done in this language",
    "NLP_SERVICE_ERROR": "something went wrong in the service",
    "PARSING_ERROR": "the text is not readable as text",
    "PHASE_NOT_AVAILABLE": "it is not available",
    "PROCESSING_ERROR": "something went wrong in the service",
    "SPELLCHECK_SERVICE_ERROR": "something went wrong in the service",
    "TIMEOUT": "it took too long",
}


def reason(phase: PhaseName, code: str) -> str:
    """Why an essay failed in a phase; a code without words of its own is spelt out."""
    return f"{_PHASES[phase]} failed: {_REASONS.get(code, code.replace('_', ' ').lower())}."
