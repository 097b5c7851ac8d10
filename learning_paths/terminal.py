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


def week_lines(document: dict[str, Any]) -> Iterator[str]:
    """The week plan, a line a week with its steps; nothing if there is none."""
    plan = document.get("weekPlan")
    if plan is None:
        return
    yield ""
    for week in plan["weeks"]:
        titles = [_part(document["nodes"][one["id"]]["title"], one) for one in week["nodes"]]
        yield f"{week['week']:3}. {week['minutes']:4} min  {' · '.join(titles)}"


def _part(title: str, planned: dict[str, Any]) -> str:
    return title if planned["parts"] == 1 else f"{title} ({planned['part']}/{planned['parts']})"


def _line(node: dict[str, Any]) -> str:
    counts = [f"{node['minutes']} min"]
    if node["resources"]:
        counts.append(f"{len(node['resources'])} 🔗")
    if node.get("quiz"):
        counts.append(f"{len(node['quiz']['questions'])} ?")
    if node.get("exerciseSet"):
        counts.append(f"{len(node['exerciseSet']['exercises'])} ✎")
    return f"{node['title']}  ({', '.join(counts)})"
