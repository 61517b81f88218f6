"""scikit-learn behind BentoML, as its documents write a service; ``bentoml serve`` runs it."""

from __future__ import annotations

import os

import bentoml
import joblib
import numpy as np


@bentoml.service(
    workers=int(os.environ["BENCH_PROCESSES"]),
    traffic={"timeout": 60},
    logging={"access": {"enabled": False}},
    metrics={"enabled": False},
)
class Network:
    def __init__(self) -> None:
        self.model = joblib.load(os.environ["BENCH_MODEL"])

    @bentoml.api
    def predict(self, rows: list[list[float]]) -> dict:
        probabilities = self.model.predict_proba(np.array(rows, dtype=np.float32))
        return {"labels": probabilities.argmax(axis=1).tolist(), "probabilities": probabilities.tolist()}
