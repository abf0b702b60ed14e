"""Each format gives what its writer sees on the page, in that order, and who is said to have written it."""

from collections.abc import Sequence

import pytest

from file_service.domain.extracted_text import FileFormat
from file_service.domain.failures import EmptyContent, EncryptedFile, FileRefused, UnsupportedFileType
from file_service.extraction.pdf import lines
from file_service.extraction.reading import read_text
from file_service.tests.extraction_documents import open_document, pdf, runs, word, zipped

TAB, BREAK = "<w:r><w:tab/></w:r>", "<w:r><w:br/></w:r>"


def text_of(raw: bytes) -> str:
    return read_text(raw).text


def test_a_word_that_changes_its_format_in_the_middle_stays_one_word() -> None:
    assert text_of(word(runs("Den st", "ör", "sta ", "ån i Åmål"))) == "Den största ån i Åmål"


def test_word_tabs_and_breaks_are_kept_and_tab_stops_are_none() -> None:
    stops = "<w:pPr><w:tabs><w:tab/></w:tabs></w:pPr>"
    name, bo, ek = (f"<w:r><w:t>{text}</w:t></w:r>" for text in ("Namn:", "Bo", "Ek"))
    paragraph = f"<w:p>{stops}{name}{TAB}{bo}{BREAK}{ek}</w:p>"

    assert text_of(word(runs("Hej") + paragraph)) == "Hej\nNamn:\tBo\nEk"


def test_a_word_table_is_a_line_for_each_row() -> None:
    def row(*cells: str) -> str:
        return "<w:tr>" + "".join(f"<w:tc>{cell}</w:tc>" for cell in cells) + "</w:tr>"

    table = f"<w:tbl>{row(runs('för'), runs('emot'))}{row(runs('lugn') + runs('ro'), runs('dyrt'))}</w:tbl>"

    assert text_of(word(runs("Skolan") + table + runs("Slut"))) == "Skolan\nför\temot\nlugn\nro\tdyrt\nSlut"


def test_word_headers_come_first_footers_last_and_each_line_once() -> None:
    raw = word(
        runs("Min sommar"),
        header1=runs("Åsa Öberg") + runs("NA24A"),
        header2=runs("Åsa Öberg"),
        footer1=runs("Sida ", "2"),
        footer2=runs("2"),
    )

    assert text_of(raw) == "Åsa Öberg\nNA24A\nMin sommar\nSida 2"


def test_word_text_boxes_and_notes_do_not_interrupt_a_sentence() -> None:
    box = f"<w:txbxContent>{runs('En ruta')}</w:txbxContent>"
    fallback = f"<mc:Fallback xmlns:mc='urn:mc'>{box}</mc:Fallback>"
    paragraph = f"<w:p><w:r><w:t>Jag </w:t></w:r><w:r>{box}{fallback}</w:r><w:r><w:t>tror.</w:t></w:r></w:p>"

    assert text_of(word(paragraph, footnotes=runs("En fotnot"))) == "Jag tror.\nEn ruta\nEn fotnot"


def test_what_was_deleted_or_moved_away_in_word_is_not_text() -> None:
    gone = "".join(f"<w:{kind}><w:r><w:t>bort</w:t></w:r></w:{kind}>" for kind in ("del", "moveFrom"))

    assert text_of(word(f"<w:p>{gone}<w:ins><w:r><w:t>kvar</w:t></w:r></w:ins></w:p>")) == "kvar"


def test_word_names_its_author_and_title() -> None:
    essay = read_text(word(runs("Namn: Åsa") + runs("") + runs("  Min sommar  ") * 12))

    assert (essay.format, essay.author, essay.title) == (FileFormat.DOCX, "Åsa Öberg", "Min sommar")
    assert essay.first_lines == ("Namn: Åsa", *["Min sommar"] * 9)


def test_open_document_keeps_spaces_tabs_breaks_and_rows() -> None:
    row = "<table:table-row>"
    row += "".join(f"<table:table-cell><text:p>{text}</text:p></table:table-cell>" for text in "ab")
    row += "</table:table-row>"
    body = (
        "<text:h>Rubrik</text:h>\n  <text:p>Jag\n   <text:span>trod</text:span>de<text:s text:c='2'/>det"
        "<text:tab/>var<text:line-break/>så.</text:p>" + row
    )

    assert text_of(open_document(body)) == "Rubrik\nJag trodde  det\tvar\nså.\na\tb"


