"""The traffic of two weeks of the invented hub: logs of its sensor and a short capture, with the truth beside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path

import numpy as np

from flagstate.demo import capture, leaks
from flagstate.demo.hub import Hub
from flagstate.demo.leaks import Asked, Story
from flagstate.demo.ordinary import life
from flagstate.demo.sensor import Sensor
from flagstate.demo.sessions import ADDRESSES, DAY, STATES, Sessions, ported, together

COUNTED = ("conns", "failed_conns", "orig_bytes", "resp_bytes")


def write(hub: Hub, folder: Path, said: Callable[[str], None]) -> dict[str, object]:
    """Write the traffic and return what is true of it, counted while it was made.

    Args:
        hub: How large, and by which seed.
        folder: Of the evidence; `traffic` is made in it.
        said: Is told what is being done.

    Returns:
        `destinations` by "resp_h:resp_p" with connections, attempts that failed, and bytes of both ends;
        `hidden` and `decoys` with their ends, and of what is hidden the behaviours by which it shows; `files` with
        the records of each; `extract`, the connections that are in the capture as well as in the logs.
    """
    out = folder / "traffic"
    out.mkdir(parents=True, exist_ok=True)
    hidden, decoys = leaks.hidden(hub), leaks.decoys(hub)
    stories = [*hidden, *decoys]
    asked = _asked(stories)
    counted: dict[str, Counter[str]] = {}
    count, last = 0, stories[0].sessions
    with Sensor(hub, out) as sensor:
        for number, (day, us) in enumerate(leaks.days(hub)):
            if number % 7 == 0:
                said(f"Writing the network traffic of week {number // 7 + 1}")
            parts = chain(life(hub, day, us), (one.sessions for one in stories))
            # A look-up that comes before midnight belongs to the day before, which is written: it stays a day's own.
            found = together(part.between(us, us + DAY) for part in parts)
            last = ported(found, count)
            sensor.day(day, last, asked)
            _count(counted, last)
            count += len(last)
    taken = capture.write(out / "extract.pcap", last)
    return {
        "from": hub.sensor_from.isoformat(),
        "connections": count,
        "extract": taken,
        "files": dict(sorted(sensor.files.items())),
        "destinations": {end: dict(counted[end]) for end in sorted(counted)},
        "hidden": [_told(one) for one in hidden],
        "decoys": [_told(one) for one in decoys],
    }


def _asked(stories: list[Story]) -> Mapping[int, tuple[Asked, ...]]:
    """Return all questions that share connections, by the number of their session."""
    return {number: found for one in stories for number, found in one.asked.items()}


def _told(story: Story) -> dict[str, object]:
    """Return what is true of a thread, with its sums over all of its connections with the far end."""
    mine = story.sessions
    many = story.told.get("ports")
    ports = np.array(many if isinstance(many, list) else [story.told["resp_p"]], np.int64)
    mine = mine.take((mine.resp_h == ADDRESSES.index(str(story.told["resp_h"]))) & np.isin(mine.resp_p, ports))
    return {**story.told, **_sums(mine)}


def _sums(given: Sessions) -> dict[str, int]:
    failed = int((given.state != STATES.index("SF")).sum())
    return dict(
        zip(COUNTED, (len(given), failed, int(given.orig_bytes.sum()), int(given.resp_bytes.sum())), strict=True)
    )


def _count(into: dict[str, Counter[str]], given: Sessions) -> None:
    """Add the connections of a day to the sums of their destinations."""
    ends, at = np.unique(given.resp_h * 65_536 + given.resp_p, return_inverse=True)
    for number, end in enumerate(ends.tolist()):
        key = f"{ADDRESSES[end // 65_536]}:{end % 65_536}"
        into.setdefault(key, Counter()).update(_sums(given.take(at == number)))
