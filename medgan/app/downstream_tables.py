"""A study's verdicts as cards, and its table of arms, which fills while the study runs."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from medgan.app import cached
from medgan.app.choosing_sets import gan_words
from medgan.app.downstream_network import SEGMENTERS
from medgan.app.downstream_studies import Entry, arm_names, means_of, short_trainings_of, tested
from medgan.app.downstream_words import (
    BEST,
    IN_SHORT,
    MORE,
    SCORES,
    VERDICT_MARKS,
    Score,
    best_of,
    cell,
    found_in_short,
)
from medgan.app.job_view import buttons, progress_line, state_badge
from medgan.app.words import NOTHING, counted, listed, plain
from medgan.studies.arms import REAL

ICONS = {"helps": ":material/trending_up:", "hurts": ":material/trending_down:", "cannot be told": ":material/balance:"}
MOST_UNTOLD = 2
"""Arms of which nothing can be told that are in view; the rest are folded away, all but one where space is short."""
UNTOLD = "cannot be told"


def show(entry: Entry, *, short: bool) -> None:
    """One study: what it is, how far, its verdicts, its table; `short` shows fewer scores."""
    st.subheader(plain(entry.name), anchor=False)
    st.caption("  \n".join(filter(None, (_facts(entry), _drawn_by(entry)))))
    _progress(entry)
    verdicts = entry.verdicts
    show_verdicts(list(verdicts.values()), most_untold=1 if short else MOST_UNTOLD)
    scores = SCORES[entry.config.task]
    shown = (
        dict(list(scores.items())[:IN_SHORT])
        if short
        else {name: score for name, score in scores.items() if name not in MORE}
    )
    _draw(table(entry, shown, verdicts), f"Scores of the arms of study {entry.name}")
    rest = {name: scores[name] for name in MORE if name in scores}
    if rest and not short:
        with st.expander("More scores"):
            _draw(table(entry, rest, {}), f"More scores of the arms of study {entry.name}")
    notes = [] if entry.study is None or entry.study.manifest is None else entry.study.manifest.summary["notes"]
    for note in [*notes, *short_trainings_of(entry)]:
        st.caption(f":material/warning: {plain(note)}")


def _facts(entry: Entry) -> str:
    """Task, data, seeds and network in a line."""
    config = entry.config
    found = f"to find {config.positive.replace('_', ' ')}" if config.task == "classification" else "with masks"
    facts = [f"{config.task.capitalize()} {found} on {entry.dataset_name}", counted(config.seeds, "seed")]
    if entry.study and entry.study.manifest:
        summary = entry.study.manifest.summary
        facts[1:1] = [f"{summary['train_images']:,} real training and {summary['test_images']:,} test images"]
        facts.append(f"network: {SEGMENTERS.get(summary['network'], summary['network'])}")
    return plain(" · ".join(facts))


def _drawn_by(entry: Entry) -> str:
    """What drew the synthetic images of a study, and how far that was trained; empty where there are none."""
    ids = dict.fromkeys(id for group in entry.config.sets for id in group.split("+"))
    here = {synthetic.id: synthetic for synthetic in cached.sets()}
    told = [f"{here[id].name} by {gan_words(here[id])}" if id in here else f"{id}, which is gone" for id in ids]
    return plain(f"Synthetic images: {listed(told)}") if told else ""


def _progress(entry: Entry) -> None:
    """How far a study is that is not finished, and the buttons of its job."""
    if entry.study and entry.study.finished:
        return
    done, total = tested(entry)
    if entry.job is None:
        st.info(
            f"Not finished: {done:,} of {total:,} trainings were tested. No job works on it; carried out again "
            "with the same config, it goes on where it stopped.",
            icon=":material/info:",
        )
        return
    status = entry.job.status()
    with st.container(horizontal=True, vertical_alignment="center"):
        state_badge(status)
        st.markdown(f"{done:,} of {total:,} trainings tested", width="content")
        buttons(entry.job, status, "study")
    progress_line(entry.job, status)


def show_verdicts(verdicts: Sequence[Mapping[str, Any]], *, most_untold: int = MOST_UNTOLD) -> None:
    """A card for each arm that helps or hurts, one for all others; draws nothing before there are verdicts."""
    if not verdicts:
        return
    st.markdown(f"**{found_in_short(verdicts)}**")
    for label, draw in (("helps", st.success), ("hurts", st.warning)):
        for verdict in verdicts:
            if verdict["label"] == label:
                draw(plain(verdict["sentence"]), icon=ICONS[label])
    untold = [plain(verdict["sentence"]) for verdict in verdicts if verdict["label"] == UNTOLD]
    if not untold:
        return
    st.info("\n\n".join(untold[:most_untold]), icon=ICONS[UNTOLD])
    if rest := untold[most_untold:]:
        with st.expander(f"{counted(len(rest), 'more arm')} of which it cannot be told"):
            st.markdown("\n".join(f"- {sentence}" for sentence in rest))


def _draw(found: pd.DataFrame, alternative: str) -> None:
    st.table(found, hide_index=True, border="horizontal", alt=alternative)


def table(entry: Entry, scores: Mapping[str, Score], verdicts: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """One row an arm, in Markdown: each score averaged over the seeds, the best marked once every arm is complete; the
    verdicts, if any."""
    means = {name: means_of(entry, name) for name in scores}
    done, total = tested(entry)
    complete = done >= total  # no arm is the best before every arm has had all its trainings
    best = {name: best_of(means[name], score) if complete else set() for name, score in scores.items()}
    rows = entry.rows
    seeds = {} if rows.empty else rows["arm"].value_counts().to_dict()
    found = []
    for arm in arm_names(entry):
        row = {"Arm": f"**{plain(arm)}**"}
        if not (entry.study and entry.study.finished):
            row["Seeds"] = f"{seeds.get(arm, 0)} of {entry.config.seeds}"
        for name, score in scores.items():
            words = cell(means[name].get(arm), score)
            row[score.title] = f"{BEST}\u00a0**{words}**" if arm in best[name] else words
            if verdicts and name == next(iter(scores)):
                row["Against real alone"] = _verdict_words(arm, verdicts)
        found.append(row)
    return pd.DataFrame(found)


def _verdict_words(arm: str, verdicts: Mapping[str, Mapping[str, Any]]) -> str:
    """The verdict on an arm in a word and a mark, with the difference; those that tell something strong."""
    if arm not in verdicts:
        return "the measure" if arm == REAL else NOTHING
    verdict = verdicts[arm]
    words = f"{VERDICT_MARKS[verdict['label']]}, {verdict['difference']:+.3f}"
    return words if verdict["label"] == UNTOLD else f"**{words}**"
