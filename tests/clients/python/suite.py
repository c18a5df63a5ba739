"""The suite, started for a story, and what every story does with it."""

import contextlib
import os
import socket
import subprocess
import time
import uuid

import grpc

PATIENCE_SECONDS = 20


@contextlib.contextmanager
def serving(binary, data, *options):
    """The address of the suite, served from this data folder until the end of the block."""
    serve = [binary, "serve", "all", "--data-dir", data, *options]
    process = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True, env=os.environ | {"RUST_LOG": "warn"})
    try:
        yield process.stdout.readline().removeprefix("listening on ").strip()
    finally:
        process.terminate()
        ended = process.wait(timeout=PATIENCE_SECONDS)
    assert ended == 0, f"the suite ended with {ended}"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def with_patience(call):
    """Repeats a call while the suite asks for patience: it is safe with the same request_id."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return call()
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNAVAILABLE or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def request_id():
    return uuid.uuid4().hex
