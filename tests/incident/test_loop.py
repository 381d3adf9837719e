"""The loop's rules, on a fake system: order, verdicts, undo."""

import json
from dataclasses import dataclass
from typing import ClassVar

import pytest

from helpers.contracts import FixPreview, Proposal
from helpers.errors import FixFailed
from helpers.fakes import FakeFix, FakeProbe, FakeSystem, fake_diagnosis, fake_incident
from helpers.incident.evidence import audit, read_evidence
from helpers.results import Status

pytestmark = pytest.mark.filterwarnings("error")


async def walk(incident, *, fix=FakeFix, code="fake_mode", status=Status.PROBLEM, expect="p95_ms < 150", kill_before=None, guards=()):
    """Walk the six steps; `kill_before` names the step before which the system goes."""

    def maybe_kill(step):
        if step == kill_before:
            incident.systems.fake.gone = True

    maybe_kill("reproduce")
    await incident.reproduce(FakeProbe(), expect=expect)
    maybe_kill("isolate")
    rows = await incident.check(fake_diagnosis, code=code, status=status)
    incident.isolate(rows)
    maybe_kill("investigate")
    incident.conclude(await incident.check(fake_diagnosis, code=code, status=status))
    maybe_kill("fix")
    await incident.fix(fix, guards=guards)
    maybe_kill("verify")
    await incident.verify()
    return incident.document().document


async def test_a_proven_fix_is_resolved(tmp_path):
    """Cause, applied fix and passed verification make `resolved`."""
    document = await walk(fake_incident(tmp_path / "i"))
    assert (document.verdict, document.exit_code, document.fix.undone) == ("resolved", 0, False)


async def test_a_dry_run_changes_nothing(tmp_path):
    """Without apply the cause is found and the system untouched."""
    fake = FakeSystem()
    document = await walk(fake_incident(tmp_path / "i", fake=fake, apply=False))
    assert (document.verdict, document.exit_code, fake.state) == ("cause_found", 1, {"latency_ms": 400.0})


async def test_a_healthy_system_is_healthy(tmp_path):
    """Not reproduced, and the checks agree."""
    fake = FakeSystem({"latency_ms": 5.0})
    document = await walk(fake_incident(tmp_path / "i", fake=fake), code=None, status=Status.OK)
    assert (document.verdict, document.exit_code) == ("healthy", 0)


async def test_no_symptom_but_a_diagnosis_is_inconclusive(tmp_path):
    """A diagnosis that the probe does not confirm names no cause and fixes nothing."""
    fake = FakeSystem({"latency_ms": 5.0})
    document = await walk(fake_incident(tmp_path / "i", fake=fake))
    assert (document.verdict, document.cause, fake.state["latency_ms"]) == ("inconclusive", None, 5.0)


async def test_another_failure_mode_is_other_cause(tmp_path):
    """The symptom is real, and the runbook to try is named."""
    document = await walk(fake_incident(tmp_path / "i"), code="lock_contention")
    assert (document.verdict, document.next_runbook, document.fix) == ("other_cause", "lock_contention", None)


async def test_an_unknown_diagnosis_is_inconclusive(tmp_path):
    """UNKNOWN is an honest answer."""
    document = await walk(fake_incident(tmp_path / "i"), code=None, status=Status.UNKNOWN)
    assert (document.verdict, document.exit_code) == ("inconclusive", 3)


@pytest.mark.parametrize("step", ["reproduce", "isolate", "investigate", "verify"])
async def test_a_system_gone_at_any_step_is_unreachable(tmp_path, step):
    """Run All reaches a report whose verdict is `unreachable`."""
    document = await walk(fake_incident(tmp_path / "i"), kill_before=step)
    assert (document.verdict, document.exit_code) == ("unreachable", 3)


async def test_a_system_gone_before_the_fix_leaves_the_cause(tmp_path):
    """The cause stands, and the follow-up says that the fix was not applied."""
    document = await walk(fake_incident(tmp_path / "i"), kill_before="fix")
    assert (document.verdict, document.fix, "not applied" in document.follow_ups[0]) == ("cause_found", None, True)


