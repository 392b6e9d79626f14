"""A student as one HTML page: microphone or file in, events out, in a browser."""
