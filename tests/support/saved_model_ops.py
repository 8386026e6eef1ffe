"""The ops of a SavedModel, and those of them that a stock TensorFlow Serving cannot run."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import tensorflow as tf
from tensorflow.core.framework.function_pb2 import FunctionDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

WHOLE_FILE = "whole file"
"""Beside the signatures: all that a server must know to load the file, whether or not a signature uses it."""

STOCK_OPS = frozenset(name for name in dir(tf.raw_ops) if not name.startswith("_"))
"""TensorFlow's public ops: fixed when it was built. Its registry also holds what a library registered since, and what
only its own tests and accelerators have."""


def meta_graph(saved_model: Path) -> MetaGraphDef:
    """The graph that a server loads."""
    saved = SavedModel.FromString((saved_model / "saved_model.pb").read_bytes())
    (found,) = (graph for graph in saved.meta_graphs if "serve" in graph.meta_info_def.tags)
    return found


def ops_by_signature(saved_model: Path) -> dict[str, set[str]]:
    """The names of the ops that each signature runs, nested functions included; and those of `WHOLE_FILE`."""
    graph = meta_graph(saved_model)
    functions = {function.signature.name: function for function in graph.graph_def.library.function}
    nodes = {node.name: node for node in graph.graph_def.node}
    ops = {}
    for name, signature in graph.signature_def.items():
        tensors = [*signature.inputs.values(), *signature.outputs.values()]
        ops[name] = _ops(_with_inputs([tensor.name for tensor in tensors], nodes), functions)
    everything = [*nodes.values(), *(node for function in functions.values() for node in function.node_def)]
    return ops | {WHOLE_FILE: _ops(everything, functions)}


def foreign_ops(saved_model: Path) -> dict[str, set[str]]:
    """By signature, the ops that stock TensorFlow does not know or that need Python; only signatures that have some."""
    foreign = {name: {op for op in ops if _is_foreign(op)} for name, ops in ops_by_signature(saved_model).items()}
    return {name: ops for name, ops in foreign.items() if ops}


def _is_foreign(op: str) -> bool:
    return op not in STOCK_OPS or "PyFunc" in op


def _with_inputs(names: Iterable[str], nodes: dict[str, NodeDef]) -> list[NodeDef]:
    """The nodes of these tensors and all that they depend on."""
    found: dict[str, NodeDef] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop().removeprefix("^").split(":")[0]
        if name not in found:
            found[name] = nodes[name]
            waiting += found[name].input
    return list(found.values())


def _ops(nodes: Iterable[NodeDef], functions: dict[str, FunctionDef]) -> set[str]:
    """The ops of some nodes and of all functions that they call."""
    ops, called, waiting = set(), set(), list(nodes)
    while waiting:
        node = waiting.pop()
        if node.op not in functions:  # the name of a function is an op, too
            ops.add(node.op)
        for name in (*_named_functions(node), node.op):
            if name in functions and name not in called:
                called.add(name)
                waiting += functions[name].node_def
    return ops


def _named_functions(node: NodeDef) -> Iterator[str]:
    for attribute in node.attr.values():
        yield attribute.func.name
        yield from (function.name for function in attribute.list.func)