def test_open_document_headers_come_first_and_notes_last() -> None:
    styles = "<style:header><text:p>Bo Ek</text:p></style:header><style:footer><text:p>1</text:p></style:footer>"
    note = "<text:note><text:note-citation>1</text:note-citation><text:p>Not</text:p></text:note>"
    comment = "<office:annotation><text:p>lärarens</text:p></office:annotation>"
    deleted = "<text:tracked-changes><text:p>bort</text:p></text:tracked-changes>"

    essay = read_text(open_document(f"{deleted}<text:p>Min {note}{comment}sommar</text:p>", styles))

    assert (essay.format, essay.text, essay.author) == (FileFormat.ODT, "Bo Ek\nMin sommar\nNot", "Bo Ek")


@pytest.mark.parametrize(
    ("pages", "text"),
    [
        ([["Min sommar", "Jag åkte till Öland."]], "Min sommar\nJag åkte till Öland."),
        (
            [["Bo Ek", "Ett", "Sida 1 av 3"], ["Bo Ek", "Två", "Sida 2 av 3"], ["Bo Ek", "Tre", "Sida 3 av 3"]],
            "Bo Ek\nEtt\nTvå\nTre\nSida 3 av 3",
        ),
        ([["Jag åkte till Öland.", "1"], ["Där var det varmt.", "2"]], "Jag åkte till Öland.\nDär var det varmt."),
        ([["Bo Ek", "Ett"], ["Två", "Ett"]], "Bo Ek\nTvå\nEtt"),
        ([["Samma"], ["Samma"]], "Samma"),
        ([["Ett"], []], "Ett"),
    ],
)
def test_a_pdf_keeps_what_stands_on_every_page_once(pages: Sequence[Sequence[str]], text: str) -> None:
    assert text_of(pdf(*pages)) == text


def test_a_pdf_names_its_author_and_title() -> None:
    essay = read_text(pdf(["Hej på dig"]))

    assert (essay.format, essay.author, essay.title) == (FileFormat.PDF, "Åsa Öberg", "Min sommar")


def test_a_word_that_a_pdf_divides_is_joined() -> None:
    assert text_of(pdf(["Det var en sommar-", "natt i juli."])) == "Det var en sommarnatt i juli."
    assert lines("en sommar\ufffe\r\nnatt\r\ni juli") == ["en sommarnatt", "i juli"]


RTF = rb"""{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 Arial;}}{\info{\author \'c5sa \'d6berg}{\title Min sommar}}
{\header \pard Namn: \'c5sa\par}\f0 Jag \'e5kte till {\b \'d6}land \u-10179?\u-8704?.\par Slut.}"""


def test_rtf_with_its_header_and_properties() -> None:
    essay = read_text(RTF)

    assert (essay.format, essay.author, essay.title) == (FileFormat.RTF, "Åsa Öberg", "Min sommar")
    assert essay.text == "Namn: Åsa\nJag åkte till Öland 😀.\nSlut."


def test_rtf_of_a_mac() -> None:
    assert text_of(rb"{\rtf1\mac Jag \'8ckte till \'85land.}") == "Jag åkte till Öland."


OLD_WORD = bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 500
UNPROTECTED_NAME = "WordDocument".encode("utf-16-le")
PROTECTED_NAME = "EncryptedPackage".encode("utf-16-le")
ENCRYPT = b"/Encrypt<</Filter/Standard/V 1/R 2/P -4/O(%s)/U(%s)>>/ID[(0123456789abcdef)(0)]" % (b"o" * 32, b"u" * 32)


@pytest.mark.parametrize(
    ("raw", "failure"),
    [
        pytest.param(OLD_WORD + PROTECTED_NAME, EncryptedFile, id="docx with a password"),
        pytest.param(pdf(["Hej"], trailer=ENCRYPT), EncryptedFile, id="pdf with a password"),
        pytest.param(open_document("", manifest="<encryption-data/>"), EncryptedFile, id="odt with a password"),
        pytest.param(OLD_WORD + UNPROTECTED_NAME, UnsupportedFileType, id="doc"),
        pytest.param(zipped({"xl/workbook.xml": "<workbook/>"}), UnsupportedFileType, id="xlsx"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(range(32)) * 20, UnsupportedFileType, id="png"),
        pytest.param(b"<!DOCTYPE html><p>Hej", UnsupportedFileType, id="html"),
        pytest.param(b"", EmptyContent, id="no bytes"),
        pytest.param(b"\xef\xbb\xbf \r\n\t ", EmptyContent, id="white space"),
        pytest.param(word("<w:p/>"), EmptyContent, id="docx without words"),
        pytest.param(pdf([]), EmptyContent, id="scan"),
    ],
)
def test_a_file_without_readable_text_is_refused_with_its_reason(raw: bytes, failure: type[FileRefused]) -> None:
    with pytest.raises(failure) as refusal:
        read_text(raw)

    assert type(refusal.value) is failure


def test_a_name_does_not_make_a_format() -> None:
    assert read_text(b"%PDF is how a PDF begins, and this essay is about it.").format is FileFormat.TXT
