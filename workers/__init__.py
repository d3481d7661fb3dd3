"""Everything after the answer: applying events, sweeping up, and what operators do."""
