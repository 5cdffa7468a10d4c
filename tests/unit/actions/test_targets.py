"""Targets: each backend's own, no option in them, no secret needed."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ops_assistant.tools.errors import InputError
from ops_assistant.tools.inventory import Inventory, Service

GOOD: dict[str, dict[str, Any]] = {
    "supervisor": {"program": "shop:api", "config": "/etc/supervisor/supervisord.conf"},
    "systemd": {"unit": "shop@1.service"},
    "docker": {"container": "api"},
    "kubernetes": {"namespace": "shop", "kind": "StatefulSet", "name": "store"},
    "redis": {"url_env": "CACHE_URL", "patterns": ["cache:*"]},
    "postgresql": {"url_env": "ORDERS_URL", "database": "orders"},
}


@pytest.mark.parametrize("backend", GOOD)
def test_a_service_names_the_target_of_its_backend(backend: str) -> None:
    service = Service.model_validate({"name": "x", "backend": backend, "target": GOOD[backend]})
    assert service.target is not None
    assert service.target.backend == backend
    with pytest.raises(ValidationError, match=f"backend {backend} needs a `target`"):
        Service(name="x", backend=backend)


@pytest.mark.parametrize(
    ("backend", "target", "words"),
    [
        ("supervisor", {"program": "--help"}, "pattern"),
        ("supervisor", {"program": "a", "config": "relative.conf"}, "pattern"),
        ("supervisor", {"program": "a", "config": "/a\n/b"}, "control character"),
        ("systemd", {"unit": "-H host"}, "pattern"),
        ("docker", {}, "either `container` or `swarm_service`"),
        ("docker", {"container": "a", "swarm_service": "b"}, "either"),
        ("docker", {"container": "../../x"}, "pattern"),
        ("kubernetes", {"name": "a/../../secrets/b"}, "pattern"),
        ("kubernetes", {"name": "a", "kind": "Secret"}, "DaemonSet"),
        ("redis", {"url_env": "redis://:password@host"}, "pattern"),
        ("redis", {"url_env": "X", "patterns": ["*"]}, "every key"),
        ("redis", {"url_env": "X", "url": "redis://host"}, "Extra inputs"),
        ("postgresql", {"url_env": "X", "database": "-c"}, "begin with a dash"),
        ("simulated", {"unit": "x"}, "does not match any of the expected tags"),
        ("redis", {"backend": "systemd", "unit": "x"}, "but the backend is redis"),
    ],
)
def test_a_target_that_smuggles_or_does_not_fit_is_refused(
    backend: str, target: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        Service.model_validate({"name": "x", "backend": backend, "target": target})


def test_the_file_names_the_field_that_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "inventory.yaml"
    file.write_text("services:\n  - {name: x, backend: redis, target: {url_env: lower}}\n")
    with pytest.raises(InputError, match=r"services\.0\.target\.redis\.url_env"):
        Inventory.load(file)
