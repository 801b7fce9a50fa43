"""A JPEG encoder for Pillow that spends its bytes on the regions that matter.

Importing this package registers the format "REGIONJPEG": ``img.save("out.jpg", format="REGIONJPEG")``.
"""

from .batch import convert
from .conversion import ConvertResult
from .errors import CodecError, MapError, MetadataError, ModelError, OptionError, RegionJpegError
from .map_model import MapModel, list_models, load_model, register_model
from .model_card import ModelCard
from .overhead_free import decode
from .picture_map import predict_map
from .plugin import encode
from .qf_model import QfModel
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
    "QfModel",
    "RegionJpegError",
    "convert",
    "decode",
    "encode",
    "list_models",
    "load_model",
    "predict_map",
    "read_levels",
    "register_model",
    "transcode",
]
