"""What spinning threads cost when programs share cores: `python benchmarks/idle_threads.py [--programs 3]`.

Starts the same small convolution loop several times at once: with OpenMP's default, with threads that sleep at once,
and with threads that spin for a moment first, as medgan sets them.
"""

import argparse
import json
import os
import subprocess
import sys

POLICIES = {
    "default": {},
    "sleep at once": {"OMP_WAIT_POLICY": "PASSIVE"},
    "spin a moment": {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "5000"},
}
LOOP = """
import time, torch
net = torch.nn.Sequential(*[torch.nn.Conv2d(32, 32, 3, padding=1) for _ in range(20)])
images = torch.randn(8, 32, 32, 32)
started = time.perf_counter()
for _ in range(15):
    net(images).sum().backward()
print(round(time.perf_counter() - started, 2))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=3, help="programs at once (default 3)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, the policies in turn (default 3)")
    options = parser.parse_args()
    rows = [
        {"programs": programs, "waiting_threads": policy, "seconds": seconds(programs, settings)}
        for programs in (1, options.programs)
        for _ in range(options.rounds)
        for policy, settings in POLICIES.items()
    ]
    print(json.dumps(rows, indent=2))


def seconds(programs: int, settings: dict[str, str]) -> list[float]:
    """Seconds that each of several programs needs when all run at once."""
    ours = {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"}
    environment = {key: value for key, value in os.environ.items() if key not in ours} | settings
    started = [
        subprocess.Popen([sys.executable, "-c", LOOP], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(programs)
    ]
    return [float(process.communicate()[0]) for process in started]


if __name__ == "__main__":
    main()