async def test_an_unverified_change_that_cannot_be_undone_says_so(tmp_path):
    """The report names the undo command when the system is gone after the change."""
    document = await walk(fake_incident(tmp_path / "i"), kill_before="verify")
    assert any("runbook undo" in text for text in document.follow_ups)


async def test_a_fix_that_makes_it_worse_is_undone(tmp_path):
    """Verified worse: the inverse runs at once."""
    fake = FakeSystem()
    document = await walk(fake_incident(tmp_path / "i", fake=fake), fix=lambda: FakeFix(to_ms=900.0))
    assert (document.verdict, document.fix.undone, fake.state["latency_ms"]) == ("not_resolved", True, 400.0)


async def test_a_fix_that_changes_nothing_is_undone(tmp_path):
    """No change is no proof."""
    document = await walk(fake_incident(tmp_path / "i"), fix=lambda: FakeFix(to_ms=401.0))
    assert (document.verdict, document.verification.decision, document.fix.undone) == ("not_resolved", "no_change", True)


async def test_an_improvement_short_of_the_expectation_stays(tmp_path):
    """Twice as fast is not resolved when ten times is expected, and not undone either."""
    document = await walk(fake_incident(tmp_path / "i"), fix=lambda: FakeFix(to_ms=200.0))
    assert (document.verdict, document.fix.undone) == ("not_resolved", False)


async def test_a_fix_that_breaks_in_the_middle_is_undone(tmp_path):
    """The inverse was written before the change, and runs."""
    fake = FakeSystem()
    document = await walk(fake_incident(tmp_path / "i", fake=fake), fix=lambda: FakeFix(fails=True))
    assert (document.verdict, document.fix.undone, fake.state["latency_ms"]) == ("not_resolved", True, 400.0)


async def test_the_inverse_is_on_disk_before_the_change(tmp_path):
    """fix_intent stands in the evidence before fix_applied."""
    await walk(fake_incident(tmp_path / "i"))
    kinds = [r.kind for r in read_evidence(tmp_path / "i")]
    assert kinds.index("fix_intent") < kinds.index("fix_applied")


async def test_no_fix_without_a_cause(tmp_path):
    """A fix cell that runs first is refused, and says why."""
    incident = fake_incident(tmp_path / "i")
    view = await incident.fix(FakeFix())
    assert (view.status, incident.systems.fake.state["latency_ms"]) == ("skipped", 400.0)


async def test_a_rerun_fix_changes_nothing_twice(tmp_path):
    """Running the fix cell again is refused and appends evidence."""
    incident = fake_incident(tmp_path / "i")
    await walk(incident)
    before = len(list(read_evidence(incident.folder)))
    view = await incident.fix(FakeFix(to_ms=1.0))
    assert (view.status, len(list(read_evidence(incident.folder))) > before) == ("skipped", True)


async def test_cells_run_again_after_the_fix_do_not_rewrite_the_story(tmp_path):
    """Run All twice in one kernel: the cause, the baseline and the verdict stay; the evidence grows."""
    incident = fake_incident(tmp_path / "i")
    first = await walk(incident)
    again = await walk(incident, code=None, status=Status.OK)
    assert (again.verdict, again.cause, again.verification.before) == (first.verdict, first.cause, first.verification.before)


async def test_cells_run_out_of_order_end_in_a_verdict(tmp_path):
    """Verify, fix and conclude before anything was measured: nothing is changed, and the report comes."""
    incident = fake_incident(tmp_path / "i")
    await incident.verify()
    await incident.fix(FakeFix)
    incident.conclude(await incident.check(fake_diagnosis))
    await incident.fix(FakeFix)
    document = incident.document().document
    assert (document.verdict, document.fix, incident.systems.fake.state["latency_ms"]) == ("inconclusive", None, 400.0)


