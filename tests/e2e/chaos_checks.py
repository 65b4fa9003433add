"""What has to hold of every loop, whatever was done to it and whatever has died meanwhile."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any

from temporalio.client import Client

from boucle.local.address import get_running
from boucle.local.temporal_view import list_ids
from tests.e2e.chaos_run import ChaosRun
from tests.e2e.doubts import list_unconfirmed

_CODE = re.compile(r"grants (\S+)")
_LATE = timedelta(seconds=30)
_STAGES = {
    "apologize_with_offer": {"accepted", "apologized", "asked", "working"},
    "csm_case": {"accepted", "working", "verifying", "asked"},
    "escalate": {"accepted", "working", "verifying", "asked"},
    "ask_follow_up": {"accepted", "asked", "working"},
    "invite_promoter": {"accepted", "invited"},
    "acknowledge": {"accepted"},
    "sequence": {"accepted", "ending"}
    | {f"step-{step}" for step in ("voucher", "sorry", "pause", "tell", "better", "done", "call")}
    | {"asked-better", "working-call"},
}

ILLEGAL = {
    "closed without a closure": """SELECT id FROM loop WHERE state = 'closed'
        AND (closure IS NULL OR closed_at IS NULL OR closed_by IS NULL)""",
    "open with a closure": """SELECT id FROM loop WHERE state <> 'closed'
        AND (closure IS NOT NULL OR closed_at IS NOT NULL)""",
    "closed and due": "SELECT id FROM loop WHERE state = 'closed' AND next_due IS NOT NULL",
    "a clock runs though closed": """SELECT id FROM loop JOIN clock ON loop_id = id
        WHERE clock.state IN ('running', 'paused') AND (loop.state = 'closed' OR loop.round > clock.round)""",
    "a promise runs though closed": """SELECT loop.id FROM loop JOIN commitment c ON c.loop_id = loop.id
        WHERE c.state = 'running' AND loop.state = 'closed'""",
    "a task is open though closed": """SELECT loop.id FROM loop JOIN task ON task.loop_id = loop.id
        WHERE task.state = 'open' AND task.kind <> 'reply' AND loop.state = 'closed'""",
    "waits for approval though closed": """SELECT id FROM loop JOIN approval ON loop_id = id
        WHERE approval.state = 'waiting' AND loop.state = 'closed'""",
    "worked without a case": """SELECT id FROM loop WHERE state <> 'closed' AND stage LIKE 'working%'
        AND NOT EXISTS (SELECT 1 FROM "case" c WHERE c.loop_id = id AND c.round = loop.round)""",
    "merged and open": "SELECT id FROM loop WHERE merged_into IS NOT NULL AND state <> 'closed'",
    "refused without a reason": """SELECT id FROM command
        WHERE (state = 'refused') <> (reason IS NOT NULL)""",
    "neither applied nor refused": "SELECT id FROM command WHERE state = 'recorded'",
    "an attempt is lost": """SELECT id FROM command WHERE kind = 'attempt' AND state = 'applied'
        AND id NOT IN (SELECT command_id FROM attempt)""",
    "two offers granted": """SELECT chain FROM ledger_event WHERE type = 'offer.granted'
        GROUP BY chain HAVING count(*) > 1""",
    "an act of which the ledger knows nothing": """SELECT id FROM command WHERE NOT EXISTS (
        SELECT 1 FROM ledger_event e WHERE e.chain = 'loop/' || loop_id AND (instr(e.payload, id)
        OR (command.state = 'applied' AND e.actor = command.actor AND e.at IN (command.at, applied_at))))""",
    "an act refused twice": """SELECT chain FROM ledger_event WHERE type = 'act.refused'
        GROUP BY payload HAVING count(*) > 1""",
}
"""What must find nothing."""

_SOUND = "database accounts running temporal worker workflows stuck ended outbox".split()


def find_illegal(run: ChaosRun) -> dict[str, list[Any]]:
    """Loops and acts that stand as none may stand, by what is wrong."""
    found = {wrong: [row[0] for row in run.product.query(sql)] for wrong, sql in ILLEGAL.items()}
    stages = run.product.query("SELECT id, play, stage FROM loop WHERE state <> 'closed'")
    found["an unknown stage"] = [loop for loop, play, stage in stages if stage not in _STAGES[play]]
    return {wrong: rows for wrong, rows in found.items() if rows}


def find_disagreement(run: ChaosRun) -> dict[str, Any]:
    """What is not well by the doctor's words, and where Temporal and the database differ."""
    findings = run.findings()
    odd = {check: findings[check] for check in _SOUND if findings[check]["verdict"] != "ok"}
    problems = {check: found for check, found in findings.items() if found["verdict"] == "problem"}
    open_loops = {loop for (loop,) in run.product.query("SELECT id FROM loop WHERE state <> 'closed'")}
    running = asyncio.run(_running(run))
    differ = {"only open": sorted(open_loops - running), "only running": sorted(running - open_loops)}
    return {**odd, **problems, **{what: loops for what, loops in differ.items() if loops}}


async def _running(run: ChaosRun) -> set[str]:
    client = await Client.connect(get_running(run.product.data).temporal_address)
    return set(await list_ids(client, "boucle", "ExecutionStatus = 'Running'"))


def find_codes(run: ChaosRun) -> dict[str, set[str]]:
    """The codes of offers that customers have read, by loop."""
    codes: dict[str, set[str]] = {}
    for message in list(run.mail.taken):
        found = _CODE.search(str(message.get_payload()))
        if found and run.mail.prey(message["X-Boucle-Effect"]):
            codes.setdefault(message["X-Boucle-Effect"].partition("/")[0], set()).add(found[1])
    return codes


def find_unexplained(run: ChaosRun) -> list[str]:
    """Messages in doubt that were not on their way when something was struck."""
    intended = dict(run.product.query("SELECT key, intended_at FROM effect"))
    doubtful = list_unconfirmed(run.product)
    return [key for key in doubtful if not _was_struck(run, datetime.fromisoformat(intended[key]))]


def _was_struck(run: ChaosRun, intended_at: datetime) -> bool:
    after = [struck - intended_at for struck in run.struck_at]
    return any(-_LATE <= elapsed <= _LATE * 2 for elapsed in after)
