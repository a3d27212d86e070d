"""A LocustTest of Locust's operator: the fields that docs.locust.io, "Kubernetes Operator", describes, as a model.

The operator's own schema lets unknown fields pass and drops them; here they are refused.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Resources(_Part):
    """What a pod asks for, and what it gets at most."""

    requests: dict[str, str | int] = {}
    limits: dict[str, str | int] = {}


class Role(_Part):
    """What the pods of the master, or of the workers, have of their own."""

    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    resources: Resources = Resources()


class Named(_Part):
    """A reference to something in the same namespace."""

    name: str


class Variable(_Part):
    """A variable of the environment."""

    name: str
    value: str = ""


class Locustfile(_Part):
    """Where the locustfile is, if it is not in the image: one of the two."""

    content: str | None = None
    config_map: Named | None = Field(default=None, alias="configMap")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.content is None) is (self.config_map is None):
            raise ValueError("a locustfile has `content` or `configMap`")
        return self


class Spec(_Part):
    """The test: which image, how many workers, and what Locust is given."""

    workers: int = Field(ge=1)
    image: str = "locustio/locust:latest"
    args: str = ""
    env: list[Variable] = []
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    image_pull_policy: Literal["IfNotPresent", "Always", "Never"] | None = Field(default=None, alias="imagePullPolicy")
    image_pull_secrets: list[Named] = Field(default=[], alias="imagePullSecrets")
    locustfile: Locustfile | None = None
    master: Role = Role()
    worker: Role = Role()


class Metadata(_Part):
    """Its name; the operator's services are called after it."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")


class LocustTest(_Part):
    """The whole document."""

    version: Literal["locust.io/v1"] = Field(alias="apiVersion")
    kind: Literal["LocustTest"]
    metadata: Metadata
    spec: Spec
