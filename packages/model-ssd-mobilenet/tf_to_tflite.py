"""Turn the frozen SSD graph into a TFLite model.

usage: tf_to_tflite.py GRAPH.pb MODEL.tflite f32|f16
       tf_to_tflite.py GRAPH.pb MODEL.tflite int8 PHOTOS

The graph is cut behind its own pre-processing: the input is float32 [1, 300, 300, 3], an RGB photo scaled to -1..1
(x * 2 / 255 - 1, as `Preprocessor` of the object-detection API does). The outputs are the scores [1, 1917, 90] and the
boxes [1, 1917, 1, 4] (ymin, xmin, ymax, xmax in 0..1), before non-maximum suppression, as in the frozen graph.

int8: weights and activations are quantized after training, with the ranges that the photos of a folder give; input and
outputs stay float32.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

INPUT = "Preprocessor/sub"
OUTPUTS = ("Postprocessor/Slice", "Postprocessor/ExpandDims_1")
SIZE = 300


def main(arguments: list[str]) -> int:
    """Convert, and say on one line what was done."""
    if len(arguments) != (4 if arguments[2:3] == ["int8"] else 3) or arguments[2] not in ("f32", "f16", "int8"):
        print(__doc__, file=sys.stderr)
        return 2
    graph_path, output, precision = Path(arguments[0]), Path(arguments[1]), arguments[2]
    graph = tf.compat.v1.GraphDef()
    try:
        graph.ParseFromString(graph_path.read_bytes())
    except (OSError, ValueError, TypeError) as error:
        print(f"{graph_path}: not a frozen TensorFlow graph: {error}", file=sys.stderr)
        return 1
    names = {node.name for node in graph.node}
    missing = [name for name in (INPUT, *OUTPUTS) if name not in names]
    if missing:
        print(f"{graph_path}: not an SSD graph: it lacks {', '.join(missing)}", file=sys.stderr)
        return 1
    photos = sorted(Path(arguments[3]).iterdir()) if precision == "int8" else []
    content = convert(graph, precision, photos)
    temporary = output.with_name(output.name + ".new")
    temporary.write_bytes(content)
    temporary.replace(output)
    print(f"{output}: {len(content)} bytes, {precision}")
    return 0


def convert(graph: tf.compat.v1.GraphDef, precision: str, photos: Sequence[Path] = ()) -> bytes:
    """Cut the graph, fix the input's shape and convert."""
    function = wrap(cut(graph))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
    if precision == "f16":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    if precision == "int8":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([view] for view in views(photos))
    return bytes(converter.convert())


def views(photos: Sequence[Path]) -> Iterator[Any]:
    """Give what the network may be shown: each photo whole and in quarters, as it is and mirrored."""
    for photo in photos:
        image = tf.cast(tf.io.decode_image(photo.read_bytes(), channels=3, expand_animations=False), tf.float32)
        height, width = image.shape[0] // 2, image.shape[1] // 2
        parts = [image, *(image[y : y + height, x : x + width] for y in (0, height) for x in (0, width))]
        for part in parts:
            shaped = tf.compat.v1.image.resize_bilinear(part[None], (SIZE, SIZE)) * (2 / 255) - 1
            yield from (shaped, shaped[:, :, ::-1])


def cut(graph: tf.compat.v1.GraphDef) -> tf.compat.v1.GraphDef:
    """Put a placeholder of fixed shape in the place of the graph's own pre-processing."""
    kept = tf.compat.v1.GraphDef()
    kept.versions.CopyFrom(graph.versions)
    for node in graph.node:
        if node.name == INPUT:
            placeholder = kept.node.add(name=INPUT, op="Placeholder")
            placeholder.attr["dtype"].type = tf.float32.as_datatype_enum
            placeholder.attr["shape"].shape.CopyFrom(tf.TensorShape([1, SIZE, SIZE, 3]).as_proto())
        else:
            kept.node.add().CopyFrom(node)
    return tf.compat.v1.graph_util.extract_sub_graph(kept, list(OUTPUTS))


def wrap(graph: tf.compat.v1.GraphDef) -> Any:
    """Make a function of the graph, from its placeholder to its outputs."""
    wrapped = tf.compat.v1.wrap_function(lambda: tf.compat.v1.import_graph_def(graph, name=""), [])
    inside = wrapped.graph
    return wrapped.prune(
        inside.as_graph_element(f"{INPUT}:0"), [inside.as_graph_element(f"{name}:0") for name in OUTPUTS]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
