"""scikit-learn behind FastAPI, as its tutorial writes an endpoint; uvicorn runs it."""

from __future__ import annotations

import os

import joblib
import numpy as np
from fastapi import FastAPI, Request
from pydantic import BaseModel

model = joblib.load(os.environ["BENCH_MODEL"])
app = FastAPI()


class Rows(BaseModel):
    rows: list[list[float]]


class Answer(BaseModel):
    labels: list[int]
    probabilities: list[list[float]]


# `async`, although the tutorial would have a computation in a thread: that is one more way to pass, for no other core.
@app.post("/predict")
async def predict(body: Rows) -> Answer:
    return _answer(np.array(body.rows, dtype=np.float32))


@app.post("/binary")
async def binary(request: Request) -> Answer:
    return _answer(np.frombuffer(await request.body(), dtype="<f4").reshape(-1, model.n_features_in_))


def _answer(X: np.ndarray) -> Answer:
    probabilities = model.predict_proba(X)
    return Answer(labels=model.classes_[probabilities.argmax(axis=1)].tolist(), probabilities=probabilities.tolist())
