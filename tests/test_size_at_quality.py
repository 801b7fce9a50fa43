"""The comparison of encoders with a flat map: its photographs, its scores and what it makes of them."""

from __future__ import annotations

import io
import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import peers, text_pages
from benchmarks import photographs as sets
from benchmarks.flat_photographs import KINDS, FlatPhotograph, flat_photographs
from benchmarks.metric_programs import butteraugli_distance, ssimulacra2_score
from benchmarks.scores import Judge, Memory, Metric, Scored
from benchmarks.size_at_quality import OUR_QUALITIES, QUALITIES, Report, sweep
from benchmarks.sweeps import Comparisons, Encoding, write_record
from training.fit_tables import MORE_WALLPAPERS, WALLPAPERS


@pytest.fixture
def picture() -> Image.Image:
    rows, columns = np.mgrid[0:64, 0:96]
    samples = 128 + 90 * np.sin(rows[..., None] / 7) * np.cos(columns[..., None] / np.array([3, 6, 9]))
    return Image.fromarray(samples.astype(np.uint8))


def jpeg(picture: Image.Image, quality: int, *, progressive: bool = False) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality, progressive=progressive)
    return file.getvalue()


def program(folder: Path, text: str) -> Path:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def refuse(picture: peers.Picture, quality: int) -> bytes:
    raise AssertionError(f"called at {quality}")


