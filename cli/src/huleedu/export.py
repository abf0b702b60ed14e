"""Results written to a file, or corrected texts to a folder."""

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from huleedu.api import Api, Json
from huleedu.job import JobFailed


async def export(api: Api, batch_id: str, target: Path) -> None:
    """By the target's ending: .json, .csv or .xlsx is a file; without an ending, a folder that gets the texts."""
    match target.suffix.lower():
        case ".json":
            target.write_text(json.dumps(await api.results(batch_id), ensure_ascii=False, indent=2), encoding="utf-8")
        case ".csv" | ".xlsx" as ending:
            await _download(api, batch_id, ending, target)
        case "":
            await _texts(api, batch_id, target)
        case other:
            raise JobFailed(f"Results can be written as .json, .csv or .xlsx, or into a folder/, not as {other}.")


async def _download(api: Api, batch_id: str, ending: str, target: Path) -> None:
    async with api.download(batch_id, ending) as content:
        with target.open("wb") as file:
            async for chunk in content.iter_any():
                file.write(chunk)


async def _texts(api: Api, batch_id: str, folder: Path) -> None:
    """Each essay's corrected text under the name it was handed in with, as .txt."""
    results = await api.results(batch_id)
    folder.mkdir(parents=True, exist_ok=True)
    for name, essay in essays_by_name(results):
        text = await api.text(essay["corrected_text_storage_id"])
        (folder / name).write_text(text, encoding="utf-8")


def essays_by_name(results: Json) -> Iterator[tuple[str, Json]]:
    """A file name of its own for each corrected essay; no name leads out of the folder."""
    taken: set[str] = set()
    for essay in results["essays"]:
        if essay["corrected_text_storage_id"] is None:
            continue
        stem = PurePosixPath((essay["file_name"] or essay["essay_id"]).replace("\\", "/")).stem.lstrip(".") or "essay"
        name, number = f"{stem}.txt", 2
        while name.casefold() in taken:
            name, number = f"{stem} ({number}).txt", number + 1
        taken.add(name.casefold())
        yield name, essay
