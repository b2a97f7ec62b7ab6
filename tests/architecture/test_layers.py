"""The layers hold: who may import whom, and where Flask and SQLAlchemy may appear."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.settings import ROOT

APP = ROOT / "app"
# What stands beside the features. `cli` and `scheduler` hold thin calls only; `api` is views.
NOT_FEATURES = {"core", "api", "cli", "scheduler", "translations"}
# Features that only show what others hold: nobody may import them.
VIEW_FEATURES = {"home", "office"}
# A feature may import those listed and nothing else; the lists have no cycle (tested below).
FEATURES: dict[str, set[str]] = {
    "members": set(),
    "accounts": {"members"},
    "trainings": {"members"},
    "attendance": {"members", "trainings"},
    "checkin": {"members", "trainings", "attendance"},
    "reminders": {"members", "trainings", "attendance"},
    "reports": {"members", "trainings", "attendance", "checkin", "accounts", "reminders"},
    "reach": {"members", "trainings", "attendance", "accounts", "reports"},
    "deliveries": {"members", "trainings", "attendance", "accounts", "reports", "reach"},
    "home": {
        "members",
        "trainings",
        "attendance",
        "checkin",
        "accounts",
        "reminders",
        "reports",
        "reach",
        "deliveries",
    },
    "office": {"members", "trainings", "attendance", "checkin", "accounts", "reminders"},
    "demo": {"members", "trainings", "attendance", "checkin", "accounts", "reminders"},
}
REPORTS_READERS = {"api", "cli", "jobs", "scheduler", "reports", "home", "reach", "deliveries"}

# Layer of a module: the first part of its path inside the feature that is one of these.
LAYERS = {
    "models": "models",
    "rules": "rules",
    "queries": "queries",
    "services": "services",
    "forms": "forms",
    "views": "views",
    "jobs": "jobs",
}
# Layers that a module may import, within its own and other features. `plain` modules (parsers,
# spellings, commands: named for what they hold) are rules that may also use app.core.
MAY_IMPORT: dict[str, set[str]] = {
    "models": {"models"},
    "rules": {"rules"},
    "plain": {"plain", "rules"},
    "queries": {"queries", "models", "rules", "plain"},
    "services": {"services", "queries", "models", "rules", "plain"},
    "forms": {"forms", "rules", "plain"},
    # Turns results of queries into bodies, sheets and documents; the reports' kind of plain module.
    "present": {"present", "queries", "rules", "plain"},
    "views": {"views", "forms", "services", "queries", "rules", "plain", "present"},
    "jobs": {"services", "queries", "rules", "plain", "present"},
    "api": {"api", "services", "queries", "forms", "rules", "plain", "present"},
    "cli": {"cli", "scheduler", "services", "queries", "forms", "rules", "plain", "present"},
    "scheduler": {"scheduler", "jobs", "services", "queries", "plain"},
}
# Modules whose name does not tell their layer.
NAMED: dict[str, str] = {
    "app.accounts.sign_in": "views",  # a before_request hook: reads the cookie, calls one query
    "app.checkin.browser": "views",  # the cookies of members' browsers
    "app.members.import_views": "views",  # a blueprint of its own: one page with three steps
    "app.members.import_forms": "forms",
    "app.members.change_forms": "forms",
    "app.members.org_forms": "forms",
    "app.members.roster.review": "services",  # keeps an upload between the steps of the page
    "app.members.serving_forms": "forms",
    "app.trainings.day_forms": "forms",
    "app.attendance.paper_forms": "forms",
    "app.attendance.lock_forms": "forms",
    "app.members.phones": "rules",  # how numbers are spelt; shared by the roster's rules
    "app.members.roster.apply": "services",  # all or nothing: owns the import's transaction
    "app.members.roster.branches": "services",  # creates branches within that transaction
    "app.members.roster.columns": "services",  # remembers which column holds what
    "app.members.roster.export": "services",  # logs that phones were asked for
    "app.members.roster.export_tasks": "services",  # the same by the worker
    "app.members.roster.orgs": "services",  # the same for the tree
    "app.members.roster.org_review": "services",
    "app.members.roster.org_books": "queries",  # writes rows of a query into a workbook
    "app.members.roster.planning": "services",  # reads what is there, decides what the import would do
    "app.reports.labels": "plain",  # words only
    "app.reach.tables": "present",  # builds the reports' tables
    "app.reports.docx_template": "plain",  # judges and fills a file; knows no figure
    "app.scheduler.leader": "core",  # pins a connection for the advisory lock; knows no feature
}
FLASK_LAYERS = {"views", "api", "cli", "core", "scheduler"}
SQLALCHEMY_LAYERS = {"models", "queries", "services", "core"}
FLASK_FAMILY = {"flask", "flask_wtf", "flask_login", "flask_smorest", "flask_babel", "werkzeug"}
SQLALCHEMY_FAMILY = {"sqlalchemy", "flask_sqlalchemy", "alembic"}
STDLIB_FOR_RULES = set(sys.stdlib_module_names) | {"dateutil"}


@dataclass(frozen=True)
class Module:
    name: str
    layer: str
    feature: str
    imports: tuple[tuple[str, int], ...]

    def where(self, line: int) -> str:
        return f"{self.name}:{line}"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer_of(name: str) -> str:
    """The layer of a dotted module name, or `assembly` for the app's own root modules."""
    if name in NAMED:
        return NAMED[name]
    parts = name.split(".")[1:]
    if not parts or parts[0] in ("settings", "features"):
        return "assembly"
    if parts[0] in ("core", "api", "cli", "scheduler"):
        return parts[0]
    if parts[0] == "demo":
        return "services"  # one big use case that makes invented people; only the CLI calls it
    if len(parts) == 1:
        return "package"
    for part in parts[1:]:
        if part in LAYERS or part.startswith("rules_"):
            return LAYERS.get(part, "rules")
    return "present" if parts[0] == "reports" else "plain"


