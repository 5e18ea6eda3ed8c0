"""Editing a rule tree step by step, as the editor's buttons do. A node is addressed by its path from the root: a list
of positions, [] the root itself; the one child of "not" stands at 0. Trees are copied, never changed in place.

Empty groups do not exist: what loses its last condition vanishes with it, and a tree without conditions is None.
"""

import copy
from collections.abc import Sequence
from typing import Any

Tree = dict[str, Any] | None
Path = Sequence[int]


def group_of(node: dict[str, Any]) -> str:
    """ "all", "any", "not", or "" for a condition."""
    return next((key for key in ("all", "any", "not") if key in node), "")


def children(node: dict[str, Any]) -> list[dict[str, Any]]:
    kind = group_of(node)
    return [node["not"]] if kind == "not" else node.get(kind, [])


def at(tree: Tree, path: Path) -> dict[str, Any]:
    """The node at the path; LookupError when the tree has none (somebody changed it meanwhile)."""
    if tree is None:
        raise LookupError(path)
    node = tree
    for step in path:
        if not 0 <= step < len(children(node)):
            raise LookupError(path)
        node = children(node)[step]
    return node


def _rebuild(node: dict[str, Any], parts: list[dict[str, Any]]) -> Tree:
    kind = group_of(node)
    if not kind:
        return node
    if not parts:
        return None
    return {"not": parts[0]} if kind == "not" else {kind: parts}


def replace(tree: Tree, path: Path, new: Tree) -> Tree:
    """The tree with another node at the path; None removes it."""
    if not path:
        at(tree, path) if tree is not None else None
        return copy.deepcopy(new)
    parent = at(tree, path[:-1])
    at(tree, path)
    parts = [copy.deepcopy(child) for child in children(parent)]
    parts[path[-1] : path[-1] + 1] = [copy.deepcopy(new)] if new is not None else []
    return replace(tree, path[:-1], _rebuild(parent, parts))


def remove(tree: Tree, path: Path) -> Tree:
    return replace(tree, path, None)


def add(tree: Tree, path: Path, new: dict[str, Any]) -> tuple[Tree, Path]:
    """Into the group at the path, at its end; what is no all/any group becomes an "all" with the new node. The tree,
    and where the new node stands in it."""
    if tree is None:
        return copy.deepcopy(new), ()
    node = at(tree, path)
    kind = group_of(node)
    parts = [*children(node), new] if kind in ("all", "any") else [node, new]
    return replace(tree, path, {kind if kind in ("all", "any") else "all": parts}), (*path, len(parts) - 1)


def wrap(tree: Tree, path: Path, kind: str) -> Tree:
    """Nest the node in a new group: "not", "all" or "any"."""
    node = at(tree, path)
    return replace(tree, path, {"not": node} if kind == "not" else {kind: [node]})


def unwrap(tree: Tree, path: Path) -> Tree:
    """Take a group with one child away from around it; a larger group stays as it is."""
    node = at(tree, path)
    inner = children(node)
    return replace(tree, path, inner[0]) if len(inner) == 1 else tree


def switch(tree: Tree, path: Path) -> Tree:
    """all becomes any and the other way round."""
    node = at(tree, path)
    kind = group_of(node)
    return replace(tree, path, {"any" if kind == "all" else "all": children(node)}) if kind in ("all", "any") else tree


def move(tree: Tree, path: Path, by: int) -> tuple[Tree, Path]:
    """Up (−1) or down (+1) among its siblings; past the end it steps out of the group, beside it, but never out of a
    "not", which would turn its meaning. The tree, and where the node now stands in it."""
    if not path:
        return tree, path
    parent, here = at(tree, path[:-1]), path[-1]
    node = at(tree, path)
    parts = list(children(parent))
    there = here + by
    if 0 <= there < len(parts):
        parts[here], parts[there] = parts[there], parts[here]
        return replace(tree, path[:-1], _rebuild(parent, parts)), (*path[:-1], there)
    if len(path) < 2 or "not" in (group_of(parent), group_of(at(tree, path[:-2]))):
        return tree, path
    outer_path = path[:-2]
    outer = at(tree, outer_path)
    rest = _rebuild(parent, [part for i, part in enumerate(parts) if i != here])
    siblings: list[dict[str, Any]] = []
    for i, child in enumerate(children(outer)):
        around = [child] if i != path[-2] else [part for part in ([node, rest] if by < 0 else [rest, node]) if part]
        siblings.extend(around)
    beside = path[-2] + (1 if by > 0 and rest else 0)
    return replace(tree, outer_path, _rebuild(outer, siblings)), (*outer_path, beside)


def into(tree: Tree, path: Path) -> tuple[Tree, Path]:
    """Into the group that stands before it among its siblings, at the end; else into the one after it, at the
    beginning. Nothing moves into a "not", which would turn its meaning. The tree, and where the node now stands."""
    if not path:
        return tree, path
    parent, here = at(tree, path[:-1]), path[-1]
    node, parts = at(tree, path), list(children(parent))
    for there in (here - 1, here + 1):
        if 0 <= there < len(parts) and (kind := group_of(parts[there])) in ("all", "any"):
            inner = children(parts[there])
            parts[there] = {kind: [*inner, node] if there < here else [node, *inner]}
            del parts[here]
            stands = (there, len(inner)) if there < here else (here, 0)
            return replace(tree, path[:-1], _rebuild(parent, parts)), (*path[:-1], *stands)
    return tree, path
