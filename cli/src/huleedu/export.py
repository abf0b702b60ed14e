"""Results written to a file, or corrected texts to a folder."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from huleedu.api import Api, Json
from huleedu.job import JobFailed


async def export(api: Api, batch_id: str, wanted: str) -> None:
    """A folder, there already or with a slash at its end, gets the texts; else it goes by the ending: .csv, ..."""
    target = Path(wanted)
    match "" if wanted.endswith(os.sep) or target.is_dir() else target.suffix.lower():
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
    """Each essay's corrected text as .txt, under its student's name or the one it was handed in with."""
    essays = essays_by_name(await api.results(batch_id))
    texts = {name: await api.text(essay["corrected_text_storage_id"]) for name, essay in essays}
    write_texts(folder, texts)


def write_texts(folder: Path, texts: Mapping[str, str]) -> None:
    """Raises JobFailed, with nothing written, where another text would be lost: perhaps the one the student wrote."""
    folder.mkdir(parents=True, exist_ok=True)
    data = {folder / name: text.encode() for name, text in texts.items()}
    others = [path.name for path, text in data.items() if path.exists() and path.read_bytes() != text]
    if others:
        raise JobFailed(f"{', '.join(others)} in {folder} would be overwritten. Name another folder.")
    for path, text in data.items():
        path.write_bytes(text)


def _called(essay: Json) -> str:
    """After its student, in a class's batch, else after its file."""
    name = str(essay["file_name"] or essay["essay_id"])
    if (student := essay.get("student")) is None:
        return name
    named = str(student["name"]).replace("/", "-").replace("\\", "-")
    return f"{named}.txt" if student["first_name"] else f"{named} {name}"


def essays_by_name(results: Json) -> Iterator[tuple[str, Json]]:
    """A file name of its own for each corrected essay; no name leads out of the folder."""
    taken: set[str] = set()
    for essay in results["essays"]:
        if essay["corrected_text_storage_id"] is None:
            continue
        stem = PurePosixPath(_called(essay).replace("\\", "/")).stem.lstrip(".") or "essay"
        name, number = f"{stem}.txt", 2
        while name.casefold() in taken:
            name, number = f"{stem} ({number}).txt", number + 1
        taken.add(name.casefold())
        yield name, essay
