"""Carrying out a downstream study: each arm is trained and tested with each seed, once, and then judged."""

import json
from collections.abc import Sequence

from filelock import FileLock, Timeout

from medgan.common.artefact import (
    MANIFEST,
    atomic_file,
    checked_name,
    commit,
    drop_damaged,
    is_whole,
    sweep,
    write_atomic,
)
from medgan.common.config import read_json
from medgan.common.errors import BadInput, Busy
from medgan.common.home import studies_folder
from medgan.common.jsonl import write_jsonl
from medgan.common.progress import Portion, Progress, Silent
from medgan.common.repro import environment
from medgan.common.spread import Call, Spread, one_by_one
from medgan.downstream.backbones import is_small
from medgan.studies.arms import REAL
from medgan.studies.keeping import keep, whole_rows
from medgan.studies.study import CONFIG, GRID, ROWS, TEST, VERDICTS, Study, StudyConfig, part_of
from medgan.studies.trainings import Trainings
from medgan.studies.verdict import Verdict, verdicts

NETWORK = "network.json"
"""Which network the study began with."""


def run_study(config: StudyConfig, progress: Progress | None = None, spread: Spread = one_by_one) -> Study:
    """Carry a study out; what an earlier attempt tested is not trained again. `spread` says where it is trained.

    Raises BadInput where data or sets are gone, do not fit, or hold test images; Cancelled when asked to stop: what was
    tested is kept.
    """
    folder = studies_folder() / checked_name(config.study)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=0):
            if (folder / MANIFEST).exists():
                if is_whole(folder):
                    return Study.read(folder)
                Trainings(config)  # raises where data are gone: then nothing of the damaged study is cleared away
                drop_damaged(folder)
            sweep(folder)
            write_atomic(folder / CONFIG, config.to_json())
            return _Running(Study.read(folder), progress or Silent(), spread).carry_out()
    except Timeout:
        raise Busy(f"study {config.study} is being carried out by another process") from None


class _Running:
    """A study under way."""

    def __init__(self, study: Study, progress: Progress, spread: Spread) -> None:
        self.study, self.config, self.progress, self.spread = study, study.config, progress, spread
        self.trainings = Trainings(self.config)
        self.dataset, self.arms = self.trainings.dataset, self.trainings.arms

    def carry_out(self) -> Study:
        self._settle_network()
        self._write_test()
        if self.config.grid:
            self._search()
        self._test()
        found = self._judge()
        self._finish(found)
        return Study.read(self.study.folder)

    def _settle_network(self) -> None:
        """Raise BadInput where the study began with another network, as weights have come or gone since."""
        path, network = self.study.folder / NETWORK, self.trainings.network
        if not path.exists():
            write_atomic(path, json.dumps({"network": network}) + "\n")
        before = read_json(path).get("network")
        both_small = is_small(str(before)) and is_small(network)  # whatever the words of why it was taken
        if before != network and not both_small:
            raise BadInput(
                f"study {self.config.name} began with {before}, and would go on with {network}: arms of different "
                "networks cannot be compared; start it anew, or bring the weights back as they were"
            )

    def _write_test(self) -> None:
        items = self.dataset.items.iloc[self.dataset.indices("test")][["id", "label", "patient_id"]]
        with atomic_file(self.study.folder / TEST) as stream:
            items.reset_index(drop=True).to_parquet(stream)

    def _search(self) -> None:
        """Choose settings once, on validation images; an earlier attempt's choice stands where it can be read."""
        path = self.study.folder / GRID
        try:
            rows, chosen = part_of(path, "rows", list), part_of(path, "chosen", dict)
        except BadInput:
            ((_, (rows, chosen)),) = self.spread(self.trainings.search, [Call("choosing settings")], self.progress)
            write_atomic(path, json.dumps({"rows": rows, "chosen": chosen}, indent=2) + "\n")
        self.trainings = self.trainings.with_settings(chosen)

    def _test(self) -> None:
        """Train and test each arm with every seed that is left, or of which something is damaged."""
        folder, groups = self.study.folder, self.trainings.groups
        rows = whole_rows(folder)
        write_jsonl(folder / ROWS, rows)
        done = {(row["number"], row["seed"]) for row in rows}
        left = [(number, seeds) for number, seeds in groups if not done.issuperset((number, seed) for seed in seeds)]
        calls = [Call(self._words(number, seeds), (number, seeds)) for number, seeds in left]
        watched = Portion(self.progress, 1 - len(left) / len(groups), 1.0)
        for call, outcomes in self.spread(self.trainings.tested, calls, watched):
            for outcome in outcomes:
                if (call.arguments[0], outcome.seed) not in done:
                    keep(folder, call.arguments[0], self.arms[call.arguments[0]].name, outcome)

    def _words(self, number: int, seeds: Sequence[int]) -> str:
        """What is trained at once, for people."""
        return self.arms[number].name + (f", seed {seeds[0]}" if len(seeds) == 1 else "")

    def _judge(self) -> dict[str, Verdict]:
        self.progress.update(0, 0, "comparing the arms")
        if len(self.arms) < 2:
            return {}
        per_arm = {arm.name: self.study.per_image(number) for number, arm in enumerate(self.arms)}
        real, patients = per_arm.pop(REAL), self.trainings.material.patients
        found = verdicts(
            per_arm, real, patients, score=self.trainings.score, resamples=self.config.resamples,
            seed=self.config.first_seed, against={arm.name: arm.measure for arm in self.arms if arm.measure != REAL},
        )  # fmt: skip
        told = [verdict.as_row() for verdict in found.values()]
        write_atomic(self.study.folder / VERDICTS, json.dumps({"verdicts": told}, indent=2, default=float) + "\n")
        return found

    def _finish(self, found: dict[str, Verdict]) -> None:
        labels = [verdict.label for verdict in found.values()]
        material = self.trainings.material
        write_jsonl(self.study.folder / ROWS, self.study.rows_in_order())  # trained side by side, they came in any
        commit(
            self.study.folder,
            kind="study",
            id=self.config.study,
            name=self.config.name,
            config=self.config.model_dump(mode="json"),
            parents=[self.dataset.id, *material.sets],
            environment=environment(),
            summary={
                "dataset": self.dataset.name,
                "task": self.config.task,
                "score": self.trainings.score,
                "arms": [arm.name for arm in self.arms],
                "seeds": self.config.seeds,
                "test_images": len(self.dataset.indices("test")),
                "train_images": len(self.dataset.indices("train")),
                "network": self.trainings.network,
                "helps": labels.count("helps"),
                "hurts": labels.count("hurts"),
                "notes": [*material.notes, *material.left_out],
            },
        )
