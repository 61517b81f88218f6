"""scikit-learn behind LitServe, as its documents write an API; it is a program of its own."""

from __future__ import annotations

import os

import joblib
import litserve
import numpy as np


class Api(litserve.LitAPI):
    def setup(self, device: str) -> None:  # noqa: ARG002 - LitServe's signature
        self.model = joblib.load(os.environ["BENCH_MODEL"])

    def decode_request(self, request: dict) -> np.ndarray:
        return np.array(request["rows"], dtype=np.float32)

    def predict(self, X: np.ndarray) -> np.ndarray:
        return self.model.predict_proba(X)

    def encode_response(self, output: np.ndarray) -> dict:
        return {"labels": output.argmax(axis=1).tolist(), "probabilities": output.tolist()}


if __name__ == "__main__":
    processes = int(os.environ["BENCH_PROCESSES"])
    server = litserve.LitServer(
        Api(),
        accelerator="cpu",
        workers_per_device=processes,
        fast_queue=os.environ.get("BENCH_FAST_QUEUE") == "1",
    )
    server.run(
        host="127.0.0.1",
        port=int(os.environ["BENCH_PORT"]),
        num_api_servers=processes,
        log_level="warning",
        generate_client_file=False,
        access_log=False,
    )
