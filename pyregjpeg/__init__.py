"""A JPEG encoder for Pillow that spends its bytes on the regions that matter.

Importing this package registers the format "REGIONJPEG": ``img.save("out.jpg", format="REGIONJPEG")``.
"""

from . import plugin as _plugin
from .batch import convert
from .codec import encode, predict_map
from .conversion import ConvertResult
from .errors import CodecError, MapError, MetadataError, ModelError, OptionError, RegionJpegError
from .map_model import MapModel, list_models, load_model, register_model
from .model_card import ModelCard
from .reader import read_levels
from .transcoding import transcode

__version__ = "0.1.0"

__all__ = [
    "CodecError",
    "ConvertResult",
    "MapError",
    "MapModel",
    "MetadataError",
    "ModelCard",
    "ModelError",
    "OptionError",
    "RegionJpegError",
    "convert",
    "encode",
    "list_models",
    "load_model",
    "predict_map",
    "read_levels",
    "register_model",
    "transcode",
]

del _plugin
