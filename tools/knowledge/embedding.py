"""Text embeddings: offline by default, others by setting."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from pydantic import SecretStr

from ..errors import InputError, KnowledgeBaseError

Vectors = npt.NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into unit vectors. `identity` changes whenever the vectors would."""

    identity: str

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, float32; a text without known words gives zeros."""
        ...


def make_embedder(name: str) -> Embedder:
    """Return the embedder `name`: `wordllama` (offline), `openai:<model>` or `chroma-onnx`.

    Raises `InputError` for another name.
    """
    if name == "wordllama":
        return WordLlamaEmbedder()
    if name == "chroma-onnx":
        return ChromaOnnxEmbedder()
    if name.startswith("openai:") and len(name) > len("openai:"):
        return OpenAIEmbedder(name.removeprefix("openai:"))
    raise InputError(f"embedding `{name}`: expected `wordllama`, `openai:<model>` or `chroma-onnx`")


class WordLlamaEmbedder:
    """Mean of static token vectors (256 dimensions); weights come with the `wordllama` wheel.

    The package's own loader turns the whole table to float32 (32 MB, two thirds of its loading time);
    here the half-precision rows are converted when they are used.
    """

    identity = "wordllama:l2_supercat_256"

    def __init__(self) -> None:
        from importlib.util import find_spec

        from safetensors import safe_open
        from tokenizers import Tokenizer

        # Its import configures the root logger, which is not ours to change: find the files without it.
        spec = find_spec("wordllama")
        if spec is None or spec.origin is None:
            raise KnowledgeBaseError("embedding `wordllama`: the package is missing; pip install wordllama")
        folder = Path(spec.origin).parent
        self._tokenizer: Any = Tokenizer.from_file(
            str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json")
        )
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        with safe_open(folder / "weights" / "l2_supercat_256.safetensors", framework="np") as file:
            self._table: npt.NDArray[np.float16] = file.get_tensor("embedding.weight")

    def embed(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self._table.shape[1]), dtype=np.float32)
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        for row, encoding in zip(rows, encodings, strict=True):
            if encoding.ids:
                row[:] = self._table[encoding.ids].astype(np.float32).mean(axis=0)
        return unit_rows(rows)


class OpenAIEmbedder:
    """An embedding model behind an OpenAI-compatible endpoint.

    Without `api_key` and `base_url`, `OPENAI_API_KEY` and `OPENAI_BASE_URL` of the environment are used.
    """

    def __init__(self, model: str, *, api_key: SecretStr | None = None, base_url: str | None = None) -> None:
        from langchain_openai import OpenAIEmbeddings
        from openai import OpenAIError

        self.identity = f"openai:{model}"
        try:
            self._model = OpenAIEmbeddings(
                model=model,
                openai_api_key=api_key,
                openai_api_base=base_url or os.environ.get("OPENAI_BASE_URL"),
                request_timeout=30,
                max_retries=2,
                # Our texts are short. Counting their tokens would download a vocabulary, and send token
                # numbers that other servers than OpenAI's do not understand.
                check_embedding_ctx_length=False,
            )
        except OpenAIError as error:
            raise KnowledgeBaseError(f"embedding `{self.identity}` cannot be used: {error}") from error

    def embed(self, texts: Sequence[str]) -> Vectors:
        from openai import OpenAIError

        try:
            vectors = self._model.embed_documents(list(texts))
        except OpenAIError as error:
            raise KnowledgeBaseError(f"embedding `{self.identity}` failed: {error}") from error
        return unit_rows(np.asarray(vectors, dtype=np.float32))


class ChromaOnnxEmbedder:
    """Chroma's own MiniLM (384 dimensions); it is downloaded once, so it needs a network the first time."""

    identity = "chroma-onnx:all-MiniLM-L6-v2"

    def __init__(self) -> None:
        from chromadb.utils.embedding_functions import DefaultEmbeddingFunction

        self._function: Any = DefaultEmbeddingFunction()

    def embed(self, texts: Sequence[str]) -> Vectors:
        import httpx

        try:
            vectors = self._function(list(texts))
        except (httpx.HTTPError, OSError, ValueError) as error:
            raise KnowledgeBaseError(
                f"embedding `chroma-onnx`: the model cannot be loaded: {error}"
            ) from error
        return unit_rows(np.asarray(vectors, dtype=np.float32))


def unit_rows(rows: Vectors) -> Vectors:
    """Return `rows` scaled to length one; rows of zeros stay zeros."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(norms == 0, 1, norms), dtype=np.float32)
