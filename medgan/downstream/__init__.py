"""Do synthetic images help? Classifiers and segmenters: images in, predictions out."""
