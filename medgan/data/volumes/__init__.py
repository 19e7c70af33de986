"""Volumes: files and series of slices that lie in a patient's space, and what is labelled in them."""
