"""The command line: `python -m medgan`. The same configs and the same work as the dashboard's."""

import json
import os
import sys
from collections.abc import Sequence

from medgan.cli.command import Answer, Command, Entry
from medgan.cli.parse import parse
from medgan.common.errors import BadInput, Cancelled
from medgan.common.home import home

SUMMARY = "Train, sample and judge GANs on medical images. Every command has --help and --json."


def entries() -> dict[str, Entry]:
    """The words that may follow the program's name; modules are imported only for the word that does."""
    return {
        "data": Entry("Prepare, draw, list and show data sets.", group=_data),
        "train": Entry("Train a GAN on a data set.", group=_train),
        "import": Entry("Take a generator of a public implementation from a file.", command=_import),
        "generate": Entry("Draw synthetic images from a trained GAN.", command=_generate),
        "export": Entry("A synthetic set as pictures, a table and a data card.", command=_export),
        "evaluate": Entry("Score synthetic images against real ones, with intervals.", command=_evaluate),
        "study": Entry("Does it help? Train on real and on real + synthetic images, and compare.", command=_study),
        "report": Entry("A study as one HTML file to send, and as a CSV; or all published tables.", command=_report),
        "readers": Entry("Reader studies: who has read, what came of it, answers as CSV.", group=_readers),
        "jobs": Entry("List, show, wait for, start, cancel, resume and delete jobs.", group=_jobs),
        "check": Entry("Is everything as it was written? What is damaged or unfinished.", command=_check),
        "weights": Entry("Pre-trained networks: see, download and import them.", group=_weights),
        "users": Entry("Who may sign in to the dashboard with a password.", group=_users),
        "demo": Entry("Make something to look at: phantoms and synthetic images.", command=_demo),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; 0 done, 1 unexpected failure, 2 bad input, 130 cancelled."""
    words = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        command = parse(entries(), SUMMARY, words)
        _make_home()
        return _say(command, command.run())
    except BadInput as error:
        return _fail(error, 2)
    except (Cancelled, KeyboardInterrupt) as error:
        return _fail(str(error) or "cancelled", 130)
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stderr.close()
        return 1
    except Exception as error:
        from medgan.jobs.execution import how_it_ended

        _, failure, reason = how_it_ended(error)
        if failure == "unexpected":
            raise  # a fault of the program: its trace is what helps
        return _fail(reason, 1)


def _make_home() -> None:
    """Make the folder that MEDGAN_HOME names; raises BadInput where that cannot be."""
    try:
        home().mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, `~` of nobody
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadInput(f"MEDGAN_HOME={os.environ.get('MEDGAN_HOME', '')}: is no usable folder ({reason})") from None


def _say(command: Command, answer: Answer) -> int:
    print(json.dumps(answer.data, indent=2, default=str) if command.as_json else answer.text, flush=True)
    return answer.exit_code


def _fail(problem: object, exit_code: int) -> int:
    print(f"medgan: {' '.join(str(problem).split())}", file=sys.stderr)
    return exit_code


def _data() -> dict[str, Entry]:
    from medgan.cli import data

    return data.entries()


def _train() -> dict[str, Entry]:
    from medgan.cli import train

    return train.entries()


def _import() -> type[Command]:
    from medgan.cli import importing

    return importing.command()


def _generate() -> type[Command]:
    from medgan.cli import generate

    return generate.command()


def _export() -> type[Command]:
    from medgan.cli import export

    return export.command()


def _evaluate() -> type[Command]:
    from medgan.cli import evaluate

    return evaluate.command()


def _study() -> type[Command]:
    from medgan.cli import study

    return study.command()


def _report() -> type[Command]:
    from medgan.cli import report

    return report.command()


def _readers() -> dict[str, Entry]:
    from medgan.cli import readers

    return readers.entries()


def _jobs() -> dict[str, Entry]:
    from medgan.cli import jobs

    return jobs.entries()


def _check() -> type[Command]:
    from medgan.cli import check

    return check.Check


def _weights() -> dict[str, Entry]:
    from medgan.cli import weights

    return weights.entries()


def _users() -> dict[str, Entry]:
    from medgan.cli import users

    return users.entries()


def _demo() -> type[Command]:
    from medgan.cli import demo

    return demo.Demo
