"""The two ends of the link: network namespaces, each with a TUN device that this process reads and writes."""

import contextlib
import fcntl
import json
import os
import pathlib
import re
import signal
import struct
import subprocess

DEVICE = "link0"
NAMESPACE_DIRECTORY = pathlib.Path("/run/netns")
DEVICE_QUEUE_PACKETS = 10_000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


class SetupError(Exception):
    """The link cannot be created on this machine."""


def ip(*arguments: str) -> str:
    """Runs iproute2's `ip` and returns its output."""
    try:
        return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        raise SetupError("iproute2 is not installed") from None
    except subprocess.CalledProcessError as error:
        raise SetupError(f"ip {' '.join(arguments)}: {error.stderr.strip()}") from None


def namespace_name(side: str) -> str:
    """Returns the name of this process's namespace for one side, unique among the processes that run."""
    return f"link-{os.getpid()}-{side}"


def kill_processes(namespace: str) -> None:
    """Kills the processes inside a namespace."""
    with contextlib.suppress(SetupError):
        for pid in ip("netns", "pids", namespace).split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


def remove_namespace(namespace: str) -> None:
    """Kills the processes inside a namespace and removes it; does nothing if it does not exist."""
    kill_processes(namespace)
    with contextlib.suppress(SetupError):
        ip("netns", "del", namespace)


def remove_abandoned_namespaces() -> None:
    """Removes the namespaces of processes that were killed before they could remove them."""
    for path in NAMESPACE_DIRECTORY.glob("link-*"):
        owner = re.fullmatch(r"link-(\d+)-(?:client|server)", path.name)
        if owner and (int(owner[1]) == os.getpid() or not os.path.exists(f"/proc/{owner[1]}")):
            remove_namespace(path.name)


def open_tun() -> tuple[int, str]:
    """Creates a TUN device; returns its descriptor and the name that the kernel gave it."""
    try:
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        request = fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", b"wirelab%d", IFF_TUN | IFF_NO_PI))
    except OSError as error:
        raise SetupError(f"/dev/net/tun: {error.strerror}") from None
    return device, request[:16].rstrip(b"\0").decode()


def create_host(namespace: str, address: str) -> int:
    """Creates a namespace with an address on a TUN device; returns the device's descriptor."""
    ip("netns", "add", namespace)
    device, name = open_tun()
    ip("link", "set", name, "netns", namespace, "name", DEVICE)  # the descriptor stays attached to the device
    ip("-n", namespace, "link", "set", "lo", "up")
    ip("-n", namespace, "addr", "add", f"{address}/30", "dev", DEVICE)
    ip("-n", namespace, "link", "set", DEVICE, "addrgenmode", "none")  # without IPv6 there is no background traffic
    ip("-n", namespace, "link", "set", DEVICE, "txqueuelen", str(DEVICE_QUEUE_PACKETS), "up")
    return device


def queue_overflows(namespace: str) -> int:
    """Returns the number of packets that the namespace's device dropped because its queue was full."""
    [device] = json.loads(ip("-n", namespace, "-json", "-statistics", "link", "show", DEVICE))
    return device["stats64"]["tx"]["dropped"]
