"""What the first start builds, and every later one finds: the spelling lexicons."""

import asyncio
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from spellchecker_service.lexicon import lexicon_path, prepare_lexicon

from common_core.enums import Language

NAMES = {Language.ENGLISH: "English", Language.SWEDISH: "Swedish"}


async def prepare(console: Console, data_dir: Path) -> None:
    """Build the lexicons that are missing, with a bar for each. They are kept in the data folder."""
    folder = data_dir / "lexicons"
    folder.mkdir(parents=True, exist_ok=True)
    missing = [language for language in NAMES if not lexicon_path(language, folder).exists()]
    if not missing:
        return
    console.print("Preparing the spelling lexicons, once:")
    with _bars(console) as bars:
        await asyncio.gather(*(asyncio.to_thread(_build, bars, language, folder) for language in missing))


def _build(bars: Progress, language: Language, folder: Path) -> None:
    task = bars.add_task(NAMES[language], total=None)
    prepare_lexicon(language, folder, lambda done, total: bars.update(task, completed=done, total=total))


def _bars(console: Console) -> Progress:
    columns = (TextColumn("  {task.description:<10}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)
