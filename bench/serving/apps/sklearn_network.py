"""A fitted MLPClassifier with given weights, for joblib and for MLflow: ``sklearn_network.py WEIGHTS.npz FOLDER``."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import joblib
import numpy as np
from sklearn.neural_network import MLPClassifier


def network(path: Path) -> MLPClassifier:
    """An MLPClassifier that was fitted for one step in float32, and then given the weights of the file."""
    arrays = np.load(path, allow_pickle=False)
    layers = range(len(arrays.files) // 2)
    coefs = [arrays[f"W{number}"] for number in layers]
    intercepts = [arrays[f"b{number}"] for number in layers]
    made = MLPClassifier([len(each) for each in intercepts[:-1]], activation="relu", max_iter=1)
    n_in, n_out = len(coefs[0]), len(intercepts[-1])
    made.partial_fit(np.zeros((n_out, n_in), dtype=np.float32), np.arange(n_out), classes=np.arange(n_out))
    made.coefs_, made.intercepts_ = coefs, intercepts
    made._optimizer = None  # twice the size of the weights, and of no use any more
    return made


def main() -> None:
    """Write `model.joblib`, and MLflow's folder where MLflow is installed."""
    weights, folder = map(Path, sys.argv[1:])
    model = network(weights)
    joblib.dump(model, folder / "model.joblib")
    if importlib.util.find_spec("mlflow") is not None:
        import mlflow.sklearn
        from mlflow.models import ModelSignature
        from mlflow.types import Schema, TensorSpec

        signature = ModelSignature(
            inputs=Schema([TensorSpec(np.dtype(np.float32), (-1, model.n_features_in_))]),
            outputs=Schema([TensorSpec(np.dtype(np.float32), (-1, len(model.classes_)))]),
        )
        mlflow.sklearn.save_model(
            model,
            str(folder / "mlflow"),
            signature=signature,
            pyfunc_predict_fn="predict_proba",
            serialization_format="cloudpickle",
            pip_requirements=["scikit-learn"],
        )


if __name__ == "__main__":
    main()
