"""The arithmetic under the published figures: rate curves, intervals, timing ratios, equal quality."""

from __future__ import annotations

import io
import json
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pyregjpeg
from benchmarks import peers, transcode
from benchmarks.equal_quality import RateCurve, RatePoint, summarize
from benchmarks.photographs import MissingPhotographsError, Photograph, photographs
from benchmarks.picture import jpeg_of_size
from benchmarks.processes import concatenated
from benchmarks.qt_resources import read_resources
from benchmarks.report import markdown_table, write_results
from benchmarks.size_with_map import Encoding
from benchmarks.timing import speed_ratio, time_interleaved


@pytest.fixture
def picture() -> Image.Image:
    rows, columns = np.mgrid[0:64, 0:96]
    samples = 128 + 90 * np.sin(rows[..., None] / 7) * np.cos(columns[..., None] / np.array([3, 6, 9]))
    return Image.fromarray(samples.astype(np.uint8))


def curve_points(scale: float = 1.0) -> list[RatePoint]:
    """Sizes that rise with quality about as those of a photograph do."""
    return [RatePoint(scale * 20_000 * 1.03**quality, 30 + 0.1 * quality) for quality in (30, 50, 60, 75, 85, 95)]


def test_an_encoder_against_itself_is_one() -> None:
    curve = RateCurve(curve_points())
    assert [curve.ratio_to(point) for point in curve_points()] == pytest.approx([1.0] * 6)


def test_scaled_sizes_give_the_scale_between_the_points_too() -> None:
    curve, scaled = RateCurve(curve_points()), RateCurve(curve_points(0.8))
    for metric in np.linspace(33, 39.5, 25):
        size = curve.size_at(metric)
        assert size is not None
        assert scaled.ratio_to(RatePoint(size, metric)) == pytest.approx(0.8)


def test_an_exponential_curve_is_interpolated_exactly() -> None:
    size = RateCurve(curve_points()).size_at(30 + 0.1 * 67)
    assert size == pytest.approx(20_000 * 1.03**67, rel=1e-3)


@pytest.mark.parametrize("metric", [32.9, 39.6])
def test_nothing_is_extrapolated(metric: float) -> None:
    assert RateCurve(curve_points()).ratio_to(RatePoint(50_000, metric)) is None


def test_a_larger_file_of_lower_quality_is_left_out_of_the_curve() -> None:
    spoiled = [*curve_points(), RatePoint(curve_points()[-1].size + 1, 36.0)]
    assert RateCurve(spoiled).size_at(36.0) == RateCurve(curve_points()).size_at(36.0)


def test_a_curve_needs_two_points() -> None:
    with pytest.raises(ValueError, match="two points"):
        RateCurve(curve_points()[:1])


def test_the_summary_is_the_geometric_mean_and_the_median() -> None:
    summary = summarize([0.5, 2.0, 0.5])
    assert summary.geometric_mean == pytest.approx(0.5 ** (1 / 3))
    assert summary.median == pytest.approx(0.5)


def test_the_interval_holds_the_true_mean_about_nineteen_times_in_twenty() -> None:
    generator = np.random.default_rng(1)
    trials = [summarize(list(np.exp(generator.normal(0, 0.1, 40))), resamples=400) for _ in range(200)]
    held = sum(trial.low <= 1 <= trial.high for trial in trials)
    assert 178 <= held <= 198


def test_no_overlap_is_an_error_rather_than_a_figure() -> None:
    with pytest.raises(ValueError, match="overlap"):
        summarize([])


def test_a_task_that_takes_twice_as_long_has_a_ratio_of_two() -> None:
    seconds = time_interleaved({"ours": lambda: time.sleep(0.01), "rival": lambda: time.sleep(0.02)}, rounds=5)
    assert speed_ratio(seconds["ours"], seconds["rival"]).median == pytest.approx(2, rel=0.3)


def test_rounds_alternate_rather_than_run_in_blocks() -> None:
    order: list[str] = []
    time_interleaved({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=30)
    rounds = [tuple(order[start : start + 2]) for start in range(2, len(order), 2)]
    assert set(rounds) == {("a", "b"), ("b", "a")}


def test_all_encoders_write_420_and_mozjpeg_is_mozjpeg() -> None:
    peers.check_peers()


def test_a_libvips_without_mozjpeg_is_refused(picture: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_trellis(given: peers.Picture, quality: int, **settings: object) -> bytes:
        return peers.pillow(given, quality)

    monkeypatch.setattr(peers, "mozjpeg", without_trellis)
    with pytest.raises(peers.PeerUnavailableError, match="trellis"):
        peers.check_peers()


@pytest.mark.parametrize("quality", [30, 75, 92])
def test_a_plain_jpeg_of_given_size_is_found_within_one_percent(quality: int) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8))
    size = len(peers.pillow(peers.Picture.of(noise), quality, optimize=True))
    assert len(jpeg_of_size(noise, size)) == pytest.approx(size, rel=0.01)


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_keep_the_order_of_the_photographs(jobs: int) -> None:
    assert concatenated(list, ["ab", "", "c"], jobs) == ["a", "b", "c"]


