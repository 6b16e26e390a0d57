"""Processes of this machine."""

import os
import socket
from pathlib import Path

import psutil

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")
_STARTED = 19
"""Field 22 of /proc/PID/stat, counted behind the process's name, which is the second (proc_pid_stat(5))."""


class MachineProcesses:
    """Implements ``Processes``: by machine, its boot, its namespace of process numbers, number and starting time.

    A container's numbers begin again at 1 on a machine that it shares: hence the namespace (pid_namespaces(7)). The
    starting time is in the kernel's ticks since boot, which do not move when the clock is set.
    """

    def __init__(self) -> None:
        self._place = f"{socket.gethostname()}/{_first_line(_BOOT)}/{_namespace()}"
        self._name = f"{self._place}/{os.getpid()}/{_start_of(psutil.Process())}"

    def me(self) -> str:
        """This process."""
        return self._name

    def is_gone(self, name: str) -> bool:
        """Whether no process of this place has that number and starting time."""
        place, _, process = name.rpartition("/")
        place, _, number = place.rpartition("/")
        if place != self._place or not number.isdigit():
            return False
        try:
            found = psutil.Process(int(number))
            return _start_of(found) != process or found.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True


def _start_of(process: psutil.Process) -> str:
    """When a process started; without /proc, by the clock."""
    try:
        return Path(f"/proc/{process.pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[_STARTED]
    except OSError:
        return str(process.create_time())


def _first_line(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _namespace() -> str:
    try:
        return str(_NAMESPACE.readlink())
    except OSError:
        return ""
