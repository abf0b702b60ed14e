"""Small documents of every format, made by hand so that a test says all that is in them."""

import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

_WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_CORE = (
    'xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"'
)
_OPEN_DOCUMENT = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "text", "table", "style", "meta", "drawing")
)


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return buffer.getvalue()


def runs(*texts: str) -> str:
    """A Word paragraph whose words change their format wherever two texts meet."""
    return "<w:p>" + "".join(f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r>' for text in texts) + "</w:p>"


def word(body: str, **parts: str) -> bytes:
    """A .docx; further parts by name, as `header1="<w:p>..."`, each the inside of its root element."""
    files = {f"word/{name}.xml": f"<w:root {_WORD}>{inside}</w:root>" for name, inside in parts.items()}
    properties = "<dc:title>Min sommar</dc:title><dc:creator>Åsa Öberg</dc:creator>"
    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "word/document.xml": f"<w:document {_WORD}><w:body>{body}</w:body></w:document>",
            "docProps/core.xml": f"<cp:coreProperties {_CORE}>{properties}</cp:coreProperties>",
            **files,
        }
    )


def open_document(body: str, styles: str = "", manifest: str = "") -> bytes:
    properties = "<meta:initial-creator>Bo Ek</meta:initial-creator>"
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f"<office:document-content {_OPEN_DOCUMENT}>{body}</office:document-content>",
            "styles.xml": f"<office:document-styles {_OPEN_DOCUMENT}>{styles}</office:document-styles>",
            "meta.xml": f"<office:meta {_OPEN_DOCUMENT}>{properties}</office:meta>",
            "META-INF/manifest.xml": f"<manifest>{manifest}</manifest>",
        }
    )


def pdf(*pages: Sequence[str], trailer: bytes = b"") -> bytes:
    """A PDF with these lines on its pages, written from the top of each down."""
    return pdf_of_streams(*(_page_stream(lines) for lines in pages), trailer=trailer)


def pdf_of_streams(*streams: bytes, trailer: bytes = b"") -> bytes:
    """A PDF whose pages have these compressed streams of drawing commands."""
    numbers = [5 + 2 * index for index in range(len(streams))]
    kids = b" ".join(b"%d 0 R" % number for number in numbers)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(streams), kids),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        b"<</Author(\xc5sa \xd6berg)/Title(Min sommar)>>",
    ]
    for number, stream in zip(numbers, streams, strict=True):
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R"
            b"/Resources<</Font<</F1 3 0 R>>>>>>" % (number + 1)
        )
        objects.append(b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(stream), stream))
    return _with_cross_references(objects, trailer)


def _page_stream(lines: Sequence[str]) -> bytes:
    shown = b"".join(b"(%s)Tj T* " % line.encode("cp1252") for line in lines)
    return zlib.compress(b"BT /F1 11 Tf 14 TL 60 780 Td " + shown + b"ET")


def _with_cross_references(objects: Sequence[bytes], trailer: bytes) -> bytes:
    document, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(document))
        document += b"%d 0 obj%s endobj\n" % (number, content)
    references = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    end = b"trailer<</Size %d/Root 1 0 R/Info 4 0 R%s>>\nstartxref\n%d\n%%%%EOF" % (size, trailer, len(document))
    return document + b"xref\n0 %d\n0000000000 65535 f \n" % size + references + end
