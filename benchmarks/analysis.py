"""How fast the linguistic analysis is on one core: `python benchmarks/analysis.py DATAFOLDER [--language sv]`.

DATAFOLDER holds essays as .txt files (UTF-8), or as rows of .csv files with a column `full_text` or `text`.
Each essay is analysed once, after the dictionaries are loaded; no word has been looked up before.
"""

import argparse
import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from time import process_time

from nlp_service.essay_analysis import analyse_text
from nlp_service.lexicon import lexicon_of

from common_core.enums import Language

TEXT_COLUMNS = ("full_text", "text")


def essays_in(folder: Path) -> Iterator[str]:
    """The texts of a folder and its subfolders."""
    for path in sorted(folder.rglob("*.txt")):
        yield path.read_text("utf-8", errors="replace")
    for path in sorted(folder.rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            yield from (row[column] for row in csv.DictReader(file) for column in TEXT_COLUMNS if row.get(column))


def measure(essays: list[str], language: Language) -> str:
    """One line about loading the dictionaries and analysing the essays, in CPU seconds."""
    started = process_time()
    lexicon_of(language)
    loaded = process_time()
    words = sum(analyse_text(language, essay).metrics.word_count for essay in essays)
    spent = process_time() - loaded
    return (
        f"{len(essays)} essays of {words / len(essays):.0f} words ({language}), per second of CPU time: "
        f"{len(essays) / spent:,.0f} essays, {words / spent:,.0f} words; "
        f"dictionaries loaded in {loaded - started:.2f} s"
    )


def main() -> None:
    """Read the arguments, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DATAFOLDER")
    parser.add_argument("--language", type=Language, default=Language.ENGLISH, choices=list(Language))
    arguments = parser.parse_args()
    essays = list(essays_in(arguments.folder))
    if not essays:
        sys.exit(f"No essays in {arguments.folder}")
    print(measure(essays, arguments.language))


if __name__ == "__main__":
    main()
