"""The docker backend: the official SDK against a stand-in engine on a socket."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime

import pytest

from ops_assistant.tools.actions import plan_action
from ops_assistant.tools.actions.backends.docker import DockerBackend
from ops_assistant.tools.actions.base import changed
from ops_assistant.tools.actions.catalogue import Planned
from ops_assistant.tools.errors import InputError
from ops_assistant.tools.inventory import Inventory, Service

from docker_server import Engine, serve
from services import free_port, short_folder

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BACKEND = DockerBackend(poll_s=0.01)
API = Service(name="api", backend="docker", target={"container": "api"})
WEB = Service(name="web", backend="docker", target={"swarm_service": "web"})
INVENTORY = Inventory(
    services=[API, WEB, Service(name="gone", backend="docker", target={"container": "gone"})]
)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    engine = Engine()
    with short_folder() as folder, serve(engine, folder / "d.sock"):
        monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/d.sock")
        monkeypatch.setenv("DOCKER_CONFIG", str(folder))  # no credentials of the developer's
        yield engine


def plan(type_: str, name: str, **params: object) -> Planned:
    return plan_action(type_, {"service": name, **params}, inventory=INVENTORY, backends={"docker": BACKEND})


def test_a_container_is_restarted_once_and_its_start_proves_it(engine: Engine) -> None:
    preview = plan("restart_service", "api").preview
    assert preview.text() == (
        "docker.restart_container(service='api', container='api', url_env='DOCKER_HOST', stop_timeout_s=3)"
    )
    assert BACKEND.probe(preview, key="k", since=NOW) is False
    assert BACKEND.run(preview, key="k").output == "api was restarted"
    assert engine.posts == [("/containers/api/restart", {"t": ["3"]}, None)]
    assert BACKEND.probe(preview, key="k", since=NOW) is True


def test_a_container_that_was_restarted_since_is_stale(engine: Engine) -> None:
    preview = plan("restart_service", "api").preview
    engine.container["State"]["StartedAt"] = "2026-01-01T00:05:00Z"
    assert "started was" in str(changed(BACKEND, preview))
    assert BACKEND.run(preview, key="k").problem == "stale"
    assert engine.posts == []


def test_a_container_that_keeps_restarting_pins_no_start(engine: Engine) -> None:
    engine.container["State"].update(Status="restarting", Restarting=True)
    preview = plan("restart_service", "api").preview
    assert preview.precondition == {"id": "c0ffee"}
    assert BACKEND.probe(preview, key="k", since=NOW) is None
    assert BACKEND.health(API).model_dump() == {
        "known": True, "healthy": False, "detail": "restarting, health check: none",
    }  # fmt: skip


def test_the_health_check_counts(engine: Engine) -> None:
    assert BACKEND.health(API).healthy
    engine.container["State"]["Health"] = {"Status": "unhealthy"}
    assert not BACKEND.health(API).healthy


def test_a_swarm_service_is_scaled_by_its_version(engine: Engine) -> None:
    before = deepcopy(engine.service["Spec"])
    planned = plan("scale_up", "web", replicas=4)
    assert planned.preview.precondition == {"id": "svc1", "replicas": 2}
    result = BACKEND.run(planned.preview, key="k")
    assert result.ok
    assert result.output == "web was updated: 4 of 4 tasks run, update completed"
    ((path, query, body),) = engine.posts
    assert (path, query) == ("/services/svc1/update", {"version": ["40"]})
    assert body["Mode"] == {"Replicated": {"Replicas": 4}}
    assert (body["Labels"], body["TaskTemplate"]) == (before["Labels"], before["TaskTemplate"])
    assert BACKEND.probe(planned.preview, key="k", since=NOW) is True


def test_a_swarm_service_is_restarted_by_a_forced_update(engine: Engine) -> None:
    preview = plan("restart_service", "web").preview
    assert BACKEND.run(preview, key="k").ok
    assert engine.posts[0][2]["TaskTemplate"]["ForceUpdate"] == 2
    assert engine.posts[0][2]["TaskTemplate"]["ContainerSpec"]["Image"] == "web:3"
    assert BACKEND.probe(preview, key="k", since=NOW) is True


def released(engine: Engine, image: str) -> None:
    """Have somebody release another image of the service."""
    engine.service["PreviousSpec"] = deepcopy(engine.service["Spec"])
    engine.service["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"] = image
    engine.service["Version"]["Index"] += 1


def test_a_swarm_service_goes_back_to_the_release_before(engine: Engine) -> None:
    released(engine, "web:4")
    preview = plan("rollback_release", "web").preview
    assert preview.text().startswith("docker.rollback(service='web'")
    assert "image='web:3'" in preview.text()
    assert BACKEND.probe(preview, key="k", since=NOW) is False
    assert BACKEND.run(preview, key="k").ok
    ((_path, query, body),) = engine.posts
    assert query == {"version": ["41"]}
    assert body["TaskTemplate"]["ContainerSpec"]["Image"] == "web:3"
    assert body["Mode"] == {"Replicated": {"Replicas": 2}}
    assert BACKEND.probe(preview, key="k", since=NOW) is True


def test_a_release_since_the_plan_makes_the_way_back_stale(engine: Engine) -> None:
    released(engine, "web:4")
    preview = plan("rollback_release", "web").preview
    released(engine, "web:5")
    assert "image was 'web:4' and is 'web:5'" in str(changed(BACKEND, preview))
    assert BACKEND.run(preview, key="k").problem == "stale"
    assert engine.posts == []


def test_after_a_restart_there_is_no_other_release_to_go_back_to(engine: Engine) -> None:
    assert BACKEND.run(plan("restart_service", "web").preview, key="k").ok
    with pytest.raises(InputError, match="has the same image"):
        plan("rollback_release", "web")


def test_a_change_between_reading_and_writing_is_stale(engine: Engine) -> None:
    preview = plan("scale_up", "web", replicas=4).preview
    engine.moved_before_post = True
    result = BACKEND.run(preview, key="k")
    assert (result.ok, result.problem) == (False, "stale")
    assert engine.service["Spec"]["Mode"]["Replicated"]["Replicas"] == 2


def test_tasks_that_do_not_come_up_are_a_failure(engine: Engine) -> None:
    preview = plan("scale_up", "web", replicas=4).preview.model_copy(update={"timeout_s": 0.1})
    engine.settles = False
    result = BACKEND.run(preview, key="k")
    assert not result.ok
    assert "not settled after 0.1 s: 0 of 4 tasks run" in result.output


def test_a_refusal_is_a_failure_in_the_engines_words(engine: Engine) -> None:
    preview = plan("restart_service", "api").preview
    engine.answer = (500, "Cannot restart container api: OCI runtime error")
    result = BACKEND.run(preview, key="k")
    assert (result.ok, result.problem) == (False, "failed")
    assert result.output == "docker: Cannot restart container api: OCI runtime error"


def test_no_answer_is_unknown_and_sent_once(engine: Engine) -> None:
    preview = plan("restart_service", "api").preview
    engine.hang_up = True
    result = BACKEND.run(preview, key="k")
    assert (result.ok, result.problem) == (False, "unknown")
    assert len(engine.posts) == 1
    assert BACKEND.probe(preview, key="k", since=NOW) is True


@pytest.mark.parametrize(
    ("type_", "name", "params", "words"),
    [
        ("restart_service", "gone", {}, "no such object"),
        ("scale_up", "api", {"replicas": 2}, "it is a container"),
        ("rollback_release", "web", {}, "keeps no release before"),
        ("rollback_release", "web", {"revision": 3}, "no numbered releases"),
        ("rollback_release", "api", {}, "it is a container"),
    ],
)
def test_what_cannot_be_done_is_not_planned(
    engine: Engine, type_: str, name: str, params: dict[str, object], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        plan(type_, name, **params)


def test_no_engine_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{free_port()}")
    with pytest.raises(InputError, match="cannot be reached"):
        plan("restart_service", "api")
    assert not BACKEND.health(API).known
