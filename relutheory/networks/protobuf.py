"""The protobuf wire format, as far as reading ONNX files needs it: no schema, fields by number."""

from __future__ import annotations

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class WireError(ValueError):
    """The bytes are not a protobuf message of the expected form."""


class Record:
    """One message: its fields by number, each read on demand.

    data : the bytes of the message.  Raises WireError where they are not one.

    >>> Record(bytes([8, 150, 1])).integer(1)
    150
    """

    def __init__(self, data: bytes | memoryview) -> None:
        self._fields: dict[int, list[int | memoryview]] = {}
        view, at = memoryview(data), 0
        while at < len(view):
            key, at = _varint(view, at)
            number, kind = key >> 3, key & 7
            value: int | memoryview
            if kind == _VARINT:
                value, at = _varint(view, at)
            else:
                if kind == _BYTES:
                    size, at = _varint(view, at)
                elif kind in (_FIXED64, _FIXED32):
                    size = 8 if kind == _FIXED64 else 4
                else:
                    raise WireError(f"unknown wire type {kind}")
                value, at = view[at : at + size], at + size
            if number == 0 or at > len(view):
                raise WireError("the data ends early or is not in protobuf format")
            self._fields.setdefault(number, []).append(value)

    def has(self, field: int) -> bool:
        return field in self._fields

    def chunks(self, field: int) -> list[memoryview]:
        """The values of a field of strings, bytes, messages, floats or packed numbers."""
        values = self._fields.get(field, [])
        if any(isinstance(value, int) for value in values):
            raise WireError(f"field {field} is a number")
        return values  # type: ignore[return-value]

    def records(self, field: int) -> list[Record]:
        return [Record(chunk) for chunk in self.chunks(field)]

    def record(self, field: int) -> Record:
        """The one message of a field."""
        found = self.records(field)
        if len(found) != 1:
            raise WireError(f"field {field} occurs {len(found)} times, not once")
        return found[0]

    def texts(self, field: int) -> list[str]:
        try:
            return [str(chunk, "utf-8") for chunk in self.chunks(field)]
        except UnicodeDecodeError:
            raise WireError(f"field {field} is not a text") from None

    def text(self, field: int) -> str:
        """The last value of a text field, "" where there is none."""
        return ["", *self.texts(field)][-1]

    def raw(self, field: int) -> bytes:
        """All bytes of a field (repeated numbers may come in one piece or in many)."""
        return b"".join(self.chunks(field))

    def integers(self, field: int) -> list[int]:
        """The values of an int64 field, packed or not."""
        out: list[int] = []
        for value in self._fields.get(field, []):
            if isinstance(value, int):
                out.append(value)
                continue
            at = 0
            while at < len(value):
                number, at = _varint(value, at)
                out.append(number)
        return [v - (1 << 64) if v >> 63 else v for v in out]

    def integer(self, field: int, default: int = 0) -> int:
        """The last value of an int64 field."""
        return [default, *self.integers(field)][-1]


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    """The base-128 number at `at`, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(view):
            raise WireError("the data ends early")
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
    raise WireError("a number is too long")
