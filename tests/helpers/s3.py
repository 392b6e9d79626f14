"""A real S3 server on this machine, for tests: moto's, with a bucket on it."""

from collections.abc import Iterator
from contextlib import contextmanager

BUCKET = "sedkd"
NAMES = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}


@contextmanager
def s3_server() -> Iterator[str]:
    """Its address; `NAMES` and AWS_ENDPOINT_URL, which holds it, belong into the environment of who uses it."""
    from boto3 import client
    from moto.server import ThreadedMotoServer

    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    try:
        host, port = running.get_host_and_port()
        address = f"http://{host}:{port}"
        client(
            "s3",
            endpoint_url=address,
            aws_access_key_id=NAMES["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=NAMES["AWS_SECRET_ACCESS_KEY"],
            region_name=NAMES["AWS_DEFAULT_REGION"],
        ).create_bucket(Bucket=BUCKET)
        yield address
    finally:
        running.stop()
