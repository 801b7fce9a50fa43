"""The real program with pictures in a bucket, on a Dask cluster of two processes and without one."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

distributed = pytest.importorskip("distributed")
pytest.importorskip("s3fs")
pytest.importorskip("moto.server")

import cluster_work as work  # noqa: E402, after the imports that may skip
from bucket import _dask_cluster, bucket, dask_cluster, s3_server  # noqa: E402

from pyregjpeg import cluster, map_model, scan, settings, storage, transcode  # noqa: E402
from pyregjpeg.journal import NAME, Journal  # noqa: E402

__all__ = ["_dask_cluster", "bucket", "dask_cluster", "s3_server"]
ROOT = Path(__file__).parents[1]
OPTIONS = ("-q", "60", "-b", "30", "--box", "10,10,40,40")
DAMAGED = b"\xff\xd8\xff\xe0 no picture"


def picture(number: int) -> bytes:
    """A small JPEG, another one for each number."""
    noise = np.random.default_rng(number).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).resize((64, 48), Image.Resampling.BICUBIC).save(file, "JPEG", quality=92)
    return file.getvalue()


def fill(folder: str, count: int) -> None:
    for number in range(count):
        storage.write(f"{folder}/{number % 5}/{number}.jpg", picture(number))


def program(*arguments: str, cwd: Path = ROOT) -> subprocess.Popen[str]:
    """`pyregjpeg convert` with these arguments; results as JSON records."""
    return subprocess.Popen(
        [sys.executable, "-m", "pyregjpeg", "convert", *arguments, *OPTIONS, "--json"],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def records(*arguments: str, cwd: Path = ROOT) -> list[dict[str, Any]]:
    """Those of a run in which all goes well."""
    with program(*arguments, cwd=cwd) as process:
        output, errors = process.communicate()
    assert process.returncode == 0, errors
    return [json.loads(line) for line in output.splitlines()]


def files(folder: str) -> dict[str, bytes]:
    """All files below the folder but its journal, by their paths from there."""
    found = {location[len(folder) + 1 :]: storage.read(location) for location in storage.walk(folder)}
    return {name: content for name, content in found.items() if name != NAME}


def statuses(found: list[dict[str, Any]]) -> Counter[str]:
    return Counter(record["status"] for record in found)


def workers(dask_cluster: Any) -> dict[str, int]:
    """Their process ids by address."""
    with distributed.Client(dask_cluster, set_as_default=False) as client:
        found: dict[str, int] = client.run(os.getpid)
        return found


def test_500_files_of_a_bucket_come_out_as_without_a_cluster_though_a_worker_is_killed(
    bucket: str, dask_cluster: Any, tmp_path: Path
) -> None:
    fill(str(tmp_path / "in"), 500)
    for name, content in files(str(tmp_path / "in")).items():
        storage.write(f"{bucket}/in/{name}", content)
    assert statuses(records("in", "-R", "-S", "-o", "out", cwd=tmp_path)) == {"converted": 500}
    storage.write(f"{bucket}/in/3/damaged.jpg", DAMAGED)

    victim = next(iter(workers(dask_cluster).values()))
    scheduler = dask_cluster.scheduler_address
    found = []
    with program(f"{bucket}/in", "-R", "-S", "-o", f"{bucket}/out", "--cluster", scheduler) as process:
        assert process.stdout is not None
        for line in process.stdout:
            found.append(json.loads(line))
            if len(found) == 100:
                os.kill(victim, signal.SIGKILL)
    assert process.returncode == 1
    assert victim not in workers(dask_cluster).values()
    assert sorted(record["source"] for record in found) == sorted(storage.walk(f"{bucket}/in"))
    assert statuses(found) == {"converted": 500, "failed": 1}
    [failed] = [record for record in found if record["status"] == "failed"]
    assert failed["source"] == f"{bucket}/in/3/damaged.jpg"
    assert failed["message"]
    assert files(f"{bucket}/out") == files(str(tmp_path / "out"))


def test_a_bucket_without_a_cluster_is_like_a_folder(bucket: str, tmp_path: Path) -> None:
    fill(f"{bucket}/in", 10)
    fill(str(tmp_path / "in"), 10)
    records("in", "-R", "-S", "-o", "out", cwd=tmp_path)
    expected = files(str(tmp_path / "out"))
    assert statuses(records(f"{bucket}/in", "-R", "-S", "-o", f"{bucket}/out")) == {"converted": 10}
    assert files(f"{bucket}/out") == expected
    assert statuses(records(f"{bucket}/in", "-R", "-S", "-o", f"{bucket}/out")) == {"skipped": 10}

    assert statuses(records(f"{bucket}/in/[13]/*.jpg", "-S", "-o", str(tmp_path / "matched"))) == {"converted": 4}
    matched = {name: content for name, content in expected.items() if name[0] in "13"}
    assert files(str(tmp_path / "matched")) == matched
    assert statuses(records("in/2/2.jpg", "-o", f"{bucket}/single.jpg", cwd=tmp_path)) == {"converted": 1}
    assert storage.read(f"{bucket}/single.jpg") == expected["2/2.jpg"]


@pytest.mark.parametrize("remote", [False, True], ids=["local", "bucket"])
def test_a_lost_worker_converts_nothing_twice_in_place(
    remote: bool, bucket: str, dask_cluster: Any, tmp_path: Path
) -> None:
    root = bucket if remote else str(tmp_path)
    originals = {f"{number}.jpg": picture(number) for number in range(20)} | {"accident.jpg": picture(99)}
    for name, content in originals.items():
        storage.write(f"{root}/in/{name}", content)
    chosen = settings.checked(quality=60, background_quality=30, region_map=[(10, 10, 40, 40)])
    for expected in ("converted", "skipped"):
        jobs = scan.jobs([f"{root}/in"], in_place=True)
        journal = Journal()
        address = dask_cluster.scheduler_address
        results = {
            result.source.rsplit("/", 1)[-1]: result.status
            for result in cluster.run(jobs, chosen, journal, address, convert=work.last_words)
        }
        journal.close()
        assert results.keys() == originals.keys()
        assert results.pop("accident.jpg") == "skipped"  # as are others of its batch, which had been told of by nobody
        assert set(results.values()) <= {expected, "skipped"}
        converted = {
            name: transcode(content, quality=60, background_quality=30, region_map=[(10, 10, 40, 40)])
            for name, content in originals.items()
        }
        assert files(f"{root}/in") == converted
    assert storage.size(f"{root}/killed") == 0


def test_a_worker_that_dies_while_it_writes_leaves_no_part_of_a_file(dask_cluster: Any, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    for name in ("1", "accident", "2"):
        storage.write(str(tmp_path / "in" / f"{name}.jpg"), picture(7))
    jobs = scan.jobs([str(tmp_path / "in")], str(tmp_path / "out"))
    chosen = settings.checked(quality=60, background_quality=60)
    results = list(cluster.run(jobs, chosen, Journal(), dask_cluster.scheduler_address, convert=work.cut_short))
    assert [result.status for result in results] == ["converted"] * 3
    left = {path.name for path in (tmp_path / "out").iterdir()}
    assert left == {"1.jpg", "2.jpg", "accident.jpg", "accident.jpg.pids", NAME}
    assert (tmp_path / "out" / "accident.jpg").read_bytes() == (tmp_path / "out" / "1.jpg").read_bytes()


def test_relative_paths_are_those_of_the_program_not_of_the_workers(dask_cluster: Any, tmp_path: Path) -> None:
    fill(str(tmp_path / "in"), 5)
    arguments = ("in", "-R", "-o", "out", "--cluster", dask_cluster.scheduler_address)
    found = records(*arguments, cwd=tmp_path)
    assert {(record["source"], record["target"]) for record in found} == {
        (f"in/{number}/{number}.jpg", f"out/{number}.jpg") for number in range(5)
    }
    assert sorted(files(str(tmp_path / "out"))) == [f"{number}.jpg" for number in range(5)]
    assert statuses(records(*arguments, cwd=tmp_path)) == {"skipped": 5}


def test_ctrl_c_leaves_whole_files_and_the_next_run_does_the_rest(dask_cluster: Any, tmp_path: Path) -> None:
    fill(str(tmp_path / "in"), 500)
    arguments = ("in", "-R", "-S", "-o", "out", "--cluster", dask_cluster.scheduler_address)
    with program(*arguments, cwd=tmp_path) as process:
        assert process.stdout is not None
        found = [json.loads(process.stdout.readline())]
        process.send_signal(signal.SIGINT)
        found += [json.loads(line) for line in process.stdout]
        assert process.stderr is not None
        errors = process.stderr.read()
    assert process.returncode == 1
    assert f"Interrupted after {len(found)} files" in errors
    assert len(found) < 400
    assert len(files(str(tmp_path / "out"))) == len(found)
    while dask_cluster.scheduler.tasks:
        time.sleep(0.1)
    again = records(*arguments, cwd=tmp_path)
    assert statuses(again) == {"skipped": len(found), "converted": 500 - len(found)}


@pytest.mark.parametrize("model", ["msroi", "qf"])
def test_the_model_is_loaded_once_in_each_worker(model: str, dask_cluster: Any, tmp_path: Path) -> None:
    names = [str(number) for number in range(12)]
    for name in names:
        storage.write(str(tmp_path / "in" / f"{name}.jpg"), picture(int(name)))
    with distributed.Client(dask_cluster, set_as_default=False) as client:
        client.run(lambda: map_model._load.cache_clear())
        jobs = scan.jobs([str(tmp_path / "in")], str(tmp_path / "out"))
        chosen = settings.checked(map_model=model)
        results = list(cluster.run(jobs, chosen, Journal(), dask_cluster.scheduler_address))
        loaded = client.run(lambda: (map_model._load.cache_info().misses, map_model._load.cache_info().hits))
    assert {result.status for result in results} == {"converted"}
    assert [misses for misses, _ in loaded.values()] == [1, 1]
    assert sum(hits for _, hits in loaded.values()) == 10


def test_no_scheduler_is_one_sentence_and_a_bad_end(tmp_path: Path) -> None:
    storage.write(str(tmp_path / "a.jpg"), picture(1))
    process = program("a.jpg", "-o", "out", "--cluster", "tcp://127.0.0.1:9", cwd=tmp_path)
    output, errors = process.communicate()
    assert process.returncode == 1
    assert output == ""
    [line] = [line for line in errors.splitlines() if "scheduler" in line]
    assert "No Dask scheduler answers at tcp://127.0.0.1:9" in line
    assert "Traceback" not in errors
