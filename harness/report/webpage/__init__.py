"""One HTML page of a ranking, complete in itself: text, tables, plots to look into, and how it was all made.

`content.Content` is what a page is made of, `rendering.page` makes its text. A section is a function of the content
(`sections.SECTIONS`) with a template of its own; a new one is a file, a template and an entry there. The scripts in
`assets/` draw what is looked into; without them the page still has every table.
"""
