"""The training loop, its checkpoints and its runs; knows no GAN by name."""
