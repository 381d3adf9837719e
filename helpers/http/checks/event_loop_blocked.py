"""Which call holds the event loop up, so that no request of that process moves.

Rests on what other rooms answered: where the loop stood still (from inside, by the runtime middleware, or by py-spy), whether routes that ask nothing
wait (from outside), and which calls that block are reached from async code (in the checkout). Told apart: a full thread pool, a used-up
connection pool, one slow route, a host without CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from helpers.http.connect import Api
from helpers.results import CheckResult, Diagnosis, Status

__all__ = ["Seen", "event_loop_blocked", "judge"]

CODE = "event_loop_blocked"
MATTERS = (
    0.05  # of the time blocked: one request in twenty waits, which is what a p95 shows (Poisson arrivals see time averages, Wolff 1982)
)
ONE_LINE = 0.5  # of the blocked time is one line's: else it is many calls, or a host that gives no CPU
NEAR_LINES = 12  # a static finding within this many lines, in the same file, is the same place

Answer = CheckResult[Any] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts the judgement rests on; `blocked_share` is None without the middleware, `shape` empty when nobody asked from outside."""

    blocked_share: float | None = None
    stalls: Sequence[Any] = ()
    runtime: dict[str, Any] = field(default_factory=dict)
    shape: str = ""
    outside: str = ""
    calls: Sequence[Any] | None = None
    remedy: str = ""
    is_slow: bool = False


async def event_loop_blocked(
    api: Api,
    *,
    stalls: Answer = None,
    stacks: Answer = None,
    runtime: Answer = None,
    neighbours: Answer = None,
    blocking_calls: Answer = None,
    is_slow: bool | None = None,
) -> Diagnosis:
    """The call that holds the event loop up.

    Args:
        api: The API the others' answers are about.
        stalls: Of logs.stalls: where the loop stood still.
        stacks: Of git.process_stacks: the same by py-spy, where the middleware does not say.
        runtime: Of logs.runtime: threads and pools.
        neighbours: Of http.neighbours: who waits while the endpoint is asked.
        blocking_calls: Of git.blocking_calls: what blocks and is reached from async code.
        is_slow: Whether the light route was slow when it was measured.

    Returns:
        PROBLEM with `file:line` as subject; OK when the loop is free; UNKNOWN when it is held up and the line is not certain.

    Source: FAULTS.md A1; asyncio documentation, "Developing with asyncio".
    """
    inside = next((a for a in (stalls, stacks) if a is not None and _known(a) and a.facts.get("lines")), None)
    return judge(
        Seen(
            blocked_share=float(inside.facts["blocked_share"]) if inside is not None else None,
            stalls=list(inside.rows) if inside is not None else [],
            runtime=dict(runtime.facts) if runtime is not None and _known(runtime) else {},
            shape=str(neighbours.facts.get("shape", "")) if neighbours is not None and _known(neighbours) else "",
            outside=neighbours.summary if neighbours is not None else "",
            calls=list(blocking_calls.rows) if blocking_calls is not None and _known(blocking_calls) else None,
            is_slow=bool(is_slow),
            remedy=stalls.remedy if stalls is not None and inside is None else "",
        )
    )


def _known(answer: Answer) -> bool:
    return answer is not None and answer.status in (Status.OK, Status.PROBLEM)


def judge(seen: Seen) -> Diagnosis:
    """Return what the facts add up to; pure."""
    if seen.blocked_share is not None:
        return _from_inside(seen)
    if seen.shape in ("every", "before"):
        return _from_outside(seen)
    if seen.shape in ("some", "only", "none"):
        return _free(seen, f"The event loop is free: {seen.outside}")
    why = "Neither the process itself nor its neighbours could be asked whether the event loop stands still."
    return Diagnosis(Status.UNKNOWN, summary=" ".join([why, seen.remedy]).strip(), facts=_facts(seen))


