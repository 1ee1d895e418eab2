"""Text: values from outside in messages, files of any origin, and the terminal."""
