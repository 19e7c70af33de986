"""What spinning threads cost when programs share cores: `python benchmarks/idle_threads.py [--programs 3]`.

Starts the same small convolution loop several times at once, with OpenMP's default and with sleeping threads.
"""

import argparse
import json
import os
import subprocess
import sys

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
    parser.add_argument("--rounds", type=int, default=3, help="rounds, the two policies in turn (default 3)")
    options = parser.parse_args()
    rows = [
        {"programs": programs, "waiting_threads": policy or "default", "seconds": seconds(programs, policy)}
        for programs in (1, options.programs)
        for _ in range(options.rounds)
        for policy in ("", "PASSIVE")
    ]
    print(json.dumps(rows, indent=2))


def seconds(programs: int, policy: str) -> list[float]:
    """Seconds that each of several programs needs when all run at once."""
    environment = {key: value for key, value in os.environ.items() if key != "OMP_WAIT_POLICY"}
    environment |= {"OMP_WAIT_POLICY": policy} if policy else {}
    started = [
        subprocess.Popen([sys.executable, "-c", LOOP], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(programs)
    ]
    return [float(process.communicate()[0]) for process in started]


if __name__ == "__main__":
    main()
