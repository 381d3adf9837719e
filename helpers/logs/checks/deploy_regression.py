"""Which deployment made a route worse, and which commit of it, as far as the evidence goes.

Rests on the change at exactly one version, route by route, and on the commits it brought that change what the route runs. Told apart: what
was bad before the deployment or became bad later, what both versions suffered alike, routes worse that run nothing that changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.logs.connect import LogFiles
from helpers.results import CheckResult, Diagnosis, Status
from helpers.route_names import shape_of_route

__all__ = ["Seen", "deploy_regression", "judge"]

CODE = "deploy_regression"
OUTSIDE = ":<module>"  # code outside of functions, as git.commits names it
SHORT = 10  # characters of a hash, as people write it

Answer = CheckResult[Any] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts the judgement rests on; `commits` None: they are not known. `measured` is the commit that a bisection found, if it did."""

    steps: Sequence[Any] = ()
    is_known: bool = False
    why_unknown: str = ""
    commits: Sequence[Any] | None = None
    why_no_commits: str = ""
    measured: str = ""
    why_not_measured: str = ""
    is_failing: bool | None = None


async def deploy_regression(
    logs: LogFiles, *, steps: Answer = None, commits: Answer = None, bisected: Answer = None, is_failing: bool | None = None
) -> Diagnosis:
    """The deployment, and where it is known the commit and its functions, by which a route became worse.

    Args:
        logs: The log files that the others' answers are about.
        steps: Of logs.version_steps: what became worse from a version to the next.
        commits: Of git.commits: what that version brought.
        bisected: Of git.bisect: the first bad commit, measured; without it the commits that the route runs decide.
        is_failing: Whether requests were seen to fail or to be slow.

    Returns:
        PROBLEM with `VERSION COMMIT FILE:FUNCTION` as subject, or `VERSION` alone where several of its commits may be it; OK when no version
        is worse and nothing fails; UNKNOWN when the change lies elsewhere, or no commit changes what the route runs.

    Source: FAULTS.md E3.
    """
    known = commits is not None and commits.status is Status.OK
    return judge(
        Seen(
            steps=list(steps.rows) if steps is not None else [],
            is_known=steps is not None and steps.status in (Status.OK, Status.PROBLEM),
            why_unknown=f"{steps.reason} {steps.remedy}".strip() if steps is not None else "The log was not asked.",
            commits=list(commits.rows) if commits is not None and known else None,
            why_no_commits=f"{commits.reason} {commits.remedy}".strip() if commits is not None and not known else "",
            measured=str(bisected.facts.get("first_bad", "")) if bisected is not None else "",
            why_not_measured=f"{bisected.reason} {bisected.remedy}".strip() if bisected is not None else "",
            is_failing=is_failing,
        )
    )


def judge(seen: Seen) -> Diagnosis:
    """Return what the facts add up to; pure."""
    if not seen.is_known:
        return _open(seen, f"Whether a version is worse than the one before is not known. {seen.why_unknown}")
    if not seen.steps:
        if seen.is_failing:
            return _open(seen, "Requests fail or are slow, and no route became worse from one version to the next: it is no deployment's.")
        return Diagnosis(Status.OK, summary="No route became worse from one version to the next.", facts=_facts(seen))
    top = seen.steps[0]
    if not top.is_at_version:
        return _open(seen, f"{_change(top)} The change lies {top.when}, and not at its first request: look at what else changed then.")
    if seen.commits is None:
        return _open(seen, f"{_change(top)} Which commits it brought is not known. {seen.why_no_commits}")
    suspects = [one for one in seen.commits if _functions(one, top.route)]
    if not suspects and not seen.measured:
        said = f"None of its {len(seen.commits)} commits changes code that the route is seen to run: settings, a dependency, data or a schema may have changed."
        return _open(seen, f"{_change(top)} {said}")
    beside = _untouched(seen, suspects)
    if beside and not seen.measured:
        return _open(
            seen, f"{_change(top)} So did {', '.join(beside[:3])}, which run nothing that changed: what they share is slow or down."
        )
    return _named(seen, top, suspects)


def _named(seen: Seen, top: Any, suspects: Sequence[Any]) -> Diagnosis:
    measured = [one for one in seen.commits or () if one.commit == seen.measured]
    chosen = measured or list(suspects)
    because = [_change(top), f"It brought {len(seen.commits or ())} commits; {len(suspects)} change code that {top.route} runs."]
    if len(chosen) > 1:
        return _deployment(seen, top, chosen, because)
    one = chosen[0]
    functions = _functions(one, top.route) or list(one.functions) or list(one.files)
    if measured:
        because.append(f"{one.commit[:SHORT]} is the first bad commit: each revision was built, started and measured.")
    because.append(f"{one.commit[:SHORT]} ({one.subject}) changes {', '.join(functions[:5])}.")
    subject = f"{top.version} {one.commit[:SHORT]} {', '.join(functions[:3])}"
    summary = f"{_change(top)} Its commit {one.commit[:SHORT]} ({one.subject}) changed {', '.join(functions[:3])}."
    return Diagnosis(Status.PROBLEM, CODE, subject, summary, _target(top, one.commit, ""), because, [], _facts(seen), fix="revert_deploy")


def _deployment(seen: Seen, top: Any, chosen: Sequence[Any], because: list[str]) -> Diagnosis:
    because += [f"{one.commit[:SHORT]} ({one.subject}) changes {', '.join(_functions(one, top.route)[:3])}." for one in chosen[:6]]
    against = [seen.why_not_measured or "Which of its commits it is was not measured."]
    summary = f"{_change(top)} Any of {len(chosen)} of its commits may be it."
    last = (seen.commits or chosen)[-1].commit
    target = _target(top, last, top.version_before)
    return Diagnosis(Status.PROBLEM, CODE, top.version, summary, target, because, against, _facts(seen), fix="revert_deploy")


def _target(top: Any, commit: str, before: str) -> dict[str, Any]:
    return {"route": top.route, "version": top.version, "version_before": top.version_before, "commit": commit, "before": before}


def _functions(one: Any, route: str) -> list[str]:
    """Return the functions of a commit that a route comes to; what stands outside of functions only where there are none."""
    shape = shape_of_route(route)
    named = [name for name, routes in zip(one.functions, one.routes, strict=True) if shape in {shape_of_route(each) for each in routes}]
    return [name for name in named if not name.endswith(OUTSIDE)] or named


def _untouched(seen: Seen, suspects: Sequence[Any]) -> list[str]:
    """Return the routes that became worse at the same version though they run nothing that changed."""
    version = seen.steps[0].version
    worse = [step.route for step in seen.steps if step.is_at_version and step.version == version]
    return [route for route in worse if not any(_functions(one, route) for one in seen.commits or suspects)]


def _change(top: Any) -> str:
    if top.kind == "errors":
        what = f"{top.error_pct:g} % of {top.route} fail since version {top.version} ({top.since}), {top.error_pct_before:g} % in"
    else:
        what = f"{top.route} takes {top.p50_ms or 0:.0f} ms (median) since version {top.version} ({top.since}), {top.p50_ms_before or 0:.0f} ms in"
    return f"{what} {top.version_before} before."


def _open(seen: Seen, said: str) -> Diagnosis:
    return Diagnosis(Status.UNKNOWN, summary=" ".join(said.split()), facts=_facts(seen))


def _facts(seen: Seen) -> dict[str, Any]:
    return {"steps": len(seen.steps), "commits": None if seen.commits is None else len(seen.commits), "measured": seen.measured}