async def test_a_protected_profile_wants_its_name(tmp_path):
    """Applying to a protected profile without its typed name is a dry run."""
    document = await walk(fake_incident(tmp_path / "i", protected=True))
    assert (document.verdict, document.fix.applied) == ("cause_found", False)


async def test_a_guard_that_got_worse_undoes_the_fix(tmp_path):
    """What the fix breaks elsewhere counts more than what it gains."""

    async def guard(pg: FakeSystem):
        bad = pg.state["latency_ms"] < 100
        from helpers.results import CheckResult

        return CheckResult(Status.PROBLEM if bad else Status.OK, summary="guarded")

    document = await walk(fake_incident(tmp_path / "i"), guards=[guard])
    assert (document.verdict, document.fix.undone, "guard" in document.verification.why) == ("not_resolved", True, True)


async def test_the_evidence_of_a_walk_is_sound_and_its_change_is_noticed(tmp_path):
    """An audit passes, and names the record whose content was changed."""
    await walk(fake_incident(tmp_path / "i"))
    sound = audit(tmp_path / "i")
    path = tmp_path / "i" / "evidence.jsonl"
    path.write_bytes(path.read_bytes().replace(b"fake probe", b"FAKE probe", 1))
    assert (sound, len(audit(tmp_path / "i")) > 0) == ([], True)


async def test_incident_json_is_the_published_schema(tmp_path):
    """The document on disk has the promised keys."""
    await walk(fake_incident(tmp_path / "i"))
    document = json.loads((tmp_path / "i" / "incident.json").read_text())
    promised = {"schema", "id", "runbook", "profile", "parameters", "verdict", "cause", "fix", "steps", "verification", "footprint"}
    assert promised | {"started_at", "finished_at", "evidence_head"} <= set(document)


@dataclass(frozen=True)
class FakeProposal(Proposal):
    """A migration as text."""

    needs: ClassVar[str] = "postgres"

    async def preview(self, session):
        return FixPreview(["ALTER TABLE thing …"], effects=["Rewrites the table."])

    def patch(self, preview):
        return "-- migrate:up\nALTER TABLE thing …\n"


async def test_a_proposal_is_previewed_and_never_applied(tmp_path):
    """With apply too: the cause is found, the text is in the document, the next step is a person's."""
    document = await walk(fake_incident(tmp_path / "i"), fix=FakeProposal)
    assert (document.verdict, document.fix.applied, document.fix.applicable) == ("cause_found", False, False)
    assert document.fix.patch.startswith("-- migrate:up")
    assert "deploy it" in document.follow_ups[0]


@dataclass(frozen=True)
class KeptProposal(FakeProposal):
    """A patch that is kept as a branch."""

    reversible: ClassVar[bool] = True
    places: ClassVar[bool] = True

    async def preview(self, session):
        return FixPreview(["git branch …"], inverse={"branch": "runbook/x"})

    async def place(self, writer, preview):
        writer.ask()
        writer.state["branch"] = preview.inverse["branch"]
        return "The branch runbook/x holds it."


@pytest.mark.parametrize("apply", [True, False])
async def test_a_proposal_that_is_kept_changes_no_running_system(tmp_path, apply):
    """With apply the branch is there, its inverse was written first, and the verdict stays what it is without."""
    fake = FakeSystem()
    document = await walk(fake_incident(tmp_path / "i", fake=fake, apply=apply), fix=KeptProposal)
    assert (document.verdict, document.fix.applied, fake.state.get("branch")) == ("cause_found", False, "runbook/x" if apply else None)
    assert ("The branch runbook/x holds it." in document.follow_ups, bool(document.fix.inverse)) == (apply, apply)


async def test_a_proposal_that_cannot_be_kept_says_so(tmp_path, monkeypatch):
    """The cause stands, and the text."""

    async def refused(self, writer, preview):
        raise FixFailed("the folder is read-only")

    monkeypatch.setattr(KeptProposal, "place", refused)
    document = await walk(fake_incident(tmp_path / "i"), fix=KeptProposal)
    assert (document.verdict, any("the folder is read-only" in text for text in document.follow_ups)) == ("cause_found", True)
