"""Runs and their histories as Plotly figures: the panel's charts, from Python.

Every function takes runs as ids, as `mlflow.entities.Run`, or as the DataFrame of
`mlflow.search_runs()`, and returns a `plotly.graph_objects.Figure`:

    import mlflow, nbruns

    runs = mlflow.search_runs()
    nbruns.charts.curves(runs, "loss", smoothing=0.6)
    nbruns.charts.scatter(runs, "params.lr", "metrics.accuracy", log_x=True)
"""

from __future__ import annotations

from nbruns.charts.library import bar, box, contour, curves, parallel, scatter

__all__ = ["bar", "box", "contour", "curves", "parallel", "scatter"]
