"""What the docs name exists, and what exists is named: folders, settings, commands, links."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", DOCS, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_folder_file_and_link_named_in_a_page_exists(page):
    text = page.read_text(encoding="utf-8")
    linked = {link.split("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link}
    assert {link for link in linked if not (page.parent / link).exists()} == set()
    named = re.findall(r"`((?:marketplace|templates|static|migrations|tests|bench|docs)/[\w./-]*)`", text)
    assert {path for path in named if not (ROOT / path).exists() and not path.startswith("static/vendor")} == set()


def test_every_part_is_in_the_architecture():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    parts = [p.name for p in (ROOT / "marketplace").iterdir() if p.is_dir() and not p.name.startswith("_")]
    assert [part for part in parts if f"`marketplace/{part}/`" not in text] == []


def test_every_setting_read_from_the_environment_is_documented():
    settings = set(re.findall(r'environ(?:\.get\(|\[)"(\w+)"', (ROOT / "config.py").read_text(encoding="utf-8")))
    assert len(settings) > 10
    assert {name for name in settings if f"`{name}`" not in OPERATIONS} == set()


def test_every_command_of_ours_is_documented(app):
    ours = set()
    for name, command in app.cli.commands.items():
        if not command.callback and not hasattr(command, "commands"):
            continue
        for leaf, step in getattr(command, "commands", {"": command}).items():
            module = getattr(getattr(step.callback, "__wrapped__", step.callback), "__module__", "")
            if module.startswith("marketplace"):
                ours.add(f"flask {name} {leaf}".strip())
    assert len(ours) >= 10
    assert {command for command in ours if f"`{command}`" not in OPERATIONS} == set()


def test_make_help_lists_every_door_of_the_readme():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for door in ("help", "setup", "demo", "dev", "test", "check", "bench", "clean"):
        assert re.search(rf"^{door}:.*## ", makefile, re.MULTILINE), door
