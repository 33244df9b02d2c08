"""The documentation says what the code does: codes, targets, links."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from api.texts import TEXTS
from scripts import error_codes, markers
from tally.interpretation import ReasonCode

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def _without_generated(page: Path) -> str:
    return re.sub(r"<!-- (\w+):begin -->.*?<!-- \1:end -->", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("name", error_codes.TABLES)
def test_tables_of_codes_are_up_to_date(name: str) -> None:
    assert markers.read(error_codes.PAGE, name) == error_codes.TABLES[name](), "run: python -m scripts.error_codes"


@pytest.mark.parametrize("code", list(ReasonCode))
def test_every_reason_is_explained_by_hand(code: ReasonCode) -> None:
    row = re.search(rf"^\| `{code.value}` \| (.+) \| (.+) \|$", _without_generated(error_codes.PAGE), flags=re.MULTILINE)
    assert row is not None, f"docs/errors.md does not explain {code.value}"
    assert all(len(cell) >= 4 for cell in row.groups())


def test_no_reason_is_explained_that_does_not_exist() -> None:
    explained = set(re.findall(r"^\| `(\w+)` \|", _without_generated(error_codes.PAGE), flags=re.MULTILINE))
    assert explained == {code.value for code in ReasonCode}


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z0-9-]*):(?!=)", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))


def test_every_make_target_is_listed_and_every_listed_one_exists() -> None:
    listed = set(re.findall(r"^\| `make ([a-z0-9-]+)", (ROOT / "docs" / "development.md").read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert listed == _targets()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_targets_named_anywhere_exist(page: Path) -> None:
    named = set(re.findall(r"(?:^    |`)make ([a-z][a-z0-9-]*)", page.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert named <= _targets()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name} links to {target}"
        assert file.is_relative_to(ROOT), f"{page.name} links out of the repository: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}, f"no heading for {target}"


def test_every_setting_is_explained_and_every_explained_one_exists() -> None:
    sources = [f for room in ("api", "db", "ocr", "review", "samples", "tally", "templates_c1") for f in (ROOT / room).rglob("*.py")]
    used = {name for f in sources for name in re.findall(r"\bC1_[A-Z_0-9]+", f.read_text(encoding="utf-8"))}
    explained = re.findall(r"^\| `(C1_[A-Z_0-9]+)` \|", (ROOT / "docs" / "running.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert used == set(explained)
    assert len(explained) == len(set(explained))


@pytest.mark.parametrize("name", ["operators.md", "reviewers.md"])
def test_guides_name_what_is_on_the_screen(name: str) -> None:
    """What is bold in the Indonesian guides is a label; each must be one of the screens' Indonesian texts."""
    bold = re.findall(r"\*\*(.+?)\*\*", (ROOT / "docs" / name).read_text(encoding="utf-8"))
    assert len(bold) > 8
    assert set(bold) <= {re.sub(r"\{\w+\}", "…", indonesian) for indonesian, _ in TEXTS.values()}


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    records = sorted(p.name for p in folder.glob("[0-9]*.md"))
    assert records
    assert re.findall(r"\]\((\d{4}-[a-z0-9-]+\.md)\)", index) == records


@pytest.mark.parametrize("name", ["requirements.lock", "package-lock.json"])
def test_lock_files_name_no_registry(name: str) -> None:
    """Which registry is asked is the machine's business (docs/decisions/0004)."""
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "--index-url" not in text
    assert not re.findall(r'"resolved":\s*"\w+://', text)
    assert name == "package-lock.json" or "://" not in text


def test_every_locked_package_has_a_hash() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(entries) > 30
    for entry in entries:
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_lock_file_satisfies_the_project() -> None:
    locked = re.findall(r"^([a-z0-9.-]+)==([^ ;\\]+)", (ROOT / "requirements.lock").read_text(encoding="utf-8"), flags=re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for line in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        wanted = Requirement(line)
        versions = [version for name, version in locked if name == wanted.name.lower()]
        assert versions, f"{wanted.name} is not in requirements.lock: make lock"
        assert all(wanted.specifier.contains(v) for v in versions), f"{line} against {versions}: make lock"
