"""A learning path as lines of text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any


def tree_lines(document: dict[str, Any]) -> Iterator[str]:
    """The tree, a line a node: title, minutes, numbers of resources, questions and exercises."""
    nodes = document["nodes"]
    children: defaultdict[str | None, list[str]] = defaultdict(list)
    for node_id, node in sorted(nodes.items(), key=lambda item: item[1]["order"]):
        children[node["parentId"]].append(node_id)

    def below(parent: str, indent: str) -> Iterator[str]:
        for place, node_id in enumerate(children[parent], start=1):
            is_last = place == len(children[parent])
            yield f"{indent}{'└── ' if is_last else '├── '}{_line(nodes[node_id])}"
            yield from below(node_id, indent + ("    " if is_last else "│   "))

    root = document["rootNodeId"]
    yield _line(nodes[root])
    yield from below(root, "")


def _line(node: dict[str, Any]) -> str:
    counts = [f"{node['minutes']} min"]
    if node["resources"]:
        counts.append(f"{len(node['resources'])} 🔗")
    if node.get("quiz"):
        counts.append(f"{len(node['quiz']['questions'])} ?")
    if node.get("exerciseSet"):
        counts.append(f"{len(node['exerciseSet']['exercises'])} ✎")
    return f"{node['title']}  ({', '.join(counts)})"
