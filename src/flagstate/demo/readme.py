"""The note that lies beside the evidence: that all of it is invented."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flagstate.demo.hub import AS_OF, Hub

_TEXT = """\
All of this folder is invented: the hub, its companies, persons, parcels, traffic and logs. It was made by
`flagstate demo` (scale {scale}, seed {seed}), which audits it as of {as_of}.

Addresses of ranges for documentation and names under .example belong to nobody. Other addresses lie in public ranges:
what the report says of an address (country, network, operator) is public record; that anybody of this case ever used it
is invented. Amazon's and Alibaba's names stand here because logs of their clouds have a form that is read; neither has
anything to do with this case.

No telephone number rings: it lies in a range that is kept for stories, or begins with digits that the country gives to
nobody. Flights begin with YY, which stands for no airline. Air waybills begin with 666: to whom IATA gives prefixes is
not published, and 666 stood in no list that could be found.

What was hidden in this evidence stands in a file truth.json beside this folder, not in it.
"""


def write(hub: Hub, folder: Path, said: Callable[[str], None]) -> dict[str, object]:
    """Write the note.

    Args:
        hub: Its scale and seed stand in the note.
        folder: Of the evidence.
        said: Is told what is being done.
    """
    said("Writing the note that all is invented")
    text = _TEXT.format(scale=f"{hub.scale:,}", seed=hub.seed, as_of=AS_OF)
    (folder / "README.txt").write_text(text, encoding="utf-8")
    return {}
