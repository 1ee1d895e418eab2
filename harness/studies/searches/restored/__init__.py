"""What studies of searches for restoring networks share: images, trainings, their quality, pictures, comparisons."""
