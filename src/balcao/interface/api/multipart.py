"""A multipart/form-data body with one file (RFC 7578), read as it comes: the file goes to the disk."""

from pathlib import Path
from types import TracebackType
from typing import Self

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from balcao.domain.errors import InvalidInput

FILE_FIELD = "file"
_MOST_PARTS = 50
_LONGEST_VALUE = 4000


class MultipartForm:
    """The parts of a form as they arrive: ``file`` into a new local file, everything else as short text.

    Raises:
        InvalidInput: by ``write``, ``close`` and the constructor, when it is no form with one file.
    """

    def __init__(self, content_type: str, path: Path) -> None:
        media_type, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if media_type != b"multipart/form-data" or not boundary:
            raise _not_a_form()
        self.fields: dict[str, list[str]] = {}
        self.file_name: str | None = None
        self._parts = 0
        self._is_whole = False
        self._file = path.open("xb")
        self._begin_part()
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._read_header_name,
                    "on_header_value": self._read_header_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._read_data,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise _not_a_form() from error

    def write(self, piece: bytes) -> None:
        """Read some more of the body."""
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise _not_a_form() from error

    def check(self) -> str:
        """What the file is called by its sender, now that the body has ended."""
        if self.file_name is None or not self._is_whole:
            raise _not_a_form()
        return self.file_name

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS + 1:  # the constructor counted one
            raise InvalidInput(f"O formulário tem mais de {_MOST_PARTS} partes.", param=FILE_FIELD)
        self._header_name = b""
        self._header_value = b""
        self._disposition = b""
        self._name = ""
        self._value = bytearray()
        self._is_file = False

    def _read_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _read_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = self._header_value
        self._header_name = self._header_value = b""

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = _text(options.get(b"name", b""))
        self._is_file = b"filename" in options
        if self._is_file != (self._name == FILE_FIELD) or (self._is_file and self.file_name is not None):
            raise _not_a_form()
        if self._is_file:
            self.file_name = _text(options[b"filename"])

    def _read_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._file.write(memoryview(data)[start:end])
            return
        self._value += data[start:end]
        if len(self._value) > _LONGEST_VALUE:
            raise InvalidInput(f"Um campo passa de {_LONGEST_VALUE} bytes.", param=self._name)

    def _end_part(self) -> None:
        if not self._is_file:
            self.fields.setdefault(self._name, []).append(_text(bytes(self._value)))

    def _end(self) -> None:
        self._is_whole = True


def _text(content: bytes) -> str:
    """UTF-8 as browsers send it, else Windows's old encoding."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _not_a_form() -> InvalidInput:
    return InvalidInput("Envie um formulário multipart/form-data com um arquivo no campo file.", param=FILE_FIELD)
