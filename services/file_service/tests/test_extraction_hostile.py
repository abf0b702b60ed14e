"""Files made to break a reader get an answer like any other: a text, or a failure that a teacher understands."""

import asyncio
import random
import re
import zlib
from collections.abc import Iterator

import pytest

from file_service.domain.failures import ContentTooLong, FileRefused, FileTooLarge, TextExtractionFailed
from file_service.domain.validation import validated
from file_service.extraction.archive import Archive
from file_service.extraction.extractor import Extractor
from file_service.extraction.limits import Limits
from file_service.extraction.reading import read_text
from file_service.tests.extraction_documents import open_document, pdf, pdf_of_streams, runs, word, zipped

NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
ESSAY = "Min sommar var lång och varm, och jag badade varje dag."


def word_with(document: str) -> bytes:
    return zipped({"word/document.xml": document})


def padded_word(body: str) -> bytes:
    """A document with a picture that does not compress, so that its text may compress as well as it likes."""
    document = f"<w:document {NAMESPACE}>{body}</w:document>"
    return zipped({"word/document.xml": document, "word/media/image1.png": random.Random(1).randbytes(100_000)})


def laughs() -> str:
    entities = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    return f'<!DOCTYPE d [<!ENTITY l0 "ha">{entities}]><w:document {NAMESPACE}><w:t>&l9;</w:t></w:document>'


def reading_a_file() -> str:
    entity = '<!DOCTYPE d [<!ENTITY file SYSTEM "file:///etc/hostname">]>'
    return f"{entity}<w:document {NAMESPACE}><w:t>&file;</w:t></w:document>"


def with_false_size(raw: bytes, declared: int) -> bytes:
    """The archive, claiming in its table of contents that its largest entry is small."""
    changed = bytearray(raw)
    for entry in re.finditer(rb"PK\x01\x02", raw):
        changed[entry.start() + 24 : entry.start() + 28] = declared.to_bytes(4, "little")
    return bytes(changed)


@pytest.mark.parametrize(
    ("raw", "failure"),
    [
        pytest.param(word_with("<d>" + " " * 49_000_000), FileTooLarge, id="zip bomb by ratio"),
        pytest.param(zipped({"word/document.xml": "x" * 50_000_001}), FileTooLarge, id="zip bomb by size"),
        pytest.param(
            zipped({f"word/document{n}.xml": "" for n in range(2_001)}), FileTooLarge, id="zip of many entries"
        ),
        pytest.param(word_with(f"<w:document {NAMESPACE}>" + "<w:p/>" * 1_100_000), FileTooLarge, id="tiny paragraphs"),
        pytest.param(word_with(laughs()), TextExtractionFailed, id="billion laughs"),
        pytest.param(word_with(reading_a_file()), TextExtractionFailed, id="external entity"),
        pytest.param(word_with("<w:document"), TextExtractionFailed, id="broken XML"),
        pytest.param(word(runs(ESSAY))[:-30], TextExtractionFailed, id="truncated docx"),
        pytest.param(b"PK\x03\x04 and nothing more", TextExtractionFailed, id="no archive"),
        pytest.param(pdf([ESSAY])[:250], TextExtractionFailed, id="truncated pdf"),
        pytest.param(b"%PDF-1.7\n", TextExtractionFailed, id="empty pdf"),
        pytest.param(pdf(*[["x"]] * 201), ContentTooLong, id="too many pages"),
        pytest.param(b"a" * 1_000_001, ContentTooLong, id="too many letters"),
        pytest.param(padded_word(runs("a" * 1_000_001)), ContentTooLong, id="too many letters in Word"),
    ],
)
def test_a_hostile_file_is_refused(raw: bytes, failure: type[FileRefused]) -> None:
    with pytest.raises(failure) as refusal:
        read_text(raw)

    assert type(refusal.value) is failure


def test_an_archive_that_lies_about_its_size_gives_no_more_than_it_declares() -> None:
    raw = with_false_size(word_with(f"<w:document {NAMESPACE}>{runs('a' * 500_000)}</w:document>"), declared=1_000)

    with pytest.raises(TextExtractionFailed):
        read_text(raw)


def test_what_is_read_of_an_archive_is_counted_over_all_its_parts() -> None:
    archive = Archive(padded_word(runs("a" * 9_000_000)))

    for _ in range(5):
        archive.read("word/document.xml")
    with pytest.raises(FileTooLarge):
        archive.read("word/document.xml")


def test_deep_xml_is_only_deep() -> None:
    depth = 20_000
    document = f"<w:document {NAMESPACE}>{'<w:r>' * depth}{runs(ESSAY)}{'</w:r>' * depth}</w:document>"

    assert read_text(word_with(document)).text == ESSAY


def test_spaces_by_number_have_a_limit() -> None:
    assert len(read_text(open_document("<text:p>a<text:s text:c='999999999'/>b</text:p>")).text) < 2_000


def test_one_line_of_a_million_letters_is_a_text_but_no_essay() -> None:
    text = read_text(b"a" * 1_000_000).text

    with pytest.raises(ContentTooLong):
        validated(text)


def fuzzed() -> Iterator[bytes]:
    """Each format with some of its bytes changed, the same ones in every run."""
    chance = random.Random(20)
    rtf = b"{\\rtf1 " + b"\\'e5 {}" * 99
    for raw in (word(runs(ESSAY)), open_document(f"<text:p>{ESSAY}</text:p>"), pdf([ESSAY]), rtf):
        for _ in range(40):
            changed = bytearray(raw)
            for _ in range(5):
                changed[chance.randrange(4, len(raw))] = chance.randrange(256)
            yield bytes(changed)
    yield from (chance.randbytes(5_000) for _ in range(40))


async def test_damaged_files_get_a_text_or_a_failure_and_the_next_file_is_read() -> None:
    async with Extractor(2) as reading:
        answers = await asyncio.gather(*(reading.extract(raw, "essay") for raw in fuzzed()), return_exceptions=True)

        assert len(answers) == 200
        assert [error for error in answers if isinstance(error, Exception) and not isinstance(error, FileRefused)] == []
        assert (await reading.extract(word(runs(ESSAY)), "essay.docx")).text == ESSAY


async def test_a_pdf_that_unpacks_to_more_than_the_memory_costs_itself_only() -> None:
    packed = zlib.compressobj(1)
    stream = b"".join([*(packed.compress(b" " * 10_000_000) for _ in range(40)), packed.flush()])

    async with Extractor(1, Limits(cpu_seconds=5, memory_bytes=300_000_000)) as reading:
        with pytest.raises(FileRefused):
            await reading.extract(pdf_of_streams(stream), "bomb.pdf")
        assert (await reading.extract(pdf([ESSAY]), "essay.pdf")).text == ESSAY
