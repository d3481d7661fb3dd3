"""What operators do: the command line, the page, the figures."""
