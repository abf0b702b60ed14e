"""How well and how fast spelling is corrected: `python benchmarks/spelling.py DATAFOLDER [--lexicons FOLDER]`.

DATAFOLDER holds lists of pairs, wrong TAB right, as .tsv files (named sv_... for Swedish, else taken for English), and
may hold English essays in the column `full_text` of .csv files, in any subfolder. `found` is the share of wrong words
that are not accepted; `top1` and `top5` count the others as failures; `applied` is what a text gets: the share of wrong
words that `check_text` replaces by the right one.
"""

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir
from time import perf_counter, process_time

from spellchecker_service.lexicon import check_text, speller

from common_core.enums import Language

HEADING = f"{'':24}{'pairs':>7}{'found':>8}{'top1':>8}{'top5':>8}{'applied':>9}{'ms/word':>9}"


def pairs_in(path: Path) -> list[tuple[str, str]]:
    """The wrong and right words of a file, in lower case."""
    lines = path.read_text("utf-8").lower().splitlines()
    return [(wrong, right) for wrong, _, right in (line.partition("\t") for line in lines) if right]


def measure_pairs(path: Path, lexicons: Path) -> str:
    """One row of the table."""
    language = Language.SWEDISH if path.name.startswith("sv_") else Language.ENGLISH
    checker, pairs = speller(language, lexicons), pairs_in(path)
    started = process_time()
    offers = [() if checker.accepts(wrong) else checker.suggest(wrong) for wrong, _ in pairs]
    spent = process_time() - started
    asked = [(tuple(map(str.lower, offer)), right) for offer, (_, right) in zip(offers, pairs, strict=True)]
    applied = sum(check_text(language, wrong, lexicons).corrected_text.lower() == right for wrong, right in pairs)
    counts = (
        sum(not checker.accepts(wrong) for wrong, _ in pairs),
        sum(offer[:1] == (right,) for offer, right in asked),
        sum(right in offer[:5] for offer, right in asked),
    )
    shares = "".join(f"{count / len(pairs):8.3f}" for count in counts)
    return f"{path.stem:24}{len(pairs):7}{shares}{applied / len(pairs):9.3f}{1000 * spent / len(pairs):9.2f}"


def essays_in(folder: Path) -> Iterator[str]:
    """The texts of all .csv files."""
    for path in sorted(folder.rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            yield from (row["full_text"] for row in csv.DictReader(file) if row.get("full_text"))


def measure_essays(essays: list[str], lexicons: Path) -> str:
    """One line about whole essays; no word of theirs has been looked up before."""
    speller.cache_clear()
    check_text(Language.ENGLISH, "", lexicons)
    started = process_time()
    results = [check_text(Language.ENGLISH, essay, lexicons) for essay in essays]
    spent = process_time() - started
    words = sum(result.word_count for result in results)
    corrections = sum(result.total_corrections for result in results)
    return (
        f"{len(essays)} essays, {words:,} words, {corrections} corrections; per second of CPU time: "
        f"{len(essays) / spent:,.0f} essays, {words / spent:,.0f} words"
    )


def measure_loading(language: Language, lexicons: Path) -> str:
    """One line about the first call in a process."""
    speller(language, lexicons)  # builds what is not there yet
    speller.cache_clear()
    started = perf_counter()
    speller(language, lexicons)
    return f"{language}: loaded in {perf_counter() - started:.2f} s"


def main() -> None:
    """Read the arguments, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DATAFOLDER")
    parser.add_argument("--lexicons", type=Path, default=Path(gettempdir()) / "huleedu-lexicons")
    arguments = parser.parse_args()
    for language in Language:
        print(measure_loading(language, arguments.lexicons))
    print(HEADING)
    for path in sorted(arguments.folder.rglob("*.tsv")):
        print(measure_pairs(path, arguments.lexicons))
    if essays := list(essays_in(arguments.folder)):
        print(measure_essays(essays, arguments.lexicons))


if __name__ == "__main__":
    main()
