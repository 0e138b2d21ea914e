"""What IPython and the queue server import: ``RE``, device names, plan names, nothing else."""
