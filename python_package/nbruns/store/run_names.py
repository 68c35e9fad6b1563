"""Friendly names for runs nobody named."""

from __future__ import annotations

import random

_QUALITIES = """
    agile amber ample arctic bold brave breezy bright brisk calm candid cheery civil clever
    coral cosmic crisp curious daring deft eager early earnest fair fleet fluent frank fresh
    gentle glad golden grand happy hardy honest humble ivory jolly keen kind lively lucid lunar
    mellow merry mild modest neat nimble noble novel patient placid plucky polite proud quick
    quiet rapid ready rosy sage serene sharp silver smooth snug solar sound spry steady subtle
    sunny swift tidy tranquil upbeat valiant vivid warm wise witty zesty
""".split()  # noqa: SIM905
_THINGS = """
    acorn alder anchor aspen aurora badger bay beacon birch bison bloom brook canyon cedar
    cliff cloud comet cove crane creek delta dune eagle elm ember falcon fern field finch fjord
    forest fox gale glade grove gull harbor hawk heath heron hill iris isle jay juniper kelp
    lagoon lake larch lark leaf lily linden lynx maple marsh meadow mesa moon moss oak ocean
    orbit otter owl peak pebble pine plover pond poppy prairie quail rain raven reef ridge
    river robin sparrow spruce star stone stream summit swan thistle tide trail valley willow
    wren
""".split()  # noqa: SIM905


def friendly_name() -> str:
    """Something like `brisk-heron-417`: easy to say, rarely the same twice."""
    return f"{random.choice(_QUALITIES)}-{random.choice(_THINGS)}-{random.randint(0, 999)}"
