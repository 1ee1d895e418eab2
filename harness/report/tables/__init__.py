"""Tables: results in, sheets of text, Markdown and LaTeX out."""