def test_transcoding_and_pixels_end_in_the_same_tables_and_coding(picture: Image.Image) -> None:
    source = transcode.source_of(picture)
    for options in transcode.SETTINGS.values():
        ours = Image.open(io.BytesIO(pyregjpeg.transcode(source, region_map=[(0, 0, 32, 32)], **options)))
        theirs = Image.open(io.BytesIO(transcode.through_pixels(source, region_map=[(0, 0, 32, 32)], **options)))
        assert ours.quantization == theirs.quantization
        assert ours.info.get("progressive") == theirs.info.get("progressive")


def test_lossless_keeps_every_level_and_matches_jpegtran(picture: Image.Image) -> None:
    source = transcode.source_of(picture)
    smaller = transcode.lossless(source)
    for before, after in zip(pyregjpeg.read_levels(source), pyregjpeg.read_levels(smaller), strict=True):
        assert np.array_equal(before, after)
    assert len(smaller) == pytest.approx(len(transcode.jpegtran(source)), rel=0.01)


def test_bytes_are_compared_at_equal_background_and_then_at_equal_region_too() -> None:
    """The rival is a quarter larger at its own quality, and with each step of quality its box gains 1 dB for 10 %."""
    sweeps = [
        [
            Encoding(round(1.25 * 1.1**step * 1000 * 1.05**background), 30 + background / 10, 40 + step)
            for background in range(0, 60, 10)
        ]
        for step in range(-1, 4)
    ]
    found = transcode._compared("setting", Encoding(round(1000 * 1.05**25), 32.5, 42.0), sweeps)
    assert found.same_number == pytest.approx(0.8, rel=0.01)
    assert found.same_region == pytest.approx(0.8 / 1.1**2, rel=0.01)
    assert found.region_gain == pytest.approx(2.0)


def test_what_the_rival_does_not_reach_is_not_compared() -> None:
    sweeps = [[Encoding(1000, 30.0, 40.0), Encoding(2000, 35.0, 40.0)]] * len(transcode.HIGHER_QUALITIES)
    found = transcode._compared("setting", Encoding(1500, 36.0, 40.0), sweeps)
    assert (found.same_number, found.same_region) == (None, None)


def test_a_photograph_is_never_enlarged(picture: Image.Image) -> None:
    file = io.BytesIO()
    picture.save(file, "PNG")
    photograph = Photograph("waves", file.getvalue)
    assert photograph.load().size == photograph.load(megapixels=1).size == picture.size
    assert photograph.load(megapixels=picture.width * picture.height / 4e6).size == (48, 32)
    assert Photograph("waves", file.getvalue, reduction=1.5).load().size == (64, 43)


def test_a_missing_set_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(MissingPhotographsError, match=r"python -m benchmarks\.fetch_photographs .* kodak"):
        photographs("kodak", tmp_path)


def test_a_qt_container_gives_back_its_files(tmp_path: Path) -> None:
    """A container written by hand: a root with the directory "art", in it "a.txt" plain and "b.txt" compressed."""
    names, name_offsets = b"", {}
    for name in ("art", "a.txt", "b.txt"):
        name_offsets[name] = len(names)
        names += struct.pack(">HI", len(name), 0) + name.encode("utf-16-be")
    packed = struct.pack(">I", 5) + zlib.compress(b"later")
    data = struct.pack(">I", 3) + b"now" + struct.pack(">I", len(packed)) + packed
    nodes = struct.pack(">IHIIQ", 0, 2, 1, 1, 0)
    nodes += struct.pack(">IHIIQ", name_offsets["art"], 2, 2, 2, 0)
    nodes += struct.pack(">IHHHIQ", name_offsets["a.txt"], 0, 0, 0, 0, 0)
    nodes += struct.pack(">IHHHIQ", name_offsets["b.txt"], 1, 0, 0, 7, 0)
    tree, data_start = 20, 20 + len(nodes)
    header = b"qres" + struct.pack(">4I", 2, tree, data_start, data_start + len(data))
    path = tmp_path / "art.rcc"
    path.write_bytes(header + nodes + data + names)
    assert list(read_resources(path)) == [("/art/a.txt", b"now"), ("/art/b.txt", b"later")]


def test_a_markdown_table_lines_up() -> None:
    table = markdown_table(["picture", "ratio"], [["kodak01", "1.2"], ["x", "10.25"]])
    assert table.splitlines() == [
        "| picture | ratio |",
        "| ------- | ----: |",
        "| kodak01 |   1.2 |",
        "| x       | 10.25 |",
    ]


def test_results_say_where_they_were_measured(tmp_path: Path) -> None:
    write_results(tmp_path / "new", "table", {"ratio": 1.23456789, "rows": [{"x": np.float64(2 / 3)}]})
    written = json.loads((tmp_path / "new" / "table.json").read_text())
    assert written["ratio"] == 1.235
    assert written["rows"] == [{"x": 0.6667}]
    assert {"date", "processor", "pillow"} <= set(written["measured"])
