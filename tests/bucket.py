"""An S3 server on loopback for the tests, with one empty bucket for each of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

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
