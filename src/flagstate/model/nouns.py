"""Every noun in its order: streams, ledger, facts, derived tables, conclusions."""

from __future__ import annotations

from flagstate.model.activity import ACTIVITY
from flagstate.model.agreement import AGREEMENT
from flagstate.model.asset import ASSET
from flagstate.model.behaviour import BEHAVIOUR
from flagstate.model.claim import CLAIM
from flagstate.model.claim_verdict import CLAIM_VERDICT
from flagstate.model.compelled import COMPELLED
from flagstate.model.concentration import CONCENTRATION
from flagstate.model.connection import CONNECTION
from flagstate.model.contradiction import CONTRADICTION
from flagstate.model.control import CONTROL
from flagstate.model.control_chain import CONTROL_CHAIN
from flagstate.model.coverage import COVERAGE
from flagstate.model.covered import COVERED
from flagstate.model.custody import CUSTODY
from flagstate.model.cutoff import CUTOFF
from flagstate.model.endpoint import ENDPOINT
from flagstate.model.event import EVENT
from flagstate.model.evidence import EVIDENCE
from flagstate.model.exchange import EXCHANGE
from flagstate.model.finding import FINDING
from flagstate.model.flow import FLOW
from flagstate.model.handshake import HANDSHAKE
from flagstate.model.holding import HOLDING
from flagstate.model.identity import IDENTITY
from flagstate.model.interest import INTEREST
from flagstate.model.judgement import JUDGEMENT
from flagstate.model.key_use import KEY_USE
from flagstate.model.legal_entity import LEGAL_ENTITY
from flagstate.model.measure import MEASURE
from flagstate.model.mutation import MUTATION
from flagstate.model.need import NEED
from flagstate.model.network import NETWORK
from flagstate.model.noun import Column, Noun, conform, digest, empty, rows, stamp
from flagstate.model.owned_share import OWNED_SHARE
from flagstate.model.person_count import PERSON_COUNT
from flagstate.model.place import PLACE
from flagstate.model.plan import PLAN
from flagstate.model.policy import POLICY
from flagstate.model.population import POPULATION
from flagstate.model.provenance import PROVENANCE
from flagstate.model.query import QUERY
from flagstate.model.reach import REACH
from flagstate.model.reconciliation import RECONCILIATION
from flagstate.model.record import RECORD
from flagstate.model.reject import REJECT
from flagstate.model.reliance import RELIANCE
from flagstate.model.source import SOURCE
from flagstate.model.tls_client import TLS_CLIENT
from flagstate.model.ultimate_parent import ULTIMATE_PARENT

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
    TLS_CLIENT,
    ACTIVITY,
    AGREEMENT,
    CONTROL,
    NEED,
    RELIANCE,
    EVENT,
    SOURCE,
    CLAIM,
    POLICY,
    MEASURE,
    NETWORK,
    ENDPOINT,
    RECONCILIATION,
    BEHAVIOUR,
    IDENTITY,
    CONTRADICTION,
    CONTROL_CHAIN,
    ULTIMATE_PARENT,
    OWNED_SHARE,
    COVERED,
    COMPELLED,
    CUSTODY,
    KEY_USE,
    REACH,
    CUTOFF,
    CONCENTRATION,
    PERSON_COUNT,
    PLAN,
    PROVENANCE,
    MUTATION,
    CLAIM_VERDICT,
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
    "BEHAVIOUR",
    "CLAIM",
    "CLAIM_VERDICT",
    "COMPELLED",
    "CONCENTRATION",
    "CONNECTION",
    "CONTRADICTION",
    "CONTROL",
    "CONTROL_CHAIN",
    "COVERAGE",
    "COVERED",
    "CUSTODY",
    "CUTOFF",
    "ENDPOINT",
    "EVENT",
    "EVIDENCE",
    "EXCHANGE",
    "FACTS",
    "FINDING",
    "FLOW",
    "HANDSHAKE",
    "HOLDING",
    "IDENTITY",
    "INTEREST",
    "JUDGEMENT",
    "KEY_USE",
    "LEGAL_ENTITY",
    "MEASURE",
    "MUTATION",
    "NEED",
    "NETWORK",
    "NOUNS",
    "OWNED_SHARE",
    "PERSON_COUNT",
    "PLACE",
    "PLAN",
    "POLICY",
    "POPULATION",
    "PROVENANCE",
    "QUERY",
    "REACH",
    "RECONCILIATION",
    "RECORD",
    "REJECT",
    "RELIANCE",
    "SOURCE",
    "STORED",
    "STREAMS",
    "TLS_CLIENT",
    "ULTIMATE_PARENT",
    "Column",
    "Noun",
    "conform",
    "digest",
    "empty",
    "rows",
    "stamp",
]
