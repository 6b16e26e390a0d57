"""``Processes``: a name for each process, and whether it is over."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from balcao.application.ports import Processes
from balcao.infrastructure.external.processes import MachineProcesses
from tests.fakes import FakeProcesses

PRINT_NAME = "from balcao.infrastructure.external.processes import MachineProcesses as P; print(P().me()); input()"


def test_a_fake_tells_apart_who_runs() -> None:
    running = {"um", "dois"}
    one: Processes = FakeProcesses("um", running)
    assert not one.is_gone(one.me())
    running.discard("dois")
    assert one.is_gone("dois")


LATER_CLOCK = """
import psutil._pslinux as linux
real = linux.boot_time
linux.boot_time = lambda: real() + 30
"""


@pytest.mark.parametrize("clock", ["", LATER_CLOCK])
def test_a_process_of_this_machine_is_gone_when_it_is_over(clock: str) -> None:
    processes: Processes = MachineProcesses()
    assert processes.me() == MachineProcesses().me()
    assert not processes.is_gone(processes.me())
    other = subprocess.Popen(
        [sys.executable, "-c", clock + PRINT_NAME], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    name = other.stdout.readline().strip()
    assert not processes.is_gone(name)
    other.kill()
    other.communicate()
    assert processes.is_gone(name)


@pytest.mark.parametrize(
    "change",
    [
        lambda name: f"outra-maquina/{name.partition('/')[2]}",
        lambda name: name.replace("/", "-"),
        lambda _: "",
    ],
)
def test_what_is_of_another_machine_is_not_known_to_be_gone(change: Callable[[str], str]) -> None:
    processes = MachineProcesses()
    assert not processes.is_gone(change(processes.me()))


def test_a_number_that_another_process_has_by_now_is_not_that_process() -> None:
    processes = MachineProcesses()
    assert processes.is_gone(f"{processes.me().rpartition('/')[0]}/1.0")
