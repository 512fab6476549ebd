"""The command line of `link`."""

import argparse

from .direction import Faults


def probability(text: str) -> float:
    """Parses a number from 0 to 1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a probability (0 to 1)")
    return value


def milliseconds(text: str) -> float:
    """Parses a duration of 0 ms or more."""
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of milliseconds (0 or more)")
    return value


def burst(text: str) -> tuple[float, float]:
    """Parses the two transition probabilities of the Gilbert-Elliott model."""
    good_to_bad, _, bad_to_good = text.partition(",")
    return probability(good_to_bad), probability(bad_to_good)


FAULT_OPTIONS = (
    ("--loss", "P", probability, 0.0, "probability that a packet is lost"),
    ("--burst", "P,R", burst, (0.0, 1.0), "burst loss: probability P of good to bad, R of bad to good"),
    ("--delay-ms", "MS", milliseconds, 0.0, "delay of every packet"),
    ("--jitter-ms", "MS", milliseconds, 0.0, "uniform variation of the delay, plus or minus MS"),
    ("--reorder", "P", probability, 0.0, "probability that a packet is held back for --reorder-ms"),
    ("--reorder-ms", "MS", milliseconds, 5.0, "extra delay of a packet that is held back (default 5)"),
    ("--duplicate", "P", probability, 0.0, "probability that a packet is delivered twice"),
    ("--corrupt", "P", probability, 0.0, "probability that one bit of a UDP payload is inverted"),
)


def parse(description: str, arguments: list[str]) -> argparse.Namespace:
    """Parses the command line; ends the program with status 2 if it is not valid."""
    parser = argparse.ArgumentParser(
        prog="link",
        usage="link [OPTIONS] -- COMMAND [ARGUMENTS]",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    faults = parser.add_argument_group("faults of both directions; with -up or -down appended, of one")
    for flag, metavar, kind, default, text in FAULT_OPTIONS:
        faults.add_argument(flag, metavar=metavar, type=kind, default=default, help=text)
        for direction in ("up", "down"):
            faults.add_argument(f"{flag}-{direction}", metavar=metavar, type=kind, help=argparse.SUPPRESS)
    parser.add_argument("--keep-order", action="store_true", help="deliver packets in order whatever their delays")
    parser.add_argument("--seed", type=int, default=1, help="seed of the random numbers (default 1)")
    parser.add_argument("--log", metavar="FILE", help="write a line of JSON for each UDP packet to FILE at the end")
    parser.add_argument("command", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.command[:1] == ["--"]:
        options.command.pop(0)
    if not options.command:
        parser.error("COMMAND is missing")
    return options


def faults_of(options: argparse.Namespace, direction: str) -> Faults:
    """Returns the faults of one direction: each the option for that direction, else the option for both."""
    given = vars(options)
    chosen = {}
    for flag, *_ in FAULT_OPTIONS:
        name = flag[2:].replace("-", "_")
        own = given[f"{name}_{direction}"]
        chosen[name] = given[name] if own is None else own
    return Faults(**chosen, keep_order=options.keep_order)
