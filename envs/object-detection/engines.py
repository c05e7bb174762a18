"""The frameworks that run the network, behind one face. Each is imported when it is chosen."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from images import DataError, Floats, Pixels, resize, scale

CLASSES = 90


class Engine(Protocol):
    """Runs the network on one photo."""

    name: str
    version: str

    def shape(self, image: Pixels) -> Any:
        """Make of a photo what the network takes."""

    def infer(self, shaped: Any) -> tuple[Floats, Floats]:
        """Give the scores (anchors, classes) and the boxes (anchors, 4: top, left, bottom, right)."""


def open_engine(name: str, model: Path, *, threads: int) -> Engine:
    """Load a model.

    :param threads: 0: as many as the framework takes by itself.
    :raises DataError: when the file is not this engine's kind of model, or not of this network.
    """
    kinds = {"tflite": TFLite, "onnxruntime": OnnxRuntime, "tensorflow": TensorFlow}
    if not model.is_file():
        raise DataError(f"{model}: there is no such model")
    return kinds[name](model, threads)


class TFLite:
    """LiteRT's interpreter."""

    name = "LiteRT"

    def __init__(self, model: Path, threads: int) -> None:
        from importlib.metadata import version

        from ai_edge_litert.interpreter import Interpreter

        self.version = version("ai-edge-litert")
        if model.read_bytes()[4:8] != b"TFL3":
            raise DataError(f"{model}: not a TFLite model")
        try:
            self._interpreter = Interpreter(model_path=str(model), num_threads=threads or None)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise DataError(f"{model}: LiteRT can't load it: {error}") from error
        inputs = self._interpreter.get_input_details()
        self._input = inputs[0]["index"]
        require_shapes(model, inputs[0]["shape"], [row["shape"] for row in self._interpreter.get_output_details()])
        self._outputs = [row["index"] for row in self._interpreter.get_output_details()]

    def shape(self, image: Pixels) -> Floats:
        """Resize and scale."""
        return scale(resize(image))[None]

    def infer(self, shaped: Floats) -> tuple[Floats, Floats]:
        """Run the interpreter."""
        self._interpreter.set_tensor(self._input, shaped)
        self._interpreter.invoke()
        return sorted_outputs([self._interpreter.get_tensor(index) for index in self._outputs])


class OnnxRuntime:
    """ONNX Runtime on the CPU; nothing is sent to anyone."""

    name = "ONNX Runtime"

    def __init__(self, model: Path, threads: int) -> None:
        import onnxruntime

        # Versions from 1.32 on report each session to their makers unless told not to.
        if hasattr(onnxruntime, "disable_telemetry_events"):
            onnxruntime.disable_telemetry_events()
        self.version = str(onnxruntime.__version__)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its exceptions have no common class but this
            raise DataError(f"{model}: ONNX Runtime can't load it: {error}") from error
        inputs = self._session.get_inputs()
        require_shapes(model, inputs[0].shape, [row.shape for row in self._session.get_outputs()])
        self._input = inputs[0].name

    def shape(self, image: Pixels) -> Floats:
        """Resize and scale."""
        return scale(resize(image))[None]

    def infer(self, shaped: Floats) -> tuple[Floats, Floats]:
        """Run the session."""
        return sorted_outputs(self._session.run(None, {self._input: shaped}))


class TensorFlow:
    """TensorFlow with the frozen graph, which resizes and scales by itself."""

    name = "TensorFlow"

    def __init__(self, model: Path, threads: int) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import tensorflow as tf

        self.version = str(tf.__version__)
        graph_def = tf.compat.v1.GraphDef()
        try:
            graph_def.ParseFromString(model.read_bytes())
        except Exception as error:  # protobuf's DecodeError, of either implementation
            raise DataError(f"{model}: not a frozen TensorFlow graph: {error}") from error
        graph = tf.Graph()
        with graph.as_default():
            tf.import_graph_def(graph_def, name="")
        try:
            self._input = graph.get_tensor_by_name("image_tensor:0")
            self._outputs = [
                graph.get_tensor_by_name("Postprocessor/Slice:0"),
                graph.get_tensor_by_name("Postprocessor/ExpandDims_1:0"),
            ]
        except KeyError as error:
            raise DataError(f"{model}: a TensorFlow graph, but not of an SSD network: {error}") from error
        settings = tf.compat.v1.ConfigProto(
            intra_op_parallelism_threads=threads, inter_op_parallelism_threads=min(threads, 1)
        )
        self._session = tf.compat.v1.Session(graph=graph, config=settings)

    def shape(self, image: Pixels) -> Pixels:
        """Add the dimension of the batch."""
        return image[None]

    def infer(self, shaped: Pixels) -> tuple[Floats, Floats]:
        """Run the session."""
        return sorted_outputs(self._session.run(self._outputs, {self._input: shaped}))


def require_shapes(model: Path, taken: Any, given: list[Any]) -> None:
    """Hold a model's input and outputs against the network's.

    :raises DataError: for a model of something else.
    """
    inputs = list(taken)
    outputs = sorted(int(shape[-1]) if len(shape) else 0 for shape in given)
    if list(inputs[1:]) != [300, 300, 3] or outputs != [4, CLASSES]:
        raise DataError(
            f"{model}: not an SSD network as this detector knows it: it takes {inputs} and gives "
            f"{[list(shape) for shape in given]}; [1, 300, 300, 3] and [1, anchors, 90], [1, anchors, 1, 4] are needed"
        )


def sorted_outputs(outputs: list[Any]) -> tuple[Floats, Floats]:
    """Tell scores from boxes by their last dimension: converters give outputs in any order."""
    arrays = [np.asarray(output, dtype=np.float32) for output in outputs]
    scores = next(array for array in arrays if array.shape[-1] == CLASSES)
    boxes = next(array for array in arrays if array.shape[-1] == 4)
    return scores.reshape(-1, CLASSES), boxes.reshape(-1, 4)
