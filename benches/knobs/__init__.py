"""What granian's settings are worth to `serve`."""
