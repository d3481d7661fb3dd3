"""Every test of the project, and what a run on one machine needs: stores, processes, traffic."""
