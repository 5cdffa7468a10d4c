"""Images of an alert: shown, or named with the reason why not."""

from pathlib import Path

from ops_assistant.agents.llm.images import MAX_BYTES, MAX_IMAGES, read_images

PNG = b"\x89PNG\r\n\x1a\n"


def image(folder: Path, name: str, content: bytes) -> str:
    (folder / name).write_bytes(content)
    return str(folder / name)


def test_formats_are_known_by_their_content(tmp_path: Path) -> None:
    shown = read_images([image(tmp_path, "a.txt", PNG), image(tmp_path, "b", b"\xff\xd8\xff\xe0")])
    urls = [part["image_url"]["url"] for part in shown.parts]
    assert [url.partition(";")[0] for url in urls] == ["data:image/png", "data:image/jpeg"]
    assert shown.notes == []


def test_each_image_that_is_not_shown_is_named_with_the_reason(tmp_path: Path) -> None:
    paths = [
        str(tmp_path / "gone.png"),
        image(tmp_path, "text.png", b"hello"),
        image(tmp_path, "empty.png", b""),
        image(tmp_path, "large.png", PNG + bytes(MAX_BYTES)),
        *(image(tmp_path, f"{number}.png", PNG) for number in range(MAX_IMAGES + 1)),
    ]
    shown = read_images(paths)
    assert len(shown.parts) == MAX_IMAGES
    assert [note.split(" was not read: ")[0] for note in shown.notes] == [
        "Image gone.png", "Image text.png", "Image empty.png", "Image large.png", f"Image {MAX_IMAGES}.png",
    ]  # fmt: skip
