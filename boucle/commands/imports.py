"""`boucle import`: a survey file in, decisions out, loops begun."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from boucle.commands.options import FileArgument, FormatOption, ImporterOption, WorkspaceOption
from boucle.commands.output import counts, now, say, show, table

if TYPE_CHECKING:
    from boucle.commands.importing import Brought
    from boucle.intake.batch import Batch, FileRead
    from boucle.rules.decide import Mode
    from boucle.settings import Settings

_SHOWN = 10
_DATING = {
    "given": "dated as the file says",
    "ambiguous": "with a date that can be read two ways (day or month first), read by the map's rule",
    "stated": "without a date of their own, dated by the clock that the map states",
}


def _in_a_folder(path: Path | None) -> Path | None:
    """Refuse a file in a folder that is not there before anything is taken in, not after."""
    if path is not None and not path.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.parent}")
    return path


RejectsOption = Annotated[
    Path | None,
    typer.Option(
        "--rejects",
        help="Where to write rejected rows; without it, in this folder.",
        dir_okay=False,
        callback=_in_a_folder,
    ),
]


def import_(
    file: FileArgument,
    *,
    map_: Annotated[Path, typer.Option("--map", help="The import map for this file.", dir_okay=False)],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would start, by play and rule; touch nothing.")
    ] = False,
    record_only: Annotated[
        bool, typer.Option("--record-only", help="Decide and record everything, start nothing.")
    ] = False,
    act_on_old: Annotated[
        bool, typer.Option("--act-on-old", help="Act on responses that are older than the policy's max_age.")
    ] = False,
    rejects: RejectsOption = None,
    actor: ImporterOption = None,
    workspace: WorkspaceOption = None,
    format_: FormatOption = "text",
) -> None:
    """Take a survey file in: every response is decided, once, and what the rules start is started.

    An import that was interrupted is simply run again: what was accepted counts as a duplicate then.
    A dry run works on a copy of the database, without personal values, that is gone afterwards.
    """
    from boucle.commands import importing
    from boucle.commands.in_force import find_for_trial, get_in_force
    from boucle.commands.opening import get_settings, login_name, open_database

    settings = get_settings(workspace)
    who = actor or login_name()
    if dry_run:
        bundle = find_for_trial(settings)
    else:
        database = open_database(settings)
        bundle = get_in_force(settings, database, who)
        database.dispose()
    batch = importing.read_file(map_, file, bundle)
    mode = _mode(record_only=record_only, act_on_old=act_on_old)
    intake = importing.Intake(bundle, importing.make_terms(settings), mode, who)
    if dry_run:
        brought = importing.rehearse(settings, intake, batch)
        written = None
    else:
        run = importing.Run(str(file), importing.digest_of(file), importing.digest_of(map_))
        brought = _take_in(settings, intake, batch, run)
        written = write_rejected(batch, rejects or Path(f"{file.stem}.rejected.csv"))
    show(_result(batch, brought, written), lambda: _text(batch, brought, dry_run=dry_run), format_)
    say_rejections(batch, written)
    if not dry_run:
        _say_waiting(settings)


def _mode(*, record_only: bool, act_on_old: bool) -> Mode:
    if record_only and act_on_old:
        raise typer.BadParameter("--record-only and --act-on-old exclude each other")
    if record_only:
        return "record_only"
    return "act_on_old" if act_on_old else "act"


def _take_in(settings: Settings, intake: Any, batch: Batch, run: Any) -> Brought:
    from boucle.commands import importing
    from boucle.commands.opening import open_database

    database = open_database(settings)
    try:
        return importing.take_in(database, intake, batch, run)
    except KeyboardInterrupt:
        say("interrupted; run the same import again to go on")
        raise
    finally:
        database.dispose()


def write_rejected(batch: FileRead, wanted: Path) -> Path | None:
    """Write the rejected rows to a file that does not exist yet: the last one may be being mended."""
    from boucle.intake.rejects import write_rejects

    if not batch.rejections:
        return None
    path, number = wanted, 1
    while path.exists():
        number += 1
        path = wanted.with_stem(f"{wanted.stem}-{number}")
    write_rejects(batch, path)
    return path


def say_rejections(batch: FileRead, written: Path | None) -> None:
    """The first refused rows, and where all of them are."""
    for rejection in batch.rejections[:_SHOWN]:
        for problem in rejection.problems:
            where = f"row {problem.row}" + (f", {problem.column}" if problem.column else "")
            say(f"rejected: {where}: {problem.message}")
    if len(batch.rejections) > _SHOWN:
        say(f"… and {len(batch.rejections) - _SHOWN:,} more")
    if written:
        say(f"rejected rows are in {written}: mend them there and import that file with the same map")


def plain_unlisted(unlisted: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    """Values outside their facts' lists, for programs."""
    return [{"fact": fact, "value": value, "count": count} for (fact, value), count in unlisted.items()]


