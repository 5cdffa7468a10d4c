"""From settings to a graph: the one place where clients, stores and backends are made."""

from datetime import timedelta

from .agents.diagnostician import Diagnostician
from .agents.llm import LLM
from .agents.llm.settings import LLMSettings
from .agents.log_analyst import LogAnalyst
from .agents.recommender import Recommender
from .graph import build
from .graph.dependencies import Dependencies
from .graph.executor import Executor
from .graph.guard import Guard
from .graph.planner import Planner
from .graph.policy import load_policy
from .graph.policy_words import policy_words
from .graph.seal import Seal
from .graph.store import Store
from .knowledge import open_knowledge_base
from .settings import Settings, load_settings
from .tools.actions import param_models
from .tools.actions.backends import make_backends
from .tools.errors import InputError
from .tools.inventory import Inventory
from .tools.redaction import Redactor


def make_dependencies(settings: Settings) -> Dependencies:
    """Make everything the nodes need; nothing heavy is opened before its first use."""
    data_dir = settings.data_dir
    knowledge_base = open_knowledge_base(settings)
    backends = make_backends(data_dir)
    seal = Seal(data_dir / "approval.key")
    store = Store(settings.store_target, sign=seal.sign_record, anchors=data_dir / "audit.anchors")
    policy = load_policy(settings.policy, settings.environment)
    guard = Guard(policy, store)
    redactor = Redactor(ips=settings.redact_ips, hosts=settings.redact_hosts, key=seal.derive("redaction"))
    inventory = Inventory.load(settings.inventory)
    llm = LLM(llm_settings(settings)) if settings.uses_model else None
    return Dependencies(
        data_dir=data_dir,
        store=store,
        seal=seal,
        knowledge_base=knowledge_base,
        llm=llm,
        log_analyst=LogAnalyst(llm, redactor=redactor),
        diagnostician=Diagnostician(llm, knowledge_base, redactor=redactor),
        recommender=Recommender(
            llm,
            knowledge_base,
            param_models(),
            inventory=inventory,
            rules=policy_words(policy),
            redactor=redactor,
        ),
        inventory=inventory,
        backends=backends,
        guard=guard,
        planner=Planner(backends, guard, valid_for=timedelta(hours=settings.approval_hours)),
        executor=Executor(store, backends, redactor, guard),
        redactor=redactor,
    )


def llm_settings(settings: Settings) -> LLMSettings:
    """Return the model settings; raises `InputError` if the LLM engine is asked for without key and base URL."""
    if settings.openai_api_key is None and settings.openai_base_url is None:
        raise InputError(
            "engine llm: set OPS_OPENAI_API_KEY (or OPS_OPENAI_BASE_URL for another OpenAI-compatible endpoint), "
            "or use --engine case-based"
        )
    return LLMSettings(
        base_url=settings.openai_base_url,
        api_key=settings.openai_api_key,
        log_model=settings.log_model,
        model=settings.model,
        timeout_s=settings.model_timeout_s,
        vision=settings.vision,
    )


def build_graph(settings: Settings | None = None) -> build.IncidentGraph:
    """Return the bare graph, not compiled, for those who compile it with a checkpointer of their own.

    Run it with `durability="sync"`; approvals and executions are kept under `settings.data_dir`.
    """
    return build.build_graph(make_dependencies(settings or load_settings()))
