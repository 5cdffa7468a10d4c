"""From settings to a knowledge base; apart from `wiring`, so that the `kb` commands need no graph."""

from .settings import Settings
from .tools.knowledge import KnowledgeBase
from .tools.knowledge.embedding import Embedder, OpenAIEmbedder


def open_knowledge_base(settings: Settings) -> KnowledgeBase:
    """Return the knowledge base of the settings; nothing is opened before its first use."""
    embedding: str | Embedder = settings.embedding
    if settings.embedding.startswith("openai:"):
        embedding = OpenAIEmbedder(
            settings.embedding.removeprefix("openai:"),
            api_key=settings.openai_api_key,
            base_url=settings.openai_base_url,
        )
    return KnowledgeBase(settings.data_dir / "knowledge", embedding=embedding, url=settings.chroma_url)
