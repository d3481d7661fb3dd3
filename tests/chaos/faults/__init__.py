"""The faults: each kind begins at a target and ends without a trace."""
