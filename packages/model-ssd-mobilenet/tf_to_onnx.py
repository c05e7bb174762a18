"""Turn the frozen SSD graph into an ONNX model (opset 13), with the graph's own pre-processing left out.

usage: tf_to_onnx.py GRAPH.pb MODEL.onnx

Input and outputs are those of the TFLite form: float32 [1, 300, 300, 3] in -1..1, scores and boxes before
non-maximum suppression.
"""

from __future__ import annotations

import sys
from pathlib import Path

import tensorflow as tf
import tf2onnx
from tf_to_tflite import INPUT, OUTPUTS, cut

OPSET = 13


def main(arguments: list[str]) -> int:
    """Convert, and say on one line what was done."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    graph_path, output = Path(arguments[0]), Path(arguments[1])
    graph = tf.compat.v1.GraphDef()
    try:
        graph.ParseFromString(graph_path.read_bytes())
    except (OSError, ValueError, TypeError) as error:
        print(f"{graph_path}: not a frozen TensorFlow graph: {error}", file=sys.stderr)
        return 1
    model, _ = tf2onnx.convert.from_graph_def(
        cut(graph),
        name="ssdlite_mobilenet_v2",
        input_names=[f"{INPUT}:0"],
        output_names=[f"{name}:0" for name in OUTPUTS],
        opset=OPSET,
    )
    temporary = output.with_name(output.name + ".new")
    temporary.write_bytes(model.SerializeToString())
    temporary.replace(output)
    print(f"{output}: {output.stat().st_size} bytes, opset {OPSET}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
