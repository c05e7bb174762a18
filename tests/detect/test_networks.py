"""Which soft knows which network, by the names of layers that the frameworks themselves give.

`networks.json.gz` holds the names of weights (Keras: of layers) in networks that torchvision 0.29, timm, transformers,
ultralytics 8.4, openai-whisper 20250625 and Keras 3.15 made, all but biases and running means. `shapes.json.gz` holds
the shapes of weights of those of torchvision that call their layers the same; timm's ResNeXt-50 has torchvision's.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from pkgmgr.detect.artifacts import fits
from pkgmgr.detect.caches.artifact import Artifact
from pkgmgr.detect.models.unusable import FORMATS
from pkgmgr.jobs.workspace import open_workspace

FOLDER = Path(__file__).parent
NETWORKS: dict[str, list[str]] = json.loads(gzip.decompress((FOLDER / "networks.json.gz").read_bytes()))
SHAPES: dict[str, list[str]] = json.loads(gzip.decompress((FOLDER / "shapes.json.gz").read_bytes()))
SHAPES["timm/resnext50_32x4d"] = SHAPES["torchvision/resnext50_32x4d"]
KNOWN = {
    "model.bert": (
        *("transformers/AlbertModel", "transformers/BertModel", "transformers/DebertaV2Model"),
        *("transformers/DistilBertModel", "transformers/ElectraModel", "transformers/MPNetModel"),
        *("transformers/MobileBertModel", "transformers/RobertaModel"),
    ),
    "model.clip": ("transformers/CLIPModel",),
    "model.efficientnet": (
        *("keras/EfficientNetB0", "keras/EfficientNetV2B0", "timm/efficientnet_b0", "timm/tf_efficientnetv2_s"),
        *("torchvision/efficientnet_b0", "torchvision/efficientnet_v2_s"),
        "transformers/EfficientNetForImageClassification",
    ),
    "model.llm": (
        *("transformers/BloomForCausalLM", "transformers/FalconForCausalLM", "transformers/GPT2LMHeadModel"),
        *("transformers/GPTNeoXForCausalLM", "transformers/LlamaForCausalLM", "transformers/OPTForCausalLM"),
        *("transformers/PhiForCausalLM", "transformers/Qwen2ForCausalLM"),
    ),
    "model.mobilenet": (
        *("keras/MobileNet", "keras/MobileNetV2", "keras/MobileNetV3Small", "timm/mobilenetv2_100"),
        *("timm/mobilenetv3_large_100", "timm/mobilenetv4_conv_small", "torchvision/mobilenet_v2"),
        *("torchvision/mobilenet_v3_small", "transformers/MobileNetV2ForImageClassification"),
    ),
    "model.resnet50": (
        *("keras/ResNet50", "timm/resnet50", "timm/resnet50d", "torchvision/resnet50"),
        "transformers/ResNetForImageClassification",
    ),
    "model.vit": (
        *("timm/deit_small_patch16_224", "timm/vit_base_patch16_224", "torchvision/vit_b_16"),
        "transformers/ViTForImageClassification",
    ),
    "model.whisper": ("openai-whisper/tiny", "transformers/WhisperModel"),
    "model.yolo": (
        "ultralytics/yolo26n",
        "ultralytics/yolov5n",
        "ultralytics/yolov8n",
        "ultralytics/yolov8n-cls",
        "ultralytics/yolov8n-seg",
    ),
}
SOFTS = {network: soft for soft, networks in KNOWN.items() for network in networks}


@pytest.fixture(scope="module")
def recognised(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    softs = open_workspace(home=tmp_path_factory.mktemp("home")).catalog.softs()
    found: dict[str, list[str]] = {}
    for network, layers in NETWORKS.items():
        shapes = tuple(SHAPES.get(network, ()))
        artifact = Artifact(
            kind="model", name=network, path="/m", root="/", evidence="", layers=tuple(layers), shapes=shapes
        )
        found[network] = [
            soft.name
            for soft in softs
            if (wanted := soft.find.artifact) is not None and wanted.recognise and fits(wanted, artifact)
        ]
    return found


@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_a_network_is_known_by_the_softs_of_its_kind_alone(network: str, recognised: dict[str, list[str]]) -> None:
    assert recognised[network] == ([SOFTS[network]] if network in SOFTS else [])


@pytest.mark.parametrize("kind", ["resnet50", "resnext50_32x4d", "wide_resnet50_2"])
def test_networks_that_call_their_layers_the_same_are_told_apart_by_shapes(
    kind: str, recognised: dict[str, list[str]]
) -> None:
    layers = NETWORKS[f"torchvision/{kind}"]
    assert layers == NETWORKS["torchvision/resnet50"]
    assert len(SHAPES[f"torchvision/{kind}"]) == 54
    assert recognised[f"torchvision/{kind}"] == (["model.resnet50"] if kind == "resnet50" else [])


def test_every_network_that_is_named_here_was_recorded() -> None:
    assert set(SOFTS) <= set(NETWORKS)
    assert len(NETWORKS) > len(SOFTS) + 20, "networks of other kinds, which no soft may take for its own"


def test_whatever_format_is_read_has_a_soft(tmp_path: Path) -> None:
    softs = open_workspace(home=tmp_path).catalog.softs()
    known = {format_ for soft in softs if soft.find.artifact is not None for format_ in soft.find.artifact.formats}
    read = {
        *FORMATS.values(),
        "torchscript",
        "torch-legacy",
        "tf-saved-model",
        "tfjs",
        "openvino",
        "spacy",
        "ctranslate2",
    }
    assert read <= known
