"""The docs: what they name exists, every word of the tables is explained, and the five-minute text works."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from experiment.design.loads import LOADS
from experiment.records.trial import METRIC_FIELDS
from experiment.theory.validity import RULES

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
MAKEFILE = (ROOT / "Makefile").read_text()


def test_the_readme_names_its_two_commands_on_the_first_screen() -> None:
    first_screen = (ROOT / "README.md").read_text().splitlines()[:25]
    assert any("make bench" in line for line in first_screen)
    assert any("make test" in line for line in first_screen)


def test_every_make_target_explains_itself() -> None:
    targets = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert targets
    for target in targets[1].split():
        assert re.search(rf"^{target}:.*## \S", MAKEFILE, re.MULTILINE), target


def test_every_column_of_trials_csv_is_in_the_contract() -> None:
    contract = (ROOT / "results" / "README.md").read_text()
    assert [name for name in METRIC_FIELDS if f"`{name}`" not in contract] == []


def test_every_validity_rule_says_what_to_do() -> None:
    for rule in RULES.values():
        assert rule.meaning.endswith(".")
        assert rule.advice.endswith((".", "?", ")."))


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_loads_are_named_by_kind_and_number() -> None:
    for name, load in LOADS.items():
        assert name.startswith(f"{load.kind.value}-")


def test_the_five_minute_text_adds_a_variant_that_answers(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "add-a-variant.md").read_text()
    block = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0]
    shutil.copytree(ROOT / "bench_app", tmp_path / "bench_app", ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "bench_app" / "handlers" / "noop.py").open("a") as file:
        file.write(f"\n\n{block}")
    program = (
        "from bench_app.app import create_app\n"
        "from bench_app.catalogue import CATALOGUE\n"
        "from bench_app.settings import Settings\n"
        "import asyncio, httpx\n"
        "v = CATALOGUE['noop.async-native.yield']\n"
        "app = create_app(Settings(works='noop'))\n"
        "async def ask():\n"
        "    async with app.router.lifespan_context(app):\n"
        "        t = httpx.ASGITransport(app)\n"
        "        async with httpx.AsyncClient(transport=t, base_url='http://sut') as c:\n"
        "            return await c.get(v.request.path)\n"
        "r = asyncio.run(ask())\n"
        "assert v.complaint(r.status_code, r.content) is None, r.text\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
