"""Connections to Chroma: one embedded store per path and process, or a server."""

import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import InputError, KnowledgeBaseError


class Connection:
    """A Chroma client that several users of one process share; hold `guard` while the client is used."""

    def __init__(self, path: Path | None, url: str | None) -> None:
        self._path, self._url = path, url
        self.guard = threading.RLock()
        self.users = 0
        self.client: Any = _client(path, url)

    def reopen(self) -> None:
        """Start over: an embedded store never sees vectors that another process wrote after it was opened."""
        with self.guard:
            _close(self.client)
            self.client = _client(self._path, self._url)

    def close(self) -> None:
        """Give the connection back; the last user closes it."""
        with _registry:
            self.users -= 1
            if self.users <= 0:
                _embedded.pop(self._path, None)
                _close(self.client)


_embedded: dict[Path | None, Connection] = {}
_registry = threading.Lock()


def connect(path: Path | None, url: str | None) -> Connection:
    """Return a connection to the server at `url`, or else to the embedded store at `path`.

    Chroma itself shares one system per path in a process and stops it with its last client; sharing one
    client above it is what makes `reopen` effective. Raises `InputError` for a URL that is none and
    `KnowledgeBaseError` if no server answers.
    """
    if url is not None:
        connection = Connection(None, url)
        connection.users = 1
        return connection
    with _registry:
        shared = _embedded.get(path)
        if shared is None:
            shared = _embedded[path] = Connection(path, None)
        else:
            shared.reopen()
        shared.users += 1
        return shared


def _close(client: Any) -> None:
    # Chroma's HTTP client leaves its own connections and those of its administrative twin open.
    servers = [getattr(part, "_server", None) for part in (client, getattr(client, "_admin_client", None))]
    client.close()
    for server in servers:
        session = getattr(server, "_session", None)
        if session is not None:
            session.close()


def _client(path: Path | None, url: str | None) -> Any:
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    if url is None:
        return chromadb.PersistentClient(path=str(path), settings=settings)
    parts = urlsplit(url if "//" in url else f"//{url}")
    if not parts.hostname or parts.scheme not in ("", "http", "https"):
        raise InputError(f"Chroma URL `{url}`: expected e.g. http://127.0.0.1:8000")
    secure = parts.scheme == "https"
    try:
        return chromadb.HttpClient(
            host=parts.hostname, port=parts.port or (443 if secure else 8000), ssl=secure, settings=settings
        )
    except ValueError as error:  # what the client raises when nothing answers
        raise KnowledgeBaseError(f"no Chroma server answers at {url}: {error}") from error
