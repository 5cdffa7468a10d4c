"""Embeddings: the offline one against its package, and one behind an OpenAI-compatible endpoint."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import SecretStr

from ops_assistant.tools.errors import KnowledgeBaseError
from ops_assistant.tools.knowledge import Case, KnowledgeBase
from ops_assistant.tools.knowledge.embedding import OpenAIEmbedder, WordLlamaEmbedder, make_embedder

MakeCase = Callable[..., Case]


def test_the_offline_embedding_equals_its_package() -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    import wordllama  # its import configures the root logger

    root.handlers[:], _ = handlers, root.setLevel(level)
    texts = ["Connection is not available, request timed out", "disk full"]
    model = wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
    np.testing.assert_allclose(WordLlamaEmbedder().embed(texts), model.embed(texts, norm=True), atol=1e-4)


def test_texts_without_tokens_give_zeros() -> None:
    assert not WordLlamaEmbedder().embed([""]).any()


class Endpoint(BaseHTTPRequestHandler):
    """Answers like `/v1/embeddings`: one dimension per letter, counted."""

    requests: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.requests.append(body | {"path": self.path, "key": self.headers["authorization"]})
        data = [
            {
                "object": "embedding",
                "index": index,
                "embedding": [float(text.lower().count(c)) for c in "aehiorst"],
            }
            for index, text in enumerate(body["input"])
        ]
        answer = json.dumps({"object": "list", "data": data, "model": "letters", "usage": {}}).encode()
        status = 401 if body["model"] == "forbidden" else 200
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def endpoint() -> Iterator[str]:
    Endpoint.requests = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


def test_an_openai_compatible_endpoint_gets_plain_texts(
    endpoint: str, tmp_path: Path, make_case: MakeCase
) -> None:
    embedder = OpenAIEmbedder("letters", api_key=SecretStr("sk-test"), base_url=endpoint)
    with KnowledgeBase(tmp_path, embedding=embedder, seed=False) as kb:
        kb.add(make_case())
        assert kb.search("Threads hang while they borrow one")[0].case.id == "pg-pool-empty"
        assert kb.stats()["embedding"] == "openai:letters"
    assert Endpoint.requests[0]["path"] == "/v1/embeddings"
    assert Endpoint.requests[0]["key"] == "Bearer sk-test"
    assert any("Threads hang" in text for text in Endpoint.requests[0]["input"])
    with (
        KnowledgeBase(tmp_path, seed=False) as kb,
        pytest.raises(KnowledgeBaseError, match="`openai:letters`"),
    ):
        kb.search("anything")


def test_a_refusing_endpoint_is_named(endpoint: str) -> None:
    embedder = OpenAIEmbedder("forbidden", api_key=SecretStr("sk-test"), base_url=endpoint)
    with pytest.raises(KnowledgeBaseError, match="embedding `openai:forbidden` failed"):
        embedder.embed(["text"])


def test_a_missing_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(KnowledgeBaseError, match="OPENAI_API_KEY"):
        make_embedder("openai:text-embedding-3-small")
