"""What the lab puts into processes from outside: a folder on the PYTHONPATH of each of them."""
