"""Server-sent events out of a service's own log: resumable by Last-Event-ID without gap or repeat."""

from huleedu_service_libs.event_streams.frames import MalformedEventId, place_of
from huleedu_service_libs.event_streams.hub import Hub, Opening, Shown, TooManyStreams
from huleedu_service_libs.event_streams.response import event_stream, streams_events
from huleedu_service_libs.event_streams.settings import StreamsEvents
from huleedu_service_libs.event_streams.telemetry import StreamMetrics

__all__ = [
    "Hub",
    "MalformedEventId",
    "Opening",
    "Shown",
    "StreamMetrics",
    "StreamsEvents",
    "TooManyStreams",
    "event_stream",
    "place_of",
    "streams_events",
]
