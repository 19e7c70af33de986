"""What is made from runs and data sets: synthetic sets now, scores and studies later."""
