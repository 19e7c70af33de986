"""`demo`: something to look at within seconds, without any images of one's own."""

from typing import Any

from pydantic_settings import CliToggleFlag

from medgan.cli.command import Answer, Command
from medgan.cli.data import dataset_answer
from medgan.cli.generate import set_answer
from medgan.cli.terminal import shown_progress
from medgan.jobs import run_here

DATASET, SET = "demo-chest-xray", "demo-synthetic-chest-xray"
IMAGES_PREPARED, IMAGES_DRAWN = 60, 36


class Demo(Command):
    study: CliToggleFlag[bool] = False
    """Go all the way instead: train a GAN on phantoms, score it, and find out whether its images help. Minutes."""

    def run(self) -> Answer:
        if self.study:
            return _studied()
        from medgan.data.phantom_sets import PhantomConfig

        config = PhantomConfig(family="chest_xray", count=IMAGES_PREPARED, size=64, name=DATASET)
        with shown_progress() as progress:
            _, made = run_here("phantom", config, progress)
        dataset = dataset_answer(made)
        drawn = _draw()
        steps = [f"Drew phantom chest X-rays and prepared them. {dataset.text}"]
        if drawn:
            steps.append(f"Drew synthetic images from the generator that comes with medgan. {drawn.text}")
        else:
            steps.append("No chest X-ray generator comes with this copy of medgan, so no images were synthesised.")
        steps.append("Next: `streamlit run app.py` and open the Data page and the Generate page.")
        steps.append("No patient is shown anywhere in this demo.")
        data: dict[str, Any] = {"dataset": dataset.data, "set": drawn.data if drawn else None}
        return Answer(data, "\n".join(steps))


def _studied() -> Answer:
    from medgan.cli.study import study_answer
    from medgan.studies.demo import demo_config

    with shown_progress() as progress:
        _, made = run_here("demo", demo_config(), progress)
    return study_answer(made)


def _draw() -> Answer | None:
    """Draw from the shipped chest X-ray generator; None where there is none."""
    from medgan.studies.synthesis import generate_config
    from medgan.training.run import list_runs

    shipped = [run for run in list_runs() if run.shipped and run.can_sample]
    chest = [run for run in shipped if "chest" in f"{run.name} {run.config.dataset}"]
    if not chest:
        return None
    config = generate_config(chest[0].id, count=IMAGES_DRAWN, name=SET)
    with shown_progress() as progress:
        _, made = run_here("generate", config, progress)
    return set_answer(made)
