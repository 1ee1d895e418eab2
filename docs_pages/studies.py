"""The page of the studies, from the list of studies and the pictures of their results."""

from __future__ import annotations

import json
from pathlib import Path

from docs_pages.markdown import code, escaped, table
from harness.studies.study import STUDIES, options_of

RESULTS = Path(__file__).parent.parent / "results"


def studies() -> str:
    """The table of all studies, with the options that each takes."""
    rows = [
        [f"[{code(name)}](#{name})", escaped(study.shows), " ".join(map(code, options_of(study)))]
        for name, study in STUDIES.items()
    ]
    return table(["study", "shows", "options"], rows)


def study_pictures() -> str:
    """For each study the title of its results, the command that made them, and its pictures, where it has results."""
    return "\n\n".join(_section(name) for name in STUDIES)


def pictures(name: str) -> list[Path]:
    """The pictures of a study's results."""
    return sorted((RESULTS / name).glob("*.png"))


def _section(name: str) -> str:
    if not (RESULTS / name).is_dir():
        shown = f"{STUDIES[name].shows[0].upper()}{STUDIES[name].shows[1:]}"
        command = f"nasinit study {name} --table FILE"
        return f"## {name}\n\n{shown}. It has no results here: its table must be given.\n\n```sh\n{command}\n```"
    title = (RESULTS / name / "README.md").read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
    made = json.loads((RESULTS / name / "study.json").read_text(encoding="utf-8"))["command"]
    shown = "\n".join(_picture(name, path) for path in pictures(name))
    page = f"[How it was made, and what it says](results/{name}/README.md)"
    return f"## {name}\n\n{title}. {page}\n\n```sh\n{made}\n```\n\n{shown}".rstrip()


def _picture(study: str, path: Path) -> str:
    address = f"results/{study}/{path.name}"
    return f"[![{study}: {path.stem.replace('_', ' ')}]({address}){{ loading=lazy }}]({address})"
