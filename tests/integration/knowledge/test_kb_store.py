"""The store under stress: damage, several processes, another embedding, a Chroma server."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from ops_assistant.tools.errors import InputError, KnowledgeBaseError
from ops_assistant.tools.knowledge import Case, KnowledgeBase, embedding
from ops_assistant.tools.knowledge.vectors import VectorIndex

MakeCase = Callable[..., Case]
TEXT = "Connection is not available, request timed out"


@pytest.fixture
def folder(tmp_path: Path, make_case: MakeCase) -> Path:
    with KnowledgeBase(tmp_path, seed=False) as kb:
        kb.add(make_case())
        kb.search(TEXT)
    return tmp_path


def overwrite(path: Path, start: int, size: int) -> None:
    data = bytearray(path.read_bytes())
    data[start : start + size] = os.urandom(len(data[start : start + size]))
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("damage", ["garbage", "half", "holes"])
def test_a_damaged_store_is_set_aside_and_rebuilt(
    folder: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = folder / "chroma" / "chroma.sqlite3"
    size = file.stat().st_size
    if damage == "garbage":
        file.write_bytes(b"not a database" * 1000)
    elif damage == "half":
        file.write_bytes(file.read_bytes()[: size // 2])
    else:
        overwrite(file, size // 3, size // 3)
    with KnowledgeBase(folder, seed=False) as kb:
        assert kb.search(TEXT)[0].case.id == "pg-pool-empty"
        assert kb.retriever()._vectors.count() == 3
    assert len(list(folder.glob("chroma.damaged-*"))) == 1
    assert "was damaged" in caplog.text


@pytest.mark.parametrize("damage", ["gone", "garbage"])
def test_damaged_vector_files_are_noticed(tmp_path: Path, damage: str) -> None:
    # Chroma moves vectors to files of their own from 1000 on; the packaged cases have more.
    with KnowledgeBase(tmp_path) as kb:
        before = [hit.case.id for hit in kb.search("No space left on device, the volume is full")]
    (files,) = [path for path in (tmp_path / "chroma").iterdir() if path.is_dir()]
    for file in list(files.iterdir()):
        if damage == "gone":
            file.unlink()
        else:
            overwrite(file, 0, 10_000_000)
    with KnowledgeBase(tmp_path) as kb:
        assert [hit.case.id for hit in kb.search("No space left on device, the volume is full")] == before
    assert len(list(tmp_path.glob("chroma.damaged-*"))) == 1


def test_the_nearest_vectors_are_the_exact_ones(tmp_path: Path) -> None:
    """An approximate index that loses one now and then gives the same alert another answer."""
    with KnowledgeBase(tmp_path) as kb:
        texts = [" ".join(case.symptoms) for case in kb.cases()]
        index = kb.retriever()._vectors
        stored = np.array(index._collection.get(include=["embeddings"])["embeddings"])
        exact = -np.sort(-(index._embedder.embed(texts) @ stored.T), axis=1)[:, :40]
        np.testing.assert_allclose(index.query(texts, 40)[1], exact, atol=1e-4)


def test_a_store_that_is_gone_is_rebuilt(folder: Path) -> None:
    shutil.rmtree(folder / "chroma")
    shutil.rmtree(folder / "cache")
    with KnowledgeBase(folder, seed=False) as kb:
        assert kb.search(TEXT)[0].case.id == "pg-pool-empty"


def test_damaged_caches_are_rebuilt(folder: Path) -> None:
    for path in (folder / "cache").rglob("*"):
        if path.is_file():
            path.write_bytes(b"{")
    with KnowledgeBase(folder, seed=False) as kb:
        assert kb.search(TEXT)[0].case.id == "pg-pool-empty"


def test_opening_again_embeds_nothing_and_a_change_embeds_only_itself(
    folder: Path, make_case: MakeCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded: list[int] = []
    sync = VectorIndex.sync

    def counting(self: VectorIndex, *args: object, **kwargs: object) -> int:
        embedded.append(sync(self, *args, **kwargs))  # type: ignore[arg-type]
        return embedded[-1]

    monkeypatch.setattr(VectorIndex, "sync", counting)
    with KnowledgeBase(folder, seed=False) as kb:
        kb.search(TEXT)
        assert embedded == []
        kb.add(make_case("other-case", title="Something else altogether"))
        kb.search(TEXT)
        kb.update(make_case("other-case", title="Something else entirely"))
        kb.search(TEXT)
        kb.remove("other-case")
        kb.search(TEXT)
        assert embedded == [3, 1, 0]  # three views; then only the view with the title; then a deletion
        assert kb.retriever()._vectors.count() == 3


def test_another_embedding_is_refused_until_reindexed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding.WordLlamaEmbedder, "identity", "wordllama:of-tomorrow")
    with KnowledgeBase(folder, seed=False) as kb:
        with pytest.raises(KnowledgeBaseError, match="kb reindex"):
            kb.search(TEXT)
        assert kb.reindex() == 1
        assert kb.search(TEXT)[0].case.id == "pg-pool-empty"


def test_unknown_embedding_names_the_known_ones(tmp_path: Path) -> None:
    with (
        KnowledgeBase(tmp_path, embedding="word2vec", seed=False) as kb,
        pytest.raises(InputError, match="`openai:<model>`"),
    ):
        kb.search(TEXT)


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KnowledgeBaseError, match="name another data folder"):
        KnowledgeBase(tmp_path / "file" / "kb").cases()


_WORKER = """
import sys
from pathlib import Path
from ops_assistant.tools.knowledge import KnowledgeBase
folder, name = Path(sys.argv[1]), sys.argv[2]
with KnowledgeBase(folder, seed=False) as kb:
    template = kb.get("pg-pool-empty")
    for number in range(5):
        kb.add(template.model_copy(update={"id": f"{name}-{number}", "title": f"{name} broke for the time {number}"}))
        assert any(hit.case.id == f"{name}-{number}" or name in " ".join(hit.why) for hit in kb.search(name, top_k=5))
