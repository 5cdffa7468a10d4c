"""systemd's journal export format: entries of `KEY=value` lines, parted by blank lines.

A value with line breaks stands on its own after the key: eight bytes of length (little endian), the value, a line end.
It is read by that length, so nothing inside it is taken for another field or for an entry's end."""

FIRST_KEY = "__CURSOR="
_LENGTH = 8  # bytes of a stored length
_MAX_VALUE = 64 << 20  # bytes


class JournalReader:
    """Gathers the fields of one entry; the entry's evidence is its MESSAGE line."""

    def __init__(self) -> None:
        self.open = False
        self._fields: dict[str, str] = {}
        self._message: tuple[int, bytes] | None = None
        self._key = ""
        self._value: list[bytes] = []
        self._size = self._length = 0

    def feed(self, text: str, number: int, raw: bytes) -> tuple[dict[str, str], int, bytes] | None:
        """Take a line; at an entry's end return (fields, line number of its message, that line's bytes)."""
        self.open = True
        if self._key:
            self._go_on(raw, number)
            return None
        if not text:
            return self.close()
        key, equals, value = text.partition("=")
        if key.replace("_", "").isalnum() and key.isupper():
            if equals:
                self._set(key, value, number, raw)
            else:
                self._key, self._value, self._size = key, [], 0
        return None

    def _go_on(self, raw: bytes, number: int) -> None:
        """Take a line of a value that is stored with its length (whose bytes may be line ends themselves)."""
        known = self._size >= _LENGTH
        self._value.append(raw)
        self._size += len(raw) + bool(self._value[1:])
        if self._size < _LENGTH:
            return
        if not known:
            head = b"\n".join(self._value)
            self._length = int.from_bytes(head[:_LENGTH], "little")
            self._value = [head[_LENGTH:]]
            if self._key == "MESSAGE":
                self._message = (number, head[_LENGTH:])
        if self._size - _LENGTH >= self._length or self._length > _MAX_VALUE:  # too long: changed on its way
            self._fields[self._key] = b"\n".join(self._value).decode(errors="backslashreplace")
            self._key = ""

    def _set(self, key: str, value: str, number: int, raw: bytes) -> None:
        self._fields[key] = value
        if key == "MESSAGE":
            self._message = (number, raw)

    def close(self) -> tuple[dict[str, str], int, bytes] | None:
        """End the open entry; return it if it has a message."""
        fields, message = self._fields, self._message
        self.open, self._fields, self._message, self._key = False, {}, None, ""
        return (fields, *message) if message else None
