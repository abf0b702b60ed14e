"""The parts of Content Service and how they fit."""

import asyncio

from dishka import Provider, Scope, from_context, provide

from content_service.blob_store import DiskBlobStore
from content_service.config import SERVICE_NAME, ContentSettings
from content_service.protocols import BlobStoreProtocol
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.service import Platform


class BlobProvider(Provider):
    """What the service does, and measures."""

    scope = Scope.APP
    settings = from_context(ContentSettings)

    @provide
    def metrics(self) -> ServiceMetrics:
        return ServiceMetrics(SERVICE_NAME)

    @provide
    async def blobs(self, settings: ContentSettings, platform: Platform) -> BlobStoreProtocol:
        folder = platform.data_dir / "content"
        return await asyncio.to_thread(DiskBlobStore.at, folder, settings.http_max_body_bytes)
