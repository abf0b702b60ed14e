"""Puts Content Service together and starts it."""

import asyncio
import shutil
from pathlib import Path

from dishka import AsyncContainer, Provider, make_async_container

from content_service.app import content_app
from content_service.config import SERVICE_NAME, ContentSettings
from content_service.di import BlobProvider
from content_service.protocols import BlobStoreProtocol
from huleedu_service_libs.health import Health
from huleedu_service_libs.service import Platform, Service, ServiceDefinition
from huleedu_service_libs.settings import ServiceSettings
from huleedu_service_libs.surroundings import SurroundingsProvider


def container(settings: ContentSettings, platform: Platform, *replacements: Provider) -> AsyncContainer:
    """All parts of the service, some of them replaced; closing it closes them."""
    context = {ContentSettings: settings, ServiceSettings: settings, Platform: platform}
    return make_async_container(SurroundingsProvider(), BlobProvider(), *replacements, context=context)


async def start(settings: ContentSettings, platform: Platform) -> Service:
    """Open the store, which must be possible, and make the app."""
    parts = container(settings, platform)
    await parts.get(BlobStoreProtocol)
    health = Health(check_timeout=settings.http_ready_check_timeout)
    health.needs("disk", lambda: _room_for(settings.http_max_body_bytes, platform.data_dir / "content"))
    return Service(name=SERVICE_NAME, app=await content_app(settings, health, parts), close=parts.close)


async def _room_for(most_bytes: int, folder: Path) -> str:
    free = (await asyncio.to_thread(shutil.disk_usage, folder)).free
    if free < most_bytes:
        raise RuntimeError(f"{free / 1e6:.0f} MB free")
    return f"{free / 1e9:.1f} GB free"


DEFINITION = ServiceDefinition(name=SERVICE_NAME, settings=ContentSettings, start=start)
