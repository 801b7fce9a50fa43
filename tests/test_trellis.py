"""The trellis: levels chosen by what their code costs, held against files, a slow search, and the nearest levels."""

from __future__ import annotations

import dataclasses
import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import block_rule
import numpy as np
import pytest
from helper import DHT, PHOTOGRAPHS, mean_square_error, opened, payloads, photograph, read_levels
from hypothesis import given, settings
from hypothesis import strategies as st
from jpeg_sources import ZIGZAG, grey_jpeg
from measured_memory import MIB, STATUS, memory_kept
from noisy_images import noisy_images
from numpy.typing import NDArray
from PIL import Image

import pyregjpeg
from pyregjpeg import codec, native
from pyregjpeg.native import Component, Settings
from pyregjpeg.quantization import annex_k

AC = np.arange(64).reshape(8, 8) > 0
ONES = np.ones((1, 64), dtype=np.float32)


def settings_for(samples: NDArray[np.uint8], allowance: float, quality: int = 75, **changes: Any) -> Settings:
    """A grey picture whose blocks all have that allowance, in squared steps for a bit."""
    height, width = samples.shape
    levels = np.zeros(block_rule.grid(width, height), dtype=np.uint8)
    chosen = Settings(
        width=width,
        height=height,
        pixels="L",
        components=(Component(1, 1, 0, levels),),
        tables=annex_k(quality)[:1],
        weights=ONES,
        allowances=np.array([allowance], dtype=np.float32),
        trellis=True,
    )
    return dataclasses.replace(chosen, **changes)


def encoded(samples: NDArray[np.uint8], allowance: float, **changes: Any) -> bytes:
    return native.encode(settings_for(samples, allowance, **changes), [samples])


def levels_of(samples: NDArray[np.uint8], allowance: float, **changes: Any) -> NDArray[np.int16]:
    [levels], _ = read_levels(encoded(samples, allowance, **changes))
    return levels


def steps_of(samples: NDArray[np.uint8], quality: int = 75) -> NDArray[np.float64]:
    """The coefficients in steps of Annex K's table."""
    in_steps: NDArray[np.float64] = block_rule.coefficients(samples) / annex_k(quality)[0].reshape(8, 8)
    return in_steps