class Counting:
    """A metric, 1 over the mean difference, that knows how often it was asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, original: Image.Image, decoded: Image.Image) -> float:
        self.times += 1
        return float(1 / np.abs(np.asarray(original, float) - np.asarray(decoded, float)).mean())


def encodings(encoder: str, scale: float, qualities: range, photographs: str = "ab") -> list[Encoding]:
    """Files whose sizes rise with quality about as those of a photograph do."""
    return [
        Encoding(
            name,
            "busy",
            1_000_000,
            encoder,
            q,
            Scored(round(scale * 50_000 * 1.03**q), {"PSNR-Y": 30 + 0.1 * q + index}),
        )
        for index, name in enumerate(photographs)
        for q in qualities
    ]


def test_there_are_thirty_photographs_and_more_of_six_kinds() -> None:
    assert sum(map(len, KINDS.values())) >= 30
    assert len(KINDS) == 6


def test_a_missing_set_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(sets.MissingPhotographsError, match=r"python -m benchmarks\.fetch_photographs .* kodak"):
        flat_photographs(tmp_path)


def test_no_photograph_had_a_part_in_finding_the_tables() -> None:
    named = {name for of_kind in KINDS.values() for name in of_kind}
    assert not named & {*WALLPAPERS, *MORE_WALLPAPERS}  # the latter set the scale of a quality


@pytest.mark.parametrize("draw", [text_pages.page, text_pages.screen, text_pages.slide])
def test_pictures_of_text_are_drawn_the_same_again_and_hold_edges(draw: Callable[[], Image.Image]) -> None:
    drawn = draw()
    assert text_pages.as_png(draw) == text_pages.as_png(draw)
    assert drawn.width * drawn.height > 700_000
    steps = np.abs(np.diff(np.asarray(drawn.convert("L"), float)))
    assert 0.004 < np.mean(steps > 60) < 0.3


def test_a_score_is_measured_once_and_remembered_by_the_next_run(picture: Image.Image, tmp_path: Path) -> None:
    metric, path = Counting(), tmp_path / "new" / "picture.jsonl"
    first = Judge(picture, [Metric("difference", "here", metric)], Memory(path)).scored(lambda: jpeg(picture, 60))
    again = Judge(picture, [Metric("difference", "here", metric)], Memory(path)).scored(lambda: jpeg(picture, 60))
    assert first == again
    assert metric.times == 1


def test_a_progressive_file_of_the_same_levels_has_the_same_score(picture: Image.Image) -> None:
    metric = Counting()
    judge = Judge(picture, [Metric("difference", "here", metric)], Memory(None))
    plain, progressive = (judge.scored(lambda way=way: jpeg(picture, 60, progressive=way)) for way in (False, True))
    assert plain.scores == progressive.scores
    assert plain.size != progressive.size
    assert metric.times == 1


def test_other_pixels_another_picture_and_another_tool_are_measured(picture: Image.Image, tmp_path: Path) -> None:
    metric, memory = Counting(), Memory(tmp_path / "picture.jsonl")
    here, there = Metric("difference", "here", metric), Metric("difference", "there", metric)
    Judge(picture, [here, there], memory).scored(lambda: jpeg(picture, 60))
    Judge(picture, [here], memory).scored(lambda: jpeg(picture, 61))
    Judge(picture.rotate(180), [here], memory).scored(lambda: jpeg(picture, 60))
    assert metric.times == 4


def test_a_file_of_a_remembered_name_is_not_made_again(picture: Image.Image, tmp_path: Path) -> None:
    path, made = tmp_path / "picture.jsonl", list[int]()

    def encode() -> bytes:
        made.append(60)
        return jpeg(picture, 60)

    found = [Judge(picture, [Metric("a", "b", Counting())], Memory(path)).scored(encode, "peer q60") for _ in range(2)]
    assert found[0] == found[1]
    assert found[0].size == len(jpeg(picture, 60))
    assert made == [60]


def test_programs_are_given_both_pictures(picture: Image.Image, tmp_path: Path) -> None:
    sizes = program(tmp_path, 'cmp -s "$1" "$2" && echo 100 || echo 42.5')
    assert ssimulacra2_score(sizes, picture, picture) == 100
    assert ssimulacra2_score(sizes, picture, picture.rotate(180)) == 42.5


def test_butteraugli_is_the_norm_not_the_largest_distance(picture: Image.Image, tmp_path: Path) -> None:
    assert butteraugli_distance(program(tmp_path, "echo 3.14; echo 3-norm: 1.0005"), picture, picture) == 1.0005


def test_a_program_that_says_no_norm_is_an_error(picture: Image.Image, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="3-norm"):
        butteraugli_distance(program(tmp_path, "echo 3.14"), picture, picture)


def test_an_encoder_of_nine_tenths_the_bytes_is_found_to_be_that() -> None:
    found = Comparisons([*encodings("ours", 0.9, range(10, 100, 8)), *encodings("peer", 1, range(30, 96, 13))])
    summary = found.ratio("ours", "peer", "PSNR-Y")
    assert summary is not None
    assert summary.geometric_mean == pytest.approx(0.9, rel=1e-3)
    assert summary.pictures == 2


def test_what_lies_beyond_our_curve_is_not_compared() -> None:
    found = Comparisons([*encodings("ours", 0.9, range(40, 61, 10)), *encodings("peer", 1, range(30, 96, 13))])
    assert found.ratio("ours", "peer", "PSNR-Y", qualities={30, 69, 82, 95}) is None
    within = found.ratio("ours", "peer", "PSNR-Y")
    assert within == found.ratio("ours", "peer", "PSNR-Y", qualities={43, 56})


def test_some_photographs_can_be_asked_for_alone() -> None:
    ours = encodings("ours", 0.9, range(10, 100, 8), "a")
    found = Comparisons([*ours, *encodings("peer", 1, range(30, 96, 13))])
    alone = found.ratio("ours", "peer", "PSNR-Y", photographs={"a"})
    assert alone is not None
    assert alone.pictures == 1
    assert found.ratio("ours", "peer", "PSNR-Y", photographs={"b"}) is None


def test_means_are_over_photographs_by_quality(tmp_path: Path) -> None:
    given = encodings("ours", 1, range(40, 61, 10))
    found = Comparisons(given)
    assert found.mean_scores("ours", "PSNR-Y") == pytest.approx({40: 34.5, 50: 35.5, 60: 36.5})
    assert found.mean_rates("ours")[50] == pytest.approx(8 * 50_000 * 1.03**50 / 1e6, rel=1e-4)
    write_record(tmp_path / "record.csv", given)
    assert (tmp_path / "record.csv").read_text().splitlines()[:2] == [
        "photograph,kind,pixels,encoder,quality,bytes,PSNR-Y",
        "a,busy,1000000,ours,40,163102,34",
    ]


def test_the_variants_of_peers_are_what_their_names_say(picture: Image.Image) -> None:
    given = peers.Picture.of(picture)
    files = {name: Image.open(io.BytesIO(encode(given, 75))) for name, encode in peers.PEERS.items()}
    progressive = {name for name, file in files.items() if file.info.get("progressive")}
    assert progressive == {"mozjpeg", "jpegli, progressive"}
    assert files["jpegli"].tobytes() == files["jpegli, progressive"].tobytes()


def test_guetzli_is_given_a_picture_and_a_quality(picture: Image.Image, tmp_path: Path) -> None:
    stub = program(tmp_path, '(echo "$1 $2"; cat "$3") > "$4"')
    options, png = peers.guetzli(peers.Picture.of(picture), 90, stub).split(b"\n", 1)
    assert options == b"--quality 90"
    assert Image.open(io.BytesIO(png)).tobytes() == picture.tobytes()


def test_a_sweep_holds_every_encoder_at_every_quality_and_makes_no_peer_twice(
    picture: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = io.BytesIO()
    picture.save(file, "PNG")
    chosen = FlatPhotograph("smooth", sets.Photograph("waves", file.getvalue), 1.0)
    first = sweep(chosen, [Metric("difference", "here", Counting())], tmp_path, None)
    assert {(one.encoder, one.quality) for one in first} == {
        *((name, quality) for name in peers.PEERS for quality in QUALITIES),
        *((name, quality) for name in peers.OURS for quality in OUR_QUALITIES),
    }
    for name in peers.PEERS:
        monkeypatch.setitem(peers.PEERS, name, refuse)
    assert sweep(chosen, [Metric("difference", "here", Counting())], tmp_path, None) == first


def test_the_report_finds_what_each_encoder_needs(capsys: pytest.CaptureFixture[str]) -> None:
    """Ours need 0.9, 0.8, ... of what every peer needs at one PSNR, and are 0.5 better at one quality, on text 1.5."""
    scales = {ours: round(0.9 - 0.1 * index, 1) for index, ours in enumerate(peers.OURS)}
    scales |= dict.fromkeys(peers.PEERS, 1.0)
    given = []
    for encoder, scale in scales.items():
        for quality in OUR_QUALITIES if encoder in peers.OURS else QUALITIES:
            size = round(scale * 500_000 * 1.03**quality)
            for name, kind, better in (("a", "busy", 0.5), ("b", "text", 1.5)):
                off = better if encoder in peers.OURS else 0.0
                scored = Scored(size, {"SSIMULACRA2": quality + off, "PSNR-Y": 30 + 0.1 * quality})
                given.append(Encoding(name, kind, 1_000_000, encoder, quality, scored))
    report = Report(given, [Metric(name, "here", Counting()) for name in ("SSIMULACRA2", "PSNR-Y")])

    for ours, scale in list(scales.items())[: len(peers.OURS)]:
        found = report.over_peers(ours)
        assert {round(summary.geometric_mean, 3) for summary in found["PSNR-Y"].values()} == {scale}
        assert list(found["PSNR-Y"]) == list(peers.PEERS)
        report.over_mozjpeg(ours)
    report.quality_numbers()
    printed = capsys.readouterr().out
    assert "| busy (1) |" in printed
    assert "| q95 " in printed
    assert printed.count("+0.50") == printed.count("+1.50") == len(peers.OURS) * len(QUALITIES)
    rate, score = report.curves("PSNR-Y")["mozjpeg"][0]
    assert (rate, score) == pytest.approx((8 * 0.5 * 1.03**30, 33), rel=1e-4)
