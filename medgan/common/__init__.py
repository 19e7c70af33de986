"""What every layer needs: configs, artefact folders, image ranges, reproducibility."""
