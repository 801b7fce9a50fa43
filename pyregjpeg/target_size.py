"""Files that are to fit into a number of bytes: the best quality that does, and the background's with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from . import codec, native, pixels
from .errors import CodecError, OptionError
from .options import DEFAULT_QUALITY, TranscodeOptions
from .transcoding import Source, Transcoded

Written = TypeVar("Written")

BEST_QUALITY = 100


def encode_to_size(image: pixels.Source, target_size: int, **options: Any) -> tuple[bytes, int]:
    """The file of the best quality that has at most `target_size` bytes, and that quality; see `encode` for the rest.

    It is the file that `encode` makes of that quality. A `quality` in the options, an integer, is the best that is
    tried; `background_quality` falls with it, in the proportion that both have in the options (with `quality` 75 where
    there is none), or is the default of each quality. The DCT is done once, however many qualities are tried.

    Raises as `encode`, OptionError for a target size below 1 and for `qtables`, CodecError where quality 1 is too
    large.
    """
    _check_target(target_size)
    if options.get("overhead_free"):
        raise OptionError("target_size is for the standard dialect, and does not go with overhead_free")
    if options.get("qtables") is not None:
        raise OptionError("target_size looks for a quality, and does not go with qtables")
    given = options.get("quality", -1)
    if not isinstance(given, int):
        raise OptionError(f"with target_size, quality is an integer from 1 to 100, not {given!r}")
    best = BEST_QUALITY if given == -1 else min(max(given, 1), 100)
    background_of = _proportion(options.get("background_quality"), DEFAULT_QUALITY if given == -1 else best)

    def at(quality: int) -> dict[str, Any]:
        return {**options, "quality": quality, "background_quality": background_of(quality)}

    first = codec.prepare(image, at(best))
    with native.Coefficients(first.settings, first.picture.strips()) as coefficients:
        jpeg, quality = _largest_fitting(
            lambda quality: coefficients.encode(codec.prepare(image, at(quality), first.its_map).settings),
            len,
            best,
            target_size,
        )
    return jpeg, quality


def transcode_to_size(jpeg: bytes, target_size: int, **options: Any) -> Transcoded:
    """The file of the best quality that has at most `target_size` bytes; see `transcode` for the rest.

    It is tried with the tables of the source first, unless the options have a `quality`, which then is the best that is
    tried. `background_quality` falls with the quality, in the proportion that both have at first, or is the default of
    each. Raises as `transcode`, OptionError for a target size below 1, CodecError where quality 1 is too large.
    """
    _check_target(target_size)
    settings = TranscodeOptions.from_keywords(options)
    with Source(jpeg, settings) as source:
        best = min(source.quality, settings.quality or source.quality)
        background_of = _proportion(settings.background_quality, settings.quality or source.quality)

        def at(quality: int) -> Transcoded:
            tables_of = settings.quality if quality == best else quality  # None keeps those of the source
            tried = replace(settings, quality=tables_of, background_quality=background_of(quality))
            return source.written(tried, last=False)

        found, _ = _largest_fitting(at, lambda written: len(written.jpeg), best, target_size)
    return found


def _check_target(target_size: object) -> None:
    if isinstance(target_size, bool) or not isinstance(target_size, int) or target_size < 1:
        raise OptionError(f"target_size is a number of bytes, 1 or more, not {target_size!r}")


def _proportion(background_quality: int | None, quality: int) -> Callable[[int], int | None]:
    """The background quality that belongs to a quality, where `background_quality` belongs to the one given."""
    if background_quality is None:
        return lambda _: None  # the default of each quality
    share = min(background_quality, quality) / quality
    return lambda lower: max(1, round(share * lower))


def _largest_fitting(
    write: Callable[[int], Written], size: Callable[[Written], int], best: int, target_size: int
) -> tuple[Written, int]:
    """What is written at the highest quality, 1 to `best`, at which its size is at most the target; and that quality.

    Looks at the best first and then halves the range, as if sizes never fell with rising quality.
    """
    too_large, fitting, smallest = best + 1, 0, 0
    found: Written | None = None
    quality = best
    while too_large - fitting > 1:
        written = write(quality)
        if size(written) <= target_size:
            found, fitting = written, quality
        else:
            too_large, smallest = quality, size(written)
        quality = (too_large + fitting) // 2
    if found is None:
        raise CodecError(f"Even at quality 1 the file has {smallest} bytes; the target size is {target_size}.")
    return found, fitting