"""


def test_processes_that_write_at_once_lose_nothing(folder: Path) -> None:
    names = ("heron", "walrus", "badger")
    with KnowledgeBase(folder, seed=False) as kb:
        kb.search(TEXT)  # open before the others write
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        workers = [
            subprocess.Popen(
                [sys.executable, "-c", _WORKER, str(folder), name],
                env=environment,
                stderr=subprocess.PIPE,
                text=True,
            )
            for name in names
        ]
        for worker in workers:
            _, errors = worker.communicate(timeout=120)
            assert worker.returncode == 0, errors
        assert len(kb.cases()) == 1 + 5 * len(names)
        for name in names:
            assert kb.search(name)[0].case.id.startswith(name)
        assert kb.retriever()._vectors.count() == 3 * len(kb.cases())
    assert not list(folder.glob("chroma.damaged-*"))


def test_two_objects_of_one_process_see_each_other(folder: Path, make_case: MakeCase) -> None:
    with KnowledgeBase(folder, seed=False) as one, KnowledgeBase(folder, seed=False) as other:
        other.search(TEXT)
        one.add(
            make_case("heron-case", title="The heron ate the herring", symptoms=["No fish", "A fat bird"])
        )
        assert one.search("heron")[0].case.id == "heron-case"
        assert other.search("heron")[0].case.id == "heron-case"
        one.close()
        assert other.search("heron")[0].case.id == "heron-case"


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real `chroma run` on a free port of the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = Path(sys.executable).with_name("chroma")
    store = tmp_path_factory.mktemp("server")
    process = subprocess.Popen(
        [str(command), "run", "--path", str(store), "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None, "chroma run ended"
            try:
                httpx.get(f"{url}/api/v2/heartbeat", timeout=1).raise_for_status()
                break
            except httpx.HTTPError:
                assert time.monotonic() < deadline, "chroma run does not answer"
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_a_chroma_server_serves_two_hosts(server: str, tmp_path: Path, make_case: MakeCase) -> None:
    with KnowledgeBase(tmp_path / "a", url=server, seed=False) as one:
        one.add(make_case())
        assert one.search(TEXT)[0].case.id == "pg-pool-empty"
        with KnowledgeBase(tmp_path / "b", url=server, seed=False) as other:
            other.add(make_case("heron-case", title="The heron ate the herring"))
            # A host searches its own cases; it neither finds nor deletes what another host keeps.
            assert [hit.case.id for hit in other.search(TEXT)] == ["heron-case"]
        one.update(make_case(title="Pool is empty, new wording"))
        assert [hit.case.id for hit in one.search(TEXT)] == ["pg-pool-empty"]
        assert one.retriever()._vectors.count() == 6
        one.remove("pg-pool-empty")
        assert one.search(TEXT) == []
    assert not (tmp_path / "a" / "chroma").exists()


def test_no_server_is_an_error_that_names_it(tmp_path: Path) -> None:
    with (
        KnowledgeBase(tmp_path, url="http://127.0.0.1:9", seed=False) as kb,
        pytest.raises(KnowledgeBaseError, match=r"127\.0\.0\.1:9"),
    ):
        kb.search(TEXT)


def test_a_bad_url_is_an_error(tmp_path: Path) -> None:
    with (
        KnowledgeBase(tmp_path, url="ftp://x", seed=False) as kb,
        pytest.raises(InputError, match=r"expected e\.g\. http"),
    ):
        kb.search(TEXT)
