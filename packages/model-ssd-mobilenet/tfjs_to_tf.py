"""Turn a TensorFlow.js graph model into a frozen TensorFlow graph.

usage: tfjs_to_tf.py MODEL.json GRAPH.pb
"""

from __future__ import annotations

import base64
import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf import json_format

_DTYPES = {"float32": np.float32, "int32": np.int32, "bool": np.bool_}


def main(arguments: list[str]) -> int:
    """Convert, and say on one line what was done."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    model, output = Path(arguments[0]), Path(arguments[1])
    try:
        described = json.loads(model.read_text(encoding="utf-8"))
        weights = read_weights(described["weightsManifest"], model.parent)
        graph = build_graph(described["modelTopology"], weights)
    except (OSError, ValueError, KeyError, TypeError, json_format.ParseError) as error:
        print(f"{model}: not a TensorFlow.js graph model: {error}", file=sys.stderr)
        return 1
    temporary = output.with_name(output.name + ".new")
    temporary.write_bytes(graph.SerializeToString(deterministic=True))
    temporary.replace(output)
    print(f"{output}: {len(graph.node)} nodes, {len(weights)} weights")
    return 0


def read_weights(manifest: list[dict[str, Any]], folder: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Give the weights by node name: the shards of a group are one run of bytes, the weights lie in order."""
    found = {}
    for group in manifest:
        content = b"".join((folder / name).read_bytes() for name in group["paths"])
        place = 0
        for row in group["weights"]:
            if "quantization" in row:
                raise ValueError(f"weight {row['name']} is quantized, which this converter does not undo")
            dtype = np.dtype(_DTYPES[row["dtype"]])
            count = math.prod(row["shape"])
            if place + count * dtype.itemsize > len(content):
                raise ValueError(f"the weights end before {row['name']} does")
            array = np.frombuffer(content, dtype=dtype, count=count, offset=place)
            found[row["name"]] = array.reshape(row["shape"])
            place += count * dtype.itemsize
        if place != len(content):
            raise ValueError(f"{len(content) - place} bytes of weights belong to nothing")
    return found


def build_graph(topology: dict[str, Any], weights: dict[str, np.ndarray[Any, Any]]) -> tf.compat.v1.GraphDef:
    """Make the graph and put the weights into its constants."""
    for node in topology["node"]:
        for attribute in node.get("attr", {}).values():
            _encode_bytes(attribute)
        if node["op"] == "Const" and node["name"] in weights:
            node["attr"]["value"] = {}
    graph = tf.compat.v1.GraphDef()
    json_format.ParseDict({"node": topology["node"]}, graph, ignore_unknown_fields=True)
    for node in graph.node:
        if node.op == "Const" and node.name in weights:
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(weights[node.name]))
    return graph


def _encode_bytes(attribute: dict[str, Any]) -> None:
    """Write bytes as base64, which protobuf's JSON wants; old TF.js files hold lists of character codes."""
    if isinstance(attribute.get("s"), list):
        attribute["s"] = base64.b64encode(bytes(attribute["s"])).decode()
    values = attribute.get("list")
    if isinstance(values, dict) and isinstance(values.get("s"), list):
        values["s"] = [
            base64.b64encode(bytes(item)).decode() if isinstance(item, list) else item for item in values["s"]
        ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
