"""Run the whole service on one machine, with the standard library only."""
