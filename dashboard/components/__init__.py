"""Services of pages: functions that return Dash components and do nothing else."""
