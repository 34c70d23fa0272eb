"""What may know what, and the one way in which agents handle messages."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
MAY_IMPORT = {
    "schemas": {"schemas"},
    "runtime": {"schemas", "runtime"},
    "producers": {"schemas", "runtime", "producers"},
    "processors": {"schemas", "runtime", "processors"},
    "sinks": {"schemas", "runtime", "sinks"},
    "cli": {"schemas", "runtime", "producers", "processors", "sinks", "cli"},
}
FILES = [path for package in MAY_IMPORT for path in sorted((ROOT / package).rglob("*.py"))]


def imported_packages(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, "imports are absolute here"
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    ours = imported_packages(ast.parse(path.read_text("utf-8"))) & set(MAY_IMPORT)
    assert ours <= MAY_IMPORT[package]


def decorated_agents(tree: ast.AST) -> list[tuple[ast.AsyncFunctionDef, ast.Call]]:
    return [
        (node, decorator)
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncFunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("agent")
    ]


def complaints(source: str) -> list[str]:
    """What is unsafe in the agents of a module: see runtime/relay.py for the reasons."""
    tree = ast.parse(source)
    found = []
    for agent, decorator in decorated_agents(tree):
        options = {key.arg: ast.unparse(key.value) for key in decorator.keywords}
        body = [
            node
            for node in agent.body
            if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        ]
        if len(body) != 1 or not ast.unparse(body[0]).startswith("await relay(stream, "):
            found.append(f"{agent.name} does something else than `await relay(stream, ...)`")
        if options.get("supervisor_strategy") != "CrashingSupervisor":
            found.append(f"{agent.name} is restarted by Faust after a failed delivery")
        if options.get("concurrency") != "1":
            found.append(f"{agent.name} commits past work in flight")
        if not ast.unparse(decorator.args[0]).startswith("raw_topic("):
            found.append(f"{agent.name} leaves the decoding to Faust")
    for node in ast.walk(tree):
        is_method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        name = ast.unparse(node.func) if is_method else ""
        if name.split(".")[-1] in {"Table", "GlobalTable", "SetTable", "forward", "sink"}:
            found.append(f"{name}: Faust's tables and forwarding are not safe")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_agents_go_through_relay_and_nothing_else(path: Path) -> None:
    assert complaints(path.read_text("utf-8")) == []


def test_there_is_an_agent_to_guard() -> None:
    source = (ROOT / "processors" / "agents.py").read_text("utf-8")
    assert [agent.name for agent, _ in decorated_agents(ast.parse(source))] == ["read_articles"]


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        pytest.param(
            "@app.agent(raw_topic(app, t), supervisor_strategy=CrashingSupervisor, concurrency=1)\n"
            "async def a(stream):\n    async for x in stream: pass",
            "something else",
            id="own loop",
        ),
        pytest.param(
            "@app.agent(raw_topic(app, t), concurrency=1)\n"
            "async def a(stream):\n    await relay(stream, step)",
            "restarted by Faust",
            id="other supervisor",
        ),
        pytest.param(
            "@app.agent(raw_topic(app, t), supervisor_strategy=CrashingSupervisor, concurrency=4)\n"
            "async def a(stream):\n    await relay(stream, step)",
            "commits past",
            id="concurrency",
        ),
        pytest.param(
            "@app.agent(app.topic('t', value_type=X), supervisor_strategy=CrashingSupervisor,"
            " concurrency=1)\nasync def a(stream):\n    await relay(stream, step)",
            "decoding",
            id="typed topic",
        ),
        pytest.param("t = app.Table('seen')", "tables", id="table"),
    ],
)
def test_the_guard_sees_what_is_unsafe(broken: str, complaint: str) -> None:
    assert any(complaint in found for found in complaints(broken))


def test_the_app_is_set_up_safely() -> None:
    from runtime.faust_app import app

    conf = app.conf
    assert conf.stream_wait_empty
    assert conf.producer_acks == -1
    assert conf.broker_commit_interval == 1
    assert not conf.topic_allow_declare
    assert conf.topic_disable_leader
    assert not conf.web_enabled
    assert 60 <= conf.broker_max_poll_interval <= 120
    assert conf.processing_guarantee.value == "at_least_once"
