"""Scores of synthetic images, in feature spaces: arrays in, numbers out."""

from medgan.metrics.table import METRICS, Metric, Row, score

__all__ = ["METRICS", "Metric", "Row", "score"]
