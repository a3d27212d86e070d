"""The manifests for Kubernetes, as far as they can be looked at without a cluster: schemas, commands, names."""

from __future__ import annotations

import copy
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest

from deployments import MANIFESTS, OURS, POD_IP, Pod, manifest, pods, selects
from experiment.records.manifest import Elsewhere
from harness.commands.cli import parser_for
from harness.commands.driving import driving_of
from harness.commands.words import MASTER_PORT

OLDEST, NEWEST = "1.30", "1.37"
PODS = pods()
MASTER, WORKER, APP, RESULTS = (
    PODS[name] for name in ("handlerbench", "handlerbench-worker", "handlerbench-app", "handlerbench-results")
)
JOBS = [each for each in MANIFESTS if each["kind"] == "Job"]
OF_KUBERNETES = [each for each in MANIFESTS if each["kind"] != "LocustTest"]


def named(document: dict[str, Any]) -> str:
    return f"{document['kind']} {document['metadata']['name']}"


def parsed(pod: Pod) -> Any:
    return parser_for(pod.words).parse_args(pod.words)


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("document", OF_KUBERNETES, ids=named)
def test_a_manifest_fits_the_schema(document: dict[str, Any], version: str) -> None:
    assert kubernetes_validate.validate(document, version, strict=True) == version


@pytest.mark.parametrize(
    ("word", "value"), [("restartPolcy", "Never"), ("restartPolicy", 1), ("containers", None), ("volumes", {})]
)
def test_what_the_schema_does_not_know_is_refused(word: str, value: object) -> None:
    wrong = copy.deepcopy(manifest("Job", "handlerbench"))
    wrong["spec"]["template"]["spec"][word] = value
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, NEWEST, strict=True)


@pytest.mark.parametrize(("pod", "command"), [(MASTER, "run"), (WORKER, "worker"), (APP, "serve")])
def test_a_pod_gives_bench_words_that_it_knows(pod: Pod, command: str) -> None:
    assert parsed(pod).run.__module__ == f"harness.commands.{command}"


def test_the_master_expects_as_many_workers_as_the_job_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.campaign.workers.free_port", lambda host: host)  # the pod has the address
    driving = driving_of(parsed(MASTER))
    job = manifest("Job", "handlerbench-worker")["spec"]
    assert job["completionMode"] == "Indexed"
    assert driving.workers == job["completions"] == job["parallelism"]
    assert driving.elsewhere == Elsewhere(bind=f"{POD_IP}:{MASTER_PORT}", sut_host=POD_IP)


def test_the_workers_know_the_master_by_a_name_that_means_its_pod_and_no_address_between() -> None:
    name, port = parsed(WORKER).master
    service = manifest("Service", name)["spec"]
    assert service["clusterIP"] == "None"
    assert selects(service["selector"], MASTER)
    assert not selects(service["selector"], WORKER)
    assert [each["port"] for each in service["ports"]] == [port]
    (waiting,) = WORKER.spec["initContainers"]
    assert f"getent hosts {name};" in waiting["command"][-1]


@pytest.mark.parametrize("pod", [MASTER, APP], ids=lambda pod: pod.name)
def test_what_listens_on_the_pods_address_is_told_it(pod: Pod) -> None:
    (container,) = pod.spec["containers"]
    (address,) = [each for each in container["env"] if each["name"] == "POD_IP"]
    assert address["valueFrom"] == {"fieldRef": {"fieldPath": "status.podIP"}}


@pytest.mark.parametrize("pod", PODS.values(), ids=PODS)
def test_a_pod_gets_whole_cores_of_its_own(pod: Pod) -> None:
    for container in pod.containers:
        resources = container["resources"]
        assert resources["requests"] == resources["limits"]  # of every container: Guaranteed
        assert set(resources["limits"]) == {"cpu", "memory"}
        assert int(resources["limits"]["cpu"]) >= 1


def test_the_pod_that_is_measured_has_a_core_for_the_app_and_others_for_the_rest() -> None:
    (container,) = MASTER.spec["containers"]
    assert int(container["resources"]["limits"]["cpu"]) >= 3


@pytest.mark.parametrize(("pod", "others"), [(MASTER, [WORKER, APP]), (APP, [WORKER, MASTER]), (WORKER, [MASTER])])
def test_a_pod_is_kept_off_the_machines_of_the_others(pod: Pod, others: list[Pod]) -> None:
    (term,) = pod.spec["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["topologyKey"] == "kubernetes.io/hostname"
    assert all(selects(term["labelSelector"]["matchLabels"], other) for other in others)


def test_workers_may_share_a_machine() -> None:
    (term,) = WORKER.spec["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert not selects(term["labelSelector"]["matchLabels"], WORKER)


def test_only_workers_may_connect_to_the_master() -> None:
    policy = manifest("NetworkPolicy", "handlerbench")["spec"]
    assert selects(policy["podSelector"]["matchLabels"], MASTER)
    ((source,),) = [rule["from"] for rule in policy["ingress"]]
    allowed = [name for name, pod in PODS.items() if selects(source["podSelector"]["matchLabels"], pod)]
    assert allowed == [WORKER.name]


@pytest.mark.parametrize("pod", PODS.values(), ids=PODS)
def test_a_pod_runs_as_an_ordinary_user_and_may_write_its_volumes_only(pod: Pod) -> None:
    assert pod.spec["automountServiceAccountToken"] is False
    assert pod.spec["securityContext"]["runAsNonRoot"] is True
    assert pod.spec["securityContext"]["runAsUser"] == pod.spec["securityContext"]["fsGroup"] == 1000
    volumes = {volume["name"] for volume in pod.spec["volumes"]}
    for container in pod.containers:
        assert container["image"] == OURS
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert {mount["name"] for mount in container.get("volumeMounts", [])} <= volumes


@pytest.mark.parametrize("pod", PODS.values(), ids=PODS)
def test_no_service_sets_a_variable_that_handlerbench_reads(pod: Pod) -> None:
    assert pod.spec["enableServiceLinks"] is False


@pytest.mark.parametrize("job", JOBS, ids=named)
def test_a_pod_of_a_job_is_not_started_again(job: dict[str, Any]) -> None:
    assert job["spec"]["template"]["spec"]["restartPolicy"] == "Never"


def test_a_campaign_that_broke_off_is_not_begun_anew_and_a_lost_worker_is_replaced() -> None:
    assert manifest("Job", MASTER.name)["spec"]["backoffLimit"] == 0
    assert manifest("Job", WORKER.name)["spec"]["backoffLimit"] > 0


@pytest.mark.parametrize("pod", [MASTER, RESULTS], ids=lambda pod: pod.name)
def test_results_outlive_the_pod(pod: Pod) -> None:
    (claimed,) = [volume for volume in pod.spec["volumes"] if "persistentVolumeClaim" in volume]
    manifest("PersistentVolumeClaim", claimed["persistentVolumeClaim"]["claimName"])
    (container,) = pod.spec["containers"]
    assert {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}["results"] == "/work/results"
