"""What Content Service answers."""

from pydantic import BaseModel, Field


class StoredContent(BaseModel):
    """Content has been stored."""

    storage_id: str = Field(description="32 hex digits, the same for the same bytes")
    correlation_id: str
