"""What made it all, and what failed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness.errors import HarnessError
from harness.evaluation.missing import MissingScores
from harness.evaluation.ranking import Ranking
from harness.report.cells import number, percentage
from harness.report.webpage.content import Content, Section
from harness.scoring.provenance import PROVENANCE
from harness.scoring.store import RunRecord
from harness.setting import Setting
from harness.versions import __version__

_NAMED = 5


def setting_section(content: Content) -> Section:
    """How the scores, the ranking and the page were made, term by term."""
    ranking, given = content.ranking, dict(content.facts)
    groups = {
        "Scores": {**given.pop("Scores", {}), **(_run(content.run) if content.run else {})},
        "Setting": _setting(content.run) if content.run else _stated(ranking),
        "Table": {"column": ranking.column, "source": ranking.source},
    }
    software = {"nasinit": __version__, **given.pop("Software", {})}
    every = {**groups, **given, "Software": software}
    shown = {heading: list(terms.items()) for heading, terms in every.items() if terms}
    return Section("setting", "What made it", {"groups": shown})


def _run(run: RunRecord) -> dict[str, str]:
    return {
        "run": f"{run.number}, started {run.started}",
        "space": run.space,
        "architectures": f"{len(run.scored_as):,}",
        "different networks": f"{len(set(run.scored_as.values())):,}",
        "torch": run.torch,
        "proxies": ", ".join(f"{name} (version {number})" for name, number in run.proxies.items()),
    }


def _stated(ranking: Ranking) -> dict[str, str]:
    """The setting that the scores' file states, where they are not of a store."""
    made = (ranking.frame.attrs.get(PROVENANCE) or {}).get("scores") or {}
    try:
        settings = [Setting.from_json(json.dumps(values)) for values in made["settings"]]
        stated = settings[0].flat()
    except (HarnessError, LookupError, TypeError, ValueError):
        return {"setting": f"not known: {made.get('not_known') or 'these scores came without one'}"}
    seeds = ", ".join(str(setting.seed) for setting in settings)
    software = {"torch": made.get("torch"), "written by": _software(made)}
    return _terms({"space": made.get("space"), **stated, "seed": seeds, **software})


def _software(made: Mapping[str, Any]) -> str:
    """The version of nasinit that wrote the scores, where their file says it."""
    return f"nasinit {made['nasinit']}" if made.get("nasinit") else ""


def _setting(run: RunRecord) -> dict[str, str]:
    return _terms(run.setting.flat())


def _terms(values: Mapping[str, Any]) -> dict[str, str]:
    return {name.replace("_", " "): str(value) for name, value in values.items() if value not in ("", None)}


def failures_section(content: Content) -> Section | None:
    """Scores that are missing, by proxy and status, and architectures left out; nothing where no score is known."""
    missing = content.missing
    rows = _failures(missing) if missing else []
    left_out = [(reason, len(names), list(names[:_NAMED])) for reason, names in _left_out(content.ranking) if names]
    if missing is None and not left_out:
        return None
    return Section("failures", "What failed", {"rows": rows, "left_out": left_out})


def _failures(missing: MissingScores) -> list[dict[str, Any]]:
    rows = []
    for (proxy, status), group in missing.frame.groupby(["proxy", "status"], sort=False):
        messages = group["message"].value_counts()
        common = next((text for text in messages.index if text), "")
        rows.append(
            {
                "proxy": proxy,
                "status": str(status).replace("_", " "),
                "count": number(len(group), 0),
                "share": percentage(len(group) / missing.asked[str(proxy)]),
                "message": common,
                "others": max(len(messages) - 1, 0),
                "architectures": list(group["architecture"].head(_NAMED)),
                "more": max(len(group) - _NAMED, 0),
            }
        )
    return rows


def _left_out(ranking: Ranking) -> list[tuple[str, tuple[str, ...]]]:
    """Reason, and architectures."""
    column = ranking.column
    return [
        (f"Architectures without {column}, left out", ranking.unmatched),
        ("Architectures that a proxy has more than one row of, with equal scores, one kept", ranking.repeated),
        (f"Architectures with more than one row of {column}, with equal values, one kept", ranking.duplicates),
    ]
