"""An S3 server on loopback and a Dask cluster of two processes; an empty bucket for each test that wants one."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest

ACCESS = {
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
numbers = itertools.count()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Its URL, which is also in the environment, for this process and those that it starts."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**ACCESS, "AWS_ENDPOINT_URL": url}.items():
            patch.setenv(name, value)
        yield url
    server.stop()


@pytest.fixture
def bucket(s3_server: str) -> str:
    """The URL of an empty bucket, without a slash at its end."""
    import fsspec

    name = f"pictures-{next(numbers)}"
    fsspec.filesystem("s3").mkdir(name)
    return f"s3://{name}"


@pytest.fixture(scope="session")
def _dask_cluster(s3_server: str) -> Iterator[Any]:
    import dask
    import distributed

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),  # of the workers that have a task in hand
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=logging.CRITICAL
        ) as running,
    ):
        yield running


@pytest.fixture
def dask_cluster(_dask_cluster: Any) -> Any:
    """A LocalCluster of two processes, which reach the S3 server, whatever has happened to those of the last test."""
    _dask_cluster.scale(2)
    while len(_dask_cluster.scheduler.workers) != 2:
        time.sleep(0.05)
    return _dask_cluster
