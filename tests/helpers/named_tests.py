"""Tests by their names, without running them: whether one exists, and which methods it uses."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[1]


@cache
def _definitions(path: Path) -> dict[str, ast.stmt]:
    """What a module defines at its top: functions, classes and variables, by name."""
    found: dict[str, ast.stmt] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found.update({target.id: node for target in targets if isinstance(target, ast.Name)})
    return found


def exists(test: str) -> bool:
    """Whether `path::name`, below tests/, is a test."""
    file, _, name = test.partition("::")
    path = TESTS / file
    return path.is_file() and name.startswith("test_") and name in _definitions(path)


def attributes_in(test: str) -> set[str]:
    """The names of attributes (and texts) in a test, and in what it uses of its own module."""
    file, _, name = test.partition("::")
    definitions = _definitions(TESTS / file)
    todo, seen, found = [name], set[str](), set[str]()
    while todo:
        one = todo.pop()
        if one in seen or one not in definitions:
            continue
        seen.add(one)
        for node in ast.walk(definitions[one]):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)  # for getattr
            elif isinstance(node, ast.Name):
                todo.append(node.id)
    return found