def imports_of(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the layer"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                target = ROOT / Path(*whole.split("."))
                is_module = target.with_suffix(".py").exists() or (target / "__init__.py").exists()
                yield (whole if is_module else str(node.module)), node.lineno


def modules() -> list[Module]:
    found = []
    for path in sorted(APP.rglob("*.py")):
        name = module_name(path)
        feature = name.split(".")[1] if name.count(".") else ""
        found.append(Module(name, layer_of(name), feature, tuple(imports_of(path))))
    return found


MODULES = modules()


def feature_imports() -> Iterator[tuple[Module, str, int]]:
    """Every import of one of our modules by another."""
    for module in MODULES:
        for target, line in module.imports:
            if target == "app" or target.startswith("app."):
                yield module, target, line


def test_every_folder_of_the_app_is_a_known_feature() -> None:
    folders = {path.name for path in APP.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert folders - NOT_FEATURES <= set(FEATURES)


def test_the_list_of_features_has_no_cycle() -> None:
    settled: set[str] = set()
    while settled != set(FEATURES):
        ready = {name for name, needs in FEATURES.items() if needs <= settled} - settled
        assert ready, f"cycle among {set(FEATURES) - settled}"
        settled |= ready


def test_features_import_only_the_features_below_them() -> None:
    breaches = [
        f"{module.where(line)} imports {target}"
        for module, target, line in feature_imports()
        if module.feature in FEATURES
        and (other := target.split(".")[1] if "." in target else "") in FEATURES
        and other != module.feature
        and other not in FEATURES[module.feature]
    ]
    assert breaches == []


def test_core_imports_no_feature() -> None:
    breaches = [
        f"{module.where(line)} imports {target}"
        for module, target, line in feature_imports()
        if module.layer == "core" and not target.startswith(("app.core", "app.settings"))
    ]
    assert breaches == []


def test_layers_import_only_what_lies_below_them() -> None:
    breaches = []
    for module, target, line in feature_imports():
        below = layer_of(target)
        if module.layer in ("assembly", "package", "core") or below in ("core", "assembly", "package"):
            continue
        if below not in MAY_IMPORT[module.layer]:
            breaches.append(f"{module.where(line)} ({module.layer}) imports {target} ({below})")
    assert breaches == []


def test_rules_know_the_standard_library_and_the_vocabulary_only() -> None:
    breaches = []
    for module in MODULES:
        if module.layer != "rules":
            continue
        for target, line in module.imports:
            ours = target == "app.core.vocabulary" or layer_of(target) == "rules"
            if not (ours if target.startswith("app") else target.split(".")[0] in STDLIB_FOR_RULES):
                breaches.append(f"{module.where(line)} imports {target}")
    assert breaches == []


@pytest.mark.parametrize(
    ("family", "layers"), [(FLASK_FAMILY, FLASK_LAYERS), (SQLALCHEMY_FAMILY, SQLALCHEMY_LAYERS)]
)
def test_flask_and_sqlalchemy_stay_in_their_places(family: set[str], layers: set[str]) -> None:
    breaches = [
        f"{module.where(line)} ({module.layer}) imports {target}"
        for module in MODULES
        if module.layer not in layers | {"assembly"}
        for target, line in module.imports
        if target.split(".")[0] in family
    ]
    assert breaches == []


def test_reports_are_read_by_the_edges_only() -> None:
    breaches = [
        f"{module.where(line)} imports {target}"
        for module, target, line in feature_imports()
        if target.startswith("app.reports")
        and module.feature not in REPORTS_READERS
        and module.layer not in ("jobs", "assembly")
    ]
    assert breaches == []


def test_nobody_imports_the_demo_but_the_command_line() -> None:
    breaches = [
        f"{module.where(line)} imports {target}"
        for module, target, line in feature_imports()
        if target.startswith("app.demo") and module.feature not in ("demo", "cli")
    ]
    assert breaches == []


def test_nobody_imports_pages_that_only_show() -> None:
    breaches = [
        f"{module.where(line)} imports {target}"
        for module, target, line in feature_imports()
        for shown in VIEW_FEATURES
        if target.startswith(f"app.{shown}.") and module.feature not in (shown, "")
    ]
    assert breaches == []
