"""The report: a run's document, and everything that is written from it.

`document` is saved first and is the only source: the terminal's tables, the figure, the README's
block and the list of runs are made from it, now or from a file of an earlier day.
"""
