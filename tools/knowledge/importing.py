"""Runbooks and post-mortems from Markdown folders and document loaders, cut into passages by heading."""

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InputError, KnowledgeBaseError
from .passages import RunbookPassage

_SUFFIXES = {".md", ".markdown"}
_MAX_BYTES = 5_000_000  # a larger "document" is a dump, not a runbook
_MAX_CHARS = 1500  # of one passage; longer sections are cut at blank lines
_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")

LOADERS = {
    "directory": "DirectoryLoader",
    "text": "TextLoader",
    "notion": "NotionDirectoryLoader",
    "confluence": "ConfluenceLoader",
    "git": "GitLoader",
}


class Imported(NamedTuple):
    """What was read; `skipped` says which files were not, and why."""

    passages: list[RunbookPassage]
    skipped: list[str]


def import_markdown(path: Path) -> Imported:
    """Return the passages of a Markdown file, or of all Markdown files under a folder.

    Raises `InputError` if `path` does not exist or holds no Markdown file.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    files = (
        sorted(item for item in path.rglob("*") if item.suffix.lower() in _SUFFIXES)
        if path.is_dir()
        else [path]
    )
    if not files:
        raise InputError(f"{path}: no Markdown file (*.md) in it")
    passages: list[RunbookPassage] = []
    skipped = []
    for file in files:
        try:
            text = _read(file)
        except (OSError, ValueError) as error:
            skipped.append(f"{file}: {error}")
            continue
        source = str(file.relative_to(path)) if path.is_dir() else file.name
        passages += split_markdown(text, source)
    return Imported(passages, skipped)


def import_with_loader(name: str, options: dict[str, Any]) -> Imported:
    """Return the passages of the documents that a `langchain-community` loader yields.

    `name` is a key of `LOADERS`, `options` are the loader's own arguments. Raises `InputError` for an
    unknown name or option and `KnowledgeBaseError` if a package is missing or the loader fails.
    """
    if name not in LOADERS:
        raise InputError(f"loader `{name}`: expected one of {', '.join(LOADERS)}")
    try:
        with warnings.catch_warnings():
            # The package announces its end at import; its successors are one package per service.
            warnings.simplefilter("ignore", DeprecationWarning)
            from langchain_community import document_loaders
    except ImportError:
        raise KnowledgeBaseError(
            "document loaders are not installed; pip install 'ops-assistant[importers]'"
        ) from None
    try:
        if name == "directory":  # its default needs a parser package of 500 MB; runbooks are text
            options = {"loader_cls": document_loaders.TextLoader, **options}
        loader = getattr(document_loaders, LOADERS[name])(**options)
    except TypeError as error:
        raise InputError(f"loader `{name}`: {error}") from error
    except ImportError as error:
        raise KnowledgeBaseError(f"loader `{name}`: {error}") from error
    passages: list[RunbookPassage] = []
    try:
        for document in loader.lazy_load():
            source = str(document.metadata.get("title") or document.metadata.get("source") or name)
            passages += split_markdown(document.page_content, source)
    except ImportError as error:
        raise KnowledgeBaseError(f"loader `{name}`: {error}") from error
    except Exception as error:  # loaders raise whatever their service's client does
        raise KnowledgeBaseError(f"loader `{name}` failed: {type(error).__name__}: {error}") from error
    return Imported(passages, [])


def split_markdown(text: str, source: str) -> list[RunbookPassage]:
    """Return the passages of one document, cut at headings (not at `#` in code blocks), empty ones left out."""
    passages = []
    for heading, body in _sections(text):
        passages += [RunbookPassage(source=source, heading=heading, text=part) for part in _pieces(body)]
    return passages


def _read(path: Path) -> str:
    if path.stat().st_size > _MAX_BYTES:
        raise ValueError(f"larger than {_MAX_BYTES} bytes")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 text (byte {error.start})") from None


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Yield (heading path, body) in order."""
    trail: list[tuple[int, str]] = []
    body: list[str] = []
    fence = ""
    for line in _without_front_matter(text).splitlines():
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        heading = None if fence or mark else _HEADING.match(line)
        if heading is None:
            body.append(line)
            continue
        yield " > ".join(title for _, title in trail), "\n".join(body)
        level = len(heading[1])
        trail = [item for item in trail if item[0] < level] + [(level, heading[2])]
        body = []
    yield " > ".join(title for _, title in trail), "\n".join(body)


def _without_front_matter(text: str) -> str:
    if text.startswith("---\n"):
        end = text.find("\n---", 3)
        if end >= 0:
            return text[text.find("\n", end + 1) + 1 :]
    return text


def _pieces(body: str) -> Iterator[str]:
    """Yield `body` in parts of at most about `_MAX_CHARS`, cut at blank lines where there are any."""
    part = ""
    for paragraph in re.split(r"\n\s*\n", body.strip()):
        for start in range(0, len(paragraph), _MAX_CHARS):
            piece = paragraph[start : start + _MAX_CHARS]
            if part and len(part) + len(piece) > _MAX_CHARS:
                yield part
                part = ""
            part = f"{part}\n\n{piece}" if part else piece
    if part.strip():
        yield part
