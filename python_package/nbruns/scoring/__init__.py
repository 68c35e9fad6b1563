"""Batch scoring: a registered model over a file or a DataFrame, chunk by chunk, as a run.

pandas and pyarrow are loaded when something is scored, and are no dependencies of the rest.
"""
