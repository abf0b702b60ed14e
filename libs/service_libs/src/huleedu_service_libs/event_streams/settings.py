"""What a service that streams events can be told of it."""

from huleedu_service_libs.settings import Count, Seconds, ServiceSettings


class StreamsEvents(ServiceSettings):
    """Settings of a service that shows streams.

    A process keeps at most `stream_limit` of them open. Whoever has more than `stream_buffer_bytes` before it and takes
    nothing is cut off.
    """

    stream_limit: Count = 2000
    stream_keep_alive_seconds: Seconds = 15
    stream_buffer_bytes: Count = 256 * 1024
