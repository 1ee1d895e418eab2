"""The reference of the command line has every command with every option."""

from __future__ import annotations

import re
import subprocess
import sys

from docs_pages import commands

PAGE = commands.commands()


def test_the_commands_are_those_of_the_help() -> None:
    program = "import sys; sys.argv = ['nasinit', '--help']; from harness.cli import main; main()"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    listed = re.findall(r"^  ([a-z]+)  ", shown.split("Commands:")[1], flags=re.MULTILINE)
    titles = re.findall(r"^## nasinit ([a-z]+)", PAGE, flags=re.MULTILINE)
    assert len(listed) > 10
    assert list(dict.fromkeys(titles)) == listed
    assert "## nasinit plot pareto" in PAGE


def test_a_section_has_every_option_and_argument_with_its_help() -> None:
    sections = dict(re.findall(r"^## (nasinit .*?)\n(.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL))
    checked = 0
    for path, command in commands.every_command():
        for parameter in command.params:
            for option in parameter.opts if parameter.opts[0].startswith("-") else ():
                assert re.search(rf"^`.*{option}\b.*`$", sections[path], flags=re.MULTILINE), (path, option)
                checked += 1
        assert sections[path].count("\n:   ") == len(command.params)
    assert checked > 100


def test_defaults_are_shown_and_brackets_do_not_become_links() -> None:
    assert "samples in the batch \\[default: 64\\]" in PAGE
    assert "&lt;" not in re.sub(r"`[^`]*`", "", PAGE)
