"""The LocustTest, as far as it can be looked at without its operator: its fields, its app, and what Locust is given."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from pydantic import ValidationError

from bench_app.catalogue import CATALOGUE
from deployments import manifest, pods, selects
from documented_commands import ROOT
from harness.commands.cli import parser_for
from locust_operator import LocustTest

DOCUMENT = manifest("LocustTest", "closed-load")
TEST = LocustTest.model_validate(DOCUMENT)
WORDS = shlex.split(TEST.spec.args)
APP = pods()["handlerbench-app"]


def option(name: str) -> str:
    return WORDS[WORDS.index(name) + 1]


@pytest.mark.parametrize("wrong", [{"worker": 2}, {"workers": 0}, {"locustfile": {}}, {"args": ["--headless"]}])
def test_a_field_that_the_operator_does_not_know_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LocustTest.model_validate({**DOCUMENT, "spec": {**DOCUMENT["spec"], **wrong}})


def test_it_loads_the_app_that_the_same_file_starts() -> None:
    host = option("--host")
    service = manifest("Service", host.removeprefix("http://").partition(":")[0])["spec"]
    assert service["clusterIP"] == "None"
    assert selects(service["selector"], APP)
    (port,) = service["ports"]
    (container,) = APP.spec["containers"]
    assert host.endswith(f":{port['port']}")
    assert [each["containerPort"] for each in container["ports"]] == [port["port"]]
    assert parser_for(APP.words).parse_args(APP.words).port == port["port"]
    assert container["startupProbe"]["httpGet"] == {"path": "/health", "port": container["ports"][0]["name"]}


def test_it_asks_for_a_route_that_is_served() -> None:
    assert option("--path") in {variant.path for variant in CATALOGUE.values()}


def test_it_waits_for_as_many_workers_as_it_has() -> None:
    assert int(option("--expect-workers")) == TEST.spec.workers


def test_its_locustfile_is_in_an_image_that_runs_locust() -> None:
    folder, _, file = option("--locustfile").rpartition("/locustfiles/")
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert f"WORKDIR {folder}\n" in dockerfile
    assert "COPY locustfiles ./locustfiles\n" in dockerfile
    assert (ROOT / "locustfiles" / file).is_file()
    assert TEST.spec.image == "handlerbench-locust:local"


def test_its_pods_are_kept_off_the_apps_machine_and_they_alone_may_ask_it() -> None:
    (term,) = APP.spec["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    policy = manifest("NetworkPolicy", APP.name)["spec"]
    ((source,),) = [rule["from"] for rule in policy["ingress"]]
    assert selects(policy["podSelector"]["matchLabels"], APP)
    for role in (TEST.spec.master, TEST.spec.worker):
        for selector in (term["labelSelector"], source["podSelector"]):
            assert selector["matchLabels"].items() <= role.labels.items()
        assert role.resources.requests == role.resources.limits
        assert int(role.resources.limits["cpu"]) >= 1


def test_no_variable_of_its_services_is_an_option_of_locust() -> None:
    assert not TEST.metadata.name.startswith("locust")
