"""Runs on a Dask cluster of two processes: every job comes back once, whatever happens to workers and files."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

distributed = pytest.importorskip("distributed")
pytest.importorskip("s3fs")
pytest.importorskip("moto.server")

import cluster_work as work  # noqa: E402, after the imports that may skip
from bucket import _dask_cluster, dask_cluster, s3_server  # noqa: E402

import pyregjpeg  # noqa: E402
from pyregjpeg import cluster, cluster_crew  # noqa: E402
from pyregjpeg.cluster_batch import Convert  # noqa: E402
from pyregjpeg.conversion import ConvertResult  # noqa: E402
from pyregjpeg.errors import ClusterError  # noqa: E402
from pyregjpeg.journal import Journal  # noqa: E402
from pyregjpeg.scan import Job  # noqa: E402
from pyregjpeg.settings import Settings  # noqa: E402

__all__ = ["_dask_cluster", "dask_cluster", "s3_server"]


def jobs(folder: Path, names: list[str]) -> Iterator[Job]:
    return (Job(f"/in/{name}", str(folder / name)) for name in names)


def run(dask_cluster: Any, work_to_do: Iterator[Job], convert: Convert) -> list[ConvertResult]:
    return list(cluster.run(work_to_do, Settings(), Journal(), dask_cluster.scheduler_address, convert=convert))


def test_every_job_comes_back_once_under_its_own_name(dask_cluster: Any) -> None:
    names = [f"{number}.jpg" for number in range(1000)]
    results = run(dask_cluster, (Job(f"in/{name}", f"out/{name}") for name in names), work.quick)
    assert Counter(result.source for result in results) == Counter(f"in/{name}" for name in names)
    assert {result.target.replace("out", "in") == result.source for result in results} == {True}
    assert not dask_cluster.scheduler.tasks


def test_no_jobs_are_no_results(dask_cluster: Any) -> None:
    assert run(dask_cluster, iter([]), work.quick) == []


def test_what_needs_no_conversion_stays_here(dask_cluster: Any, tmp_path: Path) -> None:
    todo = [Job("a", "b", failed="two files, one name"), Job("c", "d", skipped="no picture")]
    results = run(dask_cluster, iter(todo), work.failing)
    assert [(result.status, result.message) for result in results] == [
        ("failed", "two files, one name"),
        ("skipped", "no picture"),
    ]


def test_a_failed_file_is_tried_again_on_another_worker_and_then_reported(dask_cluster: Any, tmp_path: Path) -> None:
    names = ["bad", "unlucky", "raising", *map(str, range(20))]
    results = {Path(result.source).name: result for result in run(dask_cluster, jobs(tmp_path, names), work.failing)}
    assert sorted(results) == sorted(names)
    assert {name for name, result in results.items() if result.status == "failed"} == {"bad", "raising"}
    assert results["bad"].message == "attempt 2"
    assert results["raising"].message == "MemoryError"
    for name in ("bad", "unlucky", "raising"):
        attempts = work.noted(str(tmp_path / name))
        assert len(attempts) == len(set(attempts)) == 2
    assert len(work.noted(str(tmp_path / "1"))) == 1


def test_what_a_lost_worker_had_in_hand_is_done_by_others(dask_cluster: Any, tmp_path: Path) -> None:
    names = [*map(str, range(60)), "accident", *map(str, range(60, 100))]
    results = run(dask_cluster, jobs(tmp_path, names), work.deadly)
    assert Counter(Path(result.source).name for result in results) == Counter(names)
    assert {result.status for result in results} == {"converted"}
    assert len(work.noted(str(tmp_path / "accident"))) == 2


def test_a_file_that_kills_every_worker_is_found_and_reported(dask_cluster: Any, tmp_path: Path) -> None:
    names = [*map(str, range(30)), "poison", *map(str, range(30, 60))]
    results = {Path(result.source).name: result for result in run(dask_cluster, jobs(tmp_path, names), work.deadly)}
    assert sorted(results) == sorted(names)
    assert {name for name, result in results.items() if result.status == "failed"} == {"poison"}
    assert results["poison"].message == "every worker that was given this file, and no other, died of it"


def test_what_is_in_flight_is_bounded_at_100_000_files(dask_cluster: Any) -> None:
    drawn = done = most_tasks = most_ahead = 0

    def listing() -> Iterator[Job]:
        nonlocal drawn
        for drawn in range(1, 100_001):
            yield Job(f"s3://in/{drawn}.jpg", f"s3://out/{drawn}.jpg")

    begun = cluster.run(listing(), Settings(), Journal(), dask_cluster.scheduler_address, convert=work.quick)
    for done, _ in enumerate(begun, 1):
        most_tasks = max(most_tasks, len(dask_cluster.scheduler.tasks))
        most_ahead = max(most_ahead, drawn - done)
    assert done == 100_000
    batches = cluster.BATCHES_PER_THREAD * 2
    assert most_tasks <= batches + 2  # a task that has come back is forgotten a little later
    assert most_ahead <= (batches + 1) * cluster.BATCH_FILES
    assert not dask_cluster.scheduler.tasks


def test_an_adaptive_cluster_grows_from_nothing_and_its_new_workers_get_work(s3_server: str, tmp_path: Path) -> None:
    most_workers = most_tasks = 0
    with distributed.LocalCluster(
        n_workers=0, threads_per_worker=1, dashboard_address=":0", silence_logs=logging.CRITICAL
    ) as growing:
        growing.adapt(minimum=0, maximum=2)
        todo = jobs(tmp_path, [str(number) for number in range(200)])
        for _ in cluster.run(todo, Settings(), Journal(), growing.scheduler_address, convert=work.slow):
            most_workers = max(most_workers, len(growing.scheduler.workers))
            most_tasks = max(most_tasks, len(growing.scheduler.tasks))
    assert len(list(tmp_path.iterdir())) == 200
    assert most_workers == 2
    assert most_tasks > cluster.BATCHES_PER_THREAD + 1


def test_who_stops_listening_stops_the_workers(dask_cluster: Any, tmp_path: Path) -> None:
    results = cluster.run(
        jobs(tmp_path, [str(number) for number in range(1000)]),
        Settings(),
        Journal(),
        dask_cluster.scheduler_address,
        convert=work.slow,
    )
    for _ in range(30):
        next(results)
    begin = time.monotonic()
    results.close()
    assert time.monotonic() - begin < 5
    made = len(list(tmp_path.iterdir()))
    time.sleep(0.5)
    assert len(list(tmp_path.iterdir())) == made < 200
    assert not dask_cluster.scheduler.tasks


def test_once_stopped_only_what_is_in_work_comes(dask_cluster: Any, tmp_path: Path) -> None:
    names = [str(number) for number in range(1000)]
    stopped = False
    address = dask_cluster.scheduler_address
    results = cluster.run(
        jobs(tmp_path, names), Settings(), Journal(), address, stopped=lambda: stopped, convert=work.slow
    )
    got = [next(results).target for _ in range(30)]
    stopped = True
    got += [result.target for result in results]
    assert sorted(got) == sorted(str(path) for path in tmp_path.iterdir())
    assert len(got) < 200
    assert not dask_cluster.scheduler.tasks


def test_a_scheduler_that_dies_ends_the_run_and_nothing_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    program = (
        "import distributed, time\n"
        "if __name__ == '__main__':\n"
        "    running = distributed.LocalCluster(1, processes=False, protocol='tcp', dashboard_address=':0')\n"
        "    print(running.scheduler_address, flush=True)\n"
        "    time.sleep(100)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    arguments = [sys.executable, "-c", program]
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        results = cluster.run(
            jobs(tmp_path, [str(number) for number in range(1000)]), Settings(), Journal(), address, convert=work.slow
        )
        next(results)
        process.kill()
        with pytest.raises(ClusterError, match=r"^The scheduler at \S+ is gone, or was restarted$"):
            list(results)
    assert capfd.readouterr() == ("", "")


def test_no_scheduler_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_crew, "CONNECT_SECONDS", 1)
    for address in ("tcp://127.0.0.1:9", "nonsense://x", "127.0.0.1"):
        with pytest.raises(ClusterError, match=f"^No Dask scheduler answers at {address}") as raised:
            next(cluster.run(iter([]), Settings(), Journal(), address))
        assert "\n" not in str(raised.value)


def test_without_dask_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r'^A cluster needs Dask: pip install "pyregjpeg\[cluster\]"$'):
        next(cluster.run(iter([]), Settings(), Journal(), "tcp://127.0.0.1:9"))


def test_no_workers_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_crew, "WORKERLESS_SECONDS", 1)
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0", silence_logs=50) as empty,
        pytest.raises(ClusterError, match=r"^The cluster at tcp://\S+ has had no worker for 1 seconds$"),
    ):
        list(cluster.run(iter([Job("a", "b")]), Settings(), Journal(), empty.scheduler_address))


def test_a_worker_with_another_version_is_one_sentence(dask_cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = pyregjpeg.__version__
    monkeypatch.setattr(pyregjpeg, "__version__", "99.0")
    message = rf"^The worker tcp://\S+ has pyregjpeg {installed}; it needs 99\.0, which runs here$"
    with pytest.raises(ClusterError, match=message):
        run(dask_cluster, iter([Job("a", "b")]), work.quick)


def test_a_worker_without_pyregjpeg_is_one_sentence(dask_cluster: Any) -> None:
    def hide() -> None:
        sys.modules["hidden"], sys.modules["pyregjpeg"] = sys.modules.get("pyregjpeg"), None  # type: ignore[assignment]

    def show() -> None:
        sys.modules["pyregjpeg"] = sys.modules.pop("hidden")

    with distributed.Client(dask_cluster, set_as_default=False) as client:
        client.run(hide)
        try:
            with pytest.raises(ClusterError, match=r"^The worker tcp://\S+ has no pyregjpeg; it needs "):
                run(dask_cluster, iter([Job("a", "b")]), work.quick)
        finally:
            client.run(show)
