"""What the reports keep of their own: the office's Word template; they write nothing else."""
