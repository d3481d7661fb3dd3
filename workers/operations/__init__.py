"""What operators do: the CLI and the console, thin callers of the same use cases."""
