"""systemd's journal export format: entries of `KEY=value` lines, parted by blank lines.

Read as text, so a value with line breaks (stored with its length) contributes its first line only."""

FIRST_KEY = "__CURSOR="


class JournalReader:
    """Gathers the fields of one entry; the entry's evidence is its MESSAGE line."""

    def __init__(self) -> None:
        self.open = False
        self._fields: dict[str, str] = {}
        self._message: tuple[int, bytes] | None = None
        self._binary_key = ""

    def feed(self, text: str, number: int, raw: bytes) -> tuple[dict[str, str], int, bytes] | None:
        """Take a line; at an entry's end return (fields, line number of its message, that line's bytes)."""
        self.open = True
        if not text:
            return self.close()
        key, equals, value = text.partition("=")
        if equals and key.replace("_", "").isalnum() and key.isupper():
            self._fields[key] = value
            self._binary_key = ""
        elif key.replace("_", "").isalnum() and key.isupper():
            self._binary_key = key  # the next line holds eight bytes of length and the value
            return None
        elif self._binary_key:
            self._fields[self._binary_key] = text[8:] if len(text) > 8 else text
            key, self._binary_key = self._binary_key, ""
        if key == "MESSAGE":
            self._message = (number, raw)
        return None

    def close(self) -> tuple[dict[str, str], int, bytes] | None:
        """End the open entry; return it if it has a message."""
        fields, message = self._fields, self._message
        self.open, self._fields, self._message = False, {}, None
        return (fields, *message) if message else None
