"""The exception family: every error that pyregjpeg raises on its own account is a RegionJpegError."""

from __future__ import annotations


class RegionJpegError(Exception):
    """Base of all errors of this package; its message is one sentence for the user."""


class CodecError(RegionJpegError, OSError):
    """The picture cannot be written as a JPEG, or libjpeg-turbo reported an error."""


class OptionError(RegionJpegError, ValueError, TypeError):
    """A save option has a bad value.

    It is both a ValueError and a TypeError because Pillow's JPEG plugin raises one or the other for the same
    mistakes, and code that catches either keeps working when only the format name changes.
    """


class MapError(RegionJpegError, ValueError):
    """A region map has the wrong shape, type or values."""


class ModelError(RegionJpegError):
    """A map model or its card is missing, damaged or of the wrong kind."""


class MetadataError(RegionJpegError, ValueError):
    """EXIF, ICC, XMP, comment or other metadata does not fit into JPEG markers."""


class ClusterError(RegionJpegError, OSError):
    """The cluster does not answer, has no workers, or has workers that cannot do the work."""
