"""Every noun in its order: streams, ledger, facts, derived tables, conclusions."""

from __future__ import annotations

from flagstate.model.activity import ACTIVITY
from flagstate.model.agreement import AGREEMENT
from flagstate.model.asset import ASSET
from flagstate.model.claim import CLAIM
from flagstate.model.compelled import COMPELLED
from flagstate.model.connection import CONNECTION
from flagstate.model.control import CONTROL
from flagstate.model.coverage import COVERAGE
from flagstate.model.endpoint import ENDPOINT
from flagstate.model.event import EVENT
from flagstate.model.evidence import EVIDENCE
from flagstate.model.exchange import EXCHANGE
from flagstate.model.finding import FINDING
from flagstate.model.flow import FLOW
from flagstate.model.handshake import HANDSHAKE
from flagstate.model.holding import HOLDING
from flagstate.model.interest import INTEREST
from flagstate.model.judgement import JUDGEMENT
from flagstate.model.legal_entity import LEGAL_ENTITY
from flagstate.model.need import NEED
from flagstate.model.network import NETWORK
from flagstate.model.noun import Column, Noun, conform, digest, empty, rows, stamp
from flagstate.model.place import PLACE
from flagstate.model.policy import POLICY
from flagstate.model.population import POPULATION
from flagstate.model.query import QUERY
from flagstate.model.reach import REACH
from flagstate.model.reconciliation import RECONCILIATION
from flagstate.model.record import RECORD
from flagstate.model.reject import REJECT

ALL = (
    CONNECTION,
    QUERY,
    HANDSHAKE,
    EXCHANGE,
    RECORD,
    EVIDENCE,
    REJECT,
    COVERAGE,
    LEGAL_ENTITY,
    ASSET,
    INTEREST,
    PLACE,
    HOLDING,
    POPULATION,
    FLOW,
    ACTIVITY,
    AGREEMENT,
    CONTROL,
    NEED,
    EVENT,
    CLAIM,
    POLICY,
    NETWORK,
    ENDPOINT,
    RECONCILIATION,
    REACH,
    COMPELLED,
    FINDING,
    JUDGEMENT,
)

NOUNS: dict[str, Noun] = {noun.name: noun for noun in ALL}

STREAMS = tuple(n.name for n in ALL if n.group == "stream")
FACTS = tuple(n.name for n in ALL if n.group == "fact")
STORED = tuple(n.name for n in ALL if n.group != "stream")

__all__ = [
    "ACTIVITY",
    "AGREEMENT",
    "ALL",
    "ASSET",
    "CLAIM",
    "COMPELLED",
    "CONNECTION",
    "CONTROL",
    "COVERAGE",
    "ENDPOINT",
    "EVENT",
    "EVIDENCE",
    "EXCHANGE",
    "FACTS",
    "FINDING",
    "FLOW",
    "HANDSHAKE",
    "HOLDING",
    "INTEREST",
    "JUDGEMENT",
    "LEGAL_ENTITY",
    "NEED",
    "NETWORK",
    "NOUNS",
    "PLACE",
    "POLICY",
    "POPULATION",
    "QUERY",
    "REACH",
    "RECONCILIATION",
    "RECORD",
    "REJECT",
    "STORED",
    "STREAMS",
    "Column",
    "Noun",
    "conform",
    "digest",
    "empty",
    "rows",
    "stamp",
]