def tell_leftovers(batch: FileRead, unlisted: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """What a file holds that nobody has asked for: values outside their facts' lists, and columns."""
    if unlisted:
        values = {f"{fact}: {value}": count for (fact, value), count in unlisted.items()}
        yield from counts("values outside their fact's list", values)
    if batch.unused:
        more = f" and {len(batch.unused) - _SHOWN} more" if len(batch.unused) > _SHOWN else ""
        yield f"columns not used: {'; '.join(batch.unused[:_SHOWN])}{more}"


def _say_waiting(settings: Settings) -> None:
    """What was begun needs somebody who works it."""
    from boucle.commands.opening import Opened, open_database
    from boucle.engine.outbox import waiting

    here = Opened(settings, open_database(settings))
    if not here.is_running:
        with here.database.reading() as session:
            starts = waiting(session, now()).starts
        if starts:
            say(f"{starts:,} loop(s) wait to be started: run boucle up")
    here.database.dispose()


def _result(batch: Batch, brought: Brought, written: Path | None) -> Mapping[str, Any]:
    read = batch.counts
    return {
        "rows": read.rows,
        "rows_left_out": read.left_out,
        "rows_by_date_order": read.orders,
        "skipped": read.skipped,
        "rows_rejected": read.rejected_rows,
        "responses": read.responses,
        "without_score": read.without_score,
        "verbatims": read.verbatims,
        "blank_comments": read.blank_comments,
        "scores": read.scores,
        "dating": read.dating,
        "unlisted": plain_unlisted(read.unlisted),
        "unused_columns": batch.unused,
        **{verdict: brought.verdicts[verdict] for verdict in ("new", "duplicate", "revision", "quarantined")},
        "outcomes": brought.outcomes,
        "reasons": brought.reasons,
        "deferred": brought.deferred,
        "observed": brought.observed,
        "quarantine": brought.quarantine,
        "loops": [
            {"play": play, "rule": rule, "count": count} for (play, rule), count in brought.loops.items()
        ],
        "rejects": str(written) if written else None,
    }


def _text(batch: Batch, brought: Brought, *, dry_run: bool) -> str:
    return "\n".join(
        [
            *_read_lines(batch),
            *_verdict_lines(brought, dry_run=dry_run),
            *_decision_lines(brought, dry_run=dry_run),
        ]
    )


def _read_lines(batch: Batch) -> Iterator[str]:
    read = batch.counts
    left_out = f"{read.left_out:,} left out by the map, " if read.left_out else ""
    yield f"{read.rows:,} rows, {left_out}{read.rejected_rows:,} rejected"
    if read.skipped:
        yield f"{read.skipped:,} passed over: blank where the map says that there is no response then"
    yield f"{read.responses:,} responses, {read.verbatims:,} verbatims, {read.scores.total():,} scores"
    yield from counts("scores", read.scores)[1:]
    yield f"{read.without_score:,} responses without any score"
    if read.orders["either"]:
        yield (
            f"dates: {read.orders['day_first']:,} rows can only be day first, "
            f"{read.orders['month_first']:,} only month first, {read.orders['either']:,} could be either"
        )
    for dating in ("ambiguous", "stated"):
        if read.dating[dating]:
            yield f"{read.dating[dating]:,} responses {_DATING[dating]}"
    yield from tell_leftovers(batch, read.unlisted)


def _verdict_lines(brought: Brought, *, dry_run: bool) -> Iterator[str]:
    of = brought.verdicts
    yield (
        f"{'would be: ' if dry_run else ''}{of['new']:,} new, {of['duplicate']:,} duplicates, "
        f"{of['revision']:,} revisions, {of['quarantined']:,} quarantined"
    )
    if brought.quarantine:
        yield from counts("in quarantine because", brought.quarantine)


def _decision_lines(brought: Brought, *, dry_run: bool) -> Iterator[str]:
    if brought.outcomes:
        yield from counts("decisions", brought.outcomes)
    if brought.reasons:
        yield from counts("nothing started because", brought.reasons)
    for title, numbers in (("start deferred by", brought.deferred), ("only observed", brought.observed)):
        if numbers:
            yield from counts(title, numbers)
    if brought.loops:
        yield "loops that would start" if dry_run else "loops"
        rows = [(count, play, rule) for (play, rule), count in brought.loops.most_common()]
        yield table(("n", "play", "rule"), rows)
    elif brought.verdicts["new"]:
        yield "no loop would start" if dry_run else "no loop was begun"