def halfway(in_steps: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where two levels are equally near, but for what floats leave out."""
    return np.abs(np.abs(in_steps - np.trunc(in_steps)) - 0.5) < 1e-4


@pytest.mark.parametrize("allowance", [0.02, 0.1, 0.5])
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_every_level_is_the_nearest_or_nearer_to_zero(name: str, allowance: float) -> None:
    samples = np.asarray(photograph(name, "L"))
    in_steps, levels = steps_of(samples), levels_of(samples, allowance)
    nearest, close = np.rint(in_steps), halfway(in_steps)
    assert np.all(levels * nearest >= 0)
    assert np.all(np.abs(levels[..., 0, 0] - in_steps[..., 0, 0]) < 1 + 1e-4)
    assert np.any(levels[..., 0, 0] != nearest[..., 0, 0])
    lost = (np.abs(nearest) - np.abs(levels))[..., AC]
    surely = ~close[..., AC]
    assert np.all(lost[surely] >= 0)
    assert np.all((lost <= 1) | (levels[..., AC] == 0) | ~surely)
    assert 0 < np.count_nonzero(lost) < np.count_nonzero(nearest)


@pytest.mark.parametrize("scans", ["sequential", "progressive", "smallest"])
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_without_an_allowance_all_levels_are_the_nearest(name: str, scans: native.Scans) -> None:
    samples = np.asarray(photograph(name, "L"))
    [nearest], _ = read_levels(encoded(samples, 0.0, trellis=False))
    differs = levels_of(samples, 0.0, scans=scans, masking=0.3) != nearest
    assert not differs[..., AC].any()
    assert np.all(~differs | halfway(steps_of(samples)))


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    largest=st.sampled_from([1, 2, 20, 300, 1023]),
    share=st.sampled_from([0.02, 0.3, 1.0]),
    step=st.sampled_from([1, 16, 255, 32767]),
)
def test_what_is_kept_is_kept_to_the_last_level(seed: int, largest: int, share: float, step: int) -> None:
    random = np.random.default_rng(seed)
    levels = random.integers(-largest, largest, (3, 4, 8, 8), dtype=np.int16, endpoint=True)
    levels[random.random(levels.shape) >= share] = 0
    source = grey_jpeg(levels, np.full((8, 8), step, dtype=np.uint16))
    options: dict[str, Any] = {"effort": "best", "allow_larger": True, "background_quality": 1}
    [kept], _ = read_levels(pyregjpeg.transcode(source, region_map=np.ones((1, 1)), **options))
    assert np.array_equal(kept, levels)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_larger_allowances_make_smaller_files(name: str) -> None:
    samples = np.asarray(photograph(name, "L"))
    sizes = [len(encoded(samples, allowance)) for allowance in (0, 0.03, 0.1, 0.3, 1, 3)]
    assert sizes == sorted(set(sizes), reverse=True)


@pytest.mark.parametrize("quality", [50, 75, 90])
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_it_has_more_decibels_than_coarser_steps_of_as_many_bytes(name: str, quality: int) -> None:
    image = photograph(name, "L")
    samples = np.asarray(image)
    for_squared_error = 100 / annex_k(quality)[:1].astype(np.float32) ** 2
    ours = encoded(samples, 0.1, quality=quality, weights=for_squared_error)
    plain = (encoded(samples, 0.0, quality=lower, trellis=False) for lower in range(quality, 0, -1))
    theirs = next(jpeg for jpeg in plain if len(jpeg) <= len(ours))
    assert mean_square_error(image, opened(ours)) < mean_square_error(image, opened(theirs))


def code_lengths(jpeg: bytes) -> dict[int, int]:
    """Bits of the code of each symbol of the AC table."""
    [table] = [payload for payload in payloads(jpeg, DHT) if payload[0] == 0x10]
    counts, symbols = table[1:17], table[17:]
    lengths = [length for length, count in enumerate(counts, start=1) for _ in range(count)]
    return dict(zip(symbols, lengths, strict=True))


def bits_of(zigzag: tuple[int, ...], lengths: dict[int, int], last: int) -> float:
    """What a block's AC levels take: infinitely many where the table has no code for them."""
    bits, zeros = 0.0, 0
    for level in zigzag[: last + 1]:
        if level == 0:
            zeros += 1
            continue
        size = abs(level).bit_length()
        bits += zeros // 16 * lengths.get(0xF0, np.inf) if zeros >= 16 else 0
        bits += lengths.get(zeros % 16 << 4 | size, np.inf) + size
        zeros = 0
    return bits + (lengths[0] if last < 62 else 0)


def cheapest(in_steps: NDArray[np.float64], lengths: dict[int, int], price: float) -> float:
    """The least that any choice costs of nearest levels, those one nearer to zero, and zeros; AC, in zigzag order."""
    nearest = np.rint(in_steps).astype(int)
    places = np.flatnonzero(nearest)
    found = np.inf
    for chosen in itertools.product(
        *({nearest[place], nearest[place] - np.sign(nearest[place]), 0} for place in places)
    ):
        levels = np.zeros(63, dtype=int)
        levels[places] = chosen
        found = min(found, cost(levels, in_steps, lengths, price))
    return float(found)


def cost(levels: NDArray[Any], in_steps: NDArray[np.float64], lengths: dict[int, int], price: float) -> float:
    last = int(np.flatnonzero(levels)[-1]) if levels.any() else -1
    return bits_of(tuple(map(int, levels)), lengths, last) + price * float(np.square(in_steps - levels).sum())


@pytest.mark.parametrize("allowance", [0.05, 0.15])
@pytest.mark.parametrize("name", ["coffee", "rocket", "astronaut"])
def test_no_choice_is_much_cheaper_by_the_codes_of_the_file(name: str, allowance: float) -> None:
    """The codes that it reckons with are those before the choice, so what it finds is the best but for little."""
    samples = np.asarray(photograph(name, "L"))
    jpeg = encoded(samples, allowance)
    [levels], _ = read_levels(jpeg)
    lengths, price = code_lengths(jpeg), 1 / allowance
    in_steps = steps_of(samples).reshape(-1, 64)[:, ZIGZAG][:, 1:]
    ours = levels.reshape(-1, 64)[:, ZIGZAG][:, 1:]
    few = np.flatnonzero((np.count_nonzero(np.rint(in_steps), axis=1) >= 4) & (np.abs(in_steps).max(axis=1) < 30))
    few = few[np.count_nonzero(np.rint(in_steps[few]), axis=1) <= 6][:150]
    assert len(few) > 40
    found = np.array([cost(ours[block], in_steps[block], lengths, price) for block in few])
    least = np.array([cheapest(in_steps[block], lengths, price) for block in few])
    nearest = np.array([cost(np.rint(in_steps[block]), in_steps[block], lengths, price) for block in few])
    assert np.all(found >= least - 1e-6)
    assert found.sum() - least.sum() < 0.03 * least.sum()
    assert found.sum() - least.sum() < 0.3 * (nearest.sum() - least.sum())


def test_a_busy_block_may_lose_more_where_errors_hide() -> None:
    """The same faint waves beside strong ones, which mask them, and on even ground."""
    place = np.arange(8)
    faint = 9 * np.cos((2 * place + 1) * 5 * np.pi / 16)
    strong = 90 * np.cos((2 * place + 1) * 2 * np.pi / 16)
    busy, even = faint[None, :] + strong[:, None], np.broadcast_to(faint, (8, 8))
    samples = (128 + np.tile(np.hstack([busy, even]), (12, 12))).round().astype(np.uint8)
    kept = {
        masking: [np.count_nonzero(part[..., 0, 5]) for part in (levels[:, ::2], levels[:, 1::2])]
        for masking in (0.0, 1.0)
        for levels in [levels_of(samples, 0.12, quality=60, masking=masking)]
    }
    assert kept[0.0][0] == kept[0.0][1] == 144
    assert kept[1.0] == [0, 144]


@settings(deadline=None, max_examples=30)
@given(
    image=noisy_images(60),
    subsampling=st.integers(0, 2),
    quality=st.integers(1, 100),
    tables=st.sampled_from(["annex-k", "perceptual"]),
    seed=st.integers(0, 2**32),
)
def test_kept_coefficients_make_the_same_file_as_pixels(
    image: Image.Image, subsampling: int, quality: int, tables: str, seed: int
) -> None:
    options = {
        "region_map": np.random.default_rng(seed).random((3, 3)),
        "subsampling": subsampling,
        "tables": tables,
        "effort": "best",
    }
    other, prepared = (codec.prepare(image, {**options, "quality": number}) for number in (50, quality))
    with native.Coefficients(other.settings, other.picture.strips()) as coefficients:
        expected = native.encode(prepared.settings, prepared.picture.strips())
        assert coefficients.encode(prepared.settings) == expected
        assert coefficients.encode(prepared.settings) == expected  # deringing left them as they were


def test_eight_threads_write_the_bytes_of_one() -> None:
    jobs = [(photograph(name), quality) for name in PHOTOGRAPHS for quality in (40, 85)]

    def written(job: tuple[Image.Image, int]) -> bytes:
        image, quality = job
        return pyregjpeg.encode(image, quality=quality, region_map=[(80, 60, 240, 160)], effort="best")

    expected = [written(job) for job in jobs]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(written, jobs * 2)) == expected * 2


@pytest.mark.skipif(not STATUS.exists(), reason="memory is measured as Linux tells it")
def test_no_memory_is_kept() -> None:
    image = photograph("coffee").resize((160, 120))
    source = pyregjpeg.encode(image, quality=92, background_quality=92)

    def write() -> None:
        jpeg = pyregjpeg.encode(image, background_quality=75, effort="best")
        pyregjpeg.transcode(source, quality=70, background_quality=70, effort="best")
        with pytest.raises(pyregjpeg.CodecError):
            pyregjpeg.transcode(jpeg[:-200], quality=40, background_quality=40, effort="best")

    assert memory_kept(write, first=50, then=300) < 3 * MIB