def _free(seen: Seen, said: str) -> Diagnosis:
    """The loop is free; where the light route was slow all the same, it waited for something that is not seen from here."""
    if not seen.is_slow:
        return Diagnosis(Status.OK, summary=said, facts=_facts(seen))
    why = f"{said} The light route was slow all the same: a host without CPU, a proxy in between, or a moment that has passed."
    return Diagnosis(Status.UNKNOWN, summary=why, facts=_facts(seen))


def _from_inside(seen: Seen) -> Diagnosis:
    share = seen.blocked_share or 0.0
    if share < MATTERS:
        return _free(seen, f"The event loop was held up for {share:.1%} of the time, which a p95 does not show.")
    total = sum(stall.blocked_ms for stall in seen.stalls)
    worst = max(seen.stalls, key=lambda stall: stall.blocked_ms, default=None)
    if worst is None or not worst.code_file_path or worst.blocked_ms < ONE_LINE * total:
        said = f"The event loop stood still for {share:.0%} of the time, in no one place: many short calls, or a host that gives it no CPU."
        return Diagnosis(Status.UNKNOWN, summary=said, facts=_facts(seen))
    where = f"{worst.code_file_path}:{worst.code_line_number}"
    because = [
        f"The event loop stood still for {share:.0%} of the time; {worst.blocked_ms / total:.0%} of it at {where}, in {worst.code_function_name}.",
        f"{worst.stalls} times, up to {worst.longest_ms:,.0f} ms, while it served {worst.http_route or 'no route'}: `{worst.code_text}`.",
        *([f"From outside: {seen.outside}"] if seen.shape in ("every", "before") else []),
        *_confirmed(seen.calls, worst.code_file_path, int(worst.code_line_number)),
    ]
    return _named(seen, where, worst.http_route, worst.callee or f"`{worst.code_text}`", because)


def _from_outside(seen: Seen) -> Diagnosis:
    """Without the middleware: every route waits, and the checkout holds exactly one call that explains it."""
    certain = [call for call in seen.calls or () if call.certain and call.routes]
    if len(certain) != 1:
        found = ", ".join(f"{call.file}:{call.line} ({call.call})" for call in certain[:5])
        why = (
            f"Candidates in the code: {found}."
            if certain
            else "The line is not known: the profile's code shows none."
            if seen.calls is not None
            else ""
        )
        said = f"The event loop is held up: {seen.outside} {why} {seen.remedy}"
        return Diagnosis(Status.UNKNOWN, summary=" ".join(said.split()), facts=_facts(seen))
    call = certain[0]
    because = [
        f"From outside: {seen.outside}",
        f"The only blocking call that async code reaches: {call.call} at {call.file}:{call.line}, {call.how}.",
    ]
    return _named(seen, f"{call.file}:{call.line}", ", ".join(call.routes), call.call, because)


def _confirmed(calls: Sequence[Any] | None, file: str, line: int) -> list[str]:
    near = [call for call in calls or () if call.file == file and abs(call.line - line) <= NEAR_LINES]
    best = min(near, key=lambda call: abs(call.line - line), default=None)
    return [f"The code agrees: {best.call} at {best.file}:{best.line} blocks, {best.how}."] if best else []


def _named(seen: Seen, where: str, route: str, call: str, because: list[str]) -> Diagnosis:
    file, _, line = where.rpartition(":")
    summary = f"{call} at {where} runs on the event loop and holds every request of its process up" + (
        f"; {route} calls it." if route else "."
    )
    target = {"file": file, "line": int(line)}
    return Diagnosis(Status.PROBLEM, CODE, where, summary, target, because, [], _facts(seen), fix="unblock_call")


def _facts(seen: Seen) -> dict[str, Any]:
    share = None if seen.blocked_share is None else round(seen.blocked_share, 4)
    return {"blocked_share": share, "shape": seen.shape, "candidates": None if seen.calls is None else len(seen.calls), **seen.runtime}
