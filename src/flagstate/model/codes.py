"""The closed lists of words that the tables use, each with its sentence."""

from __future__ import annotations

STANCES = {
    "declared": "Somebody says so.",
    "configured": "An infrastructure description says so.",
    "observed": "It was seen in a log, a capture or a store.",
    "recorded": "A register or a published data set says so.",
}

VERDICTS = {
    "yes": "The adverse sentence of the question holds.",
    "no": "It does not hold, as far as the stated coverage reaches.",
    "unknown": "The evidence does not decide; `missing` says what to collect.",
}

QUESTIONS = {
    "holdings": "Sensitive data is held beyond what was declared.",
    "reach": "A government that the policy does not accept can reach clear data.",
    "flows": "Data leaves, or tries to, other than declared.",
    "cutoff": "A critical service stops and has no tested alternative.",
    "rules": "A rule in force is violated.",
    "claims": "A claim is contradicted.",
}

LEVELS = ("info", "low", "medium", "high", "critical")
"""Severity in rising order; the exit code of an adverse finding is 10 plus its place here."""

CONFIDENCES = ("low", "medium", "high")

OUTCOMES = ("prohibited", "restricted", "breach", "notify", "conflict", "assess", "ok", "not applicable")

READ_STATES = {
    "read": "Every record was read.",
    "partly_read": "Some records were rejected or the artefact is damaged; the rest was read.",
    "not_recognised": "No reader knows this content.",
    "refused": "It was not opened or not expanded, for the stated reason.",
    "failed": "The reading process died or ran out of a bound; nothing of it was used.",
    "duplicate": "The same bytes were given before; counted once.",
    "recorded": "A table of the catalog that facts rest on.",
    "set": "Several rows of the ledger that an aggregate rests on together.",
}

SOURCE_KINDS = {
    "host": "Where the host stands, by a geolocation data set.",
    "host_second": "Where the host stands, by the second data set.",
    "prefix_registrant": "The country under which the address block was registered: says nothing of the host.",
    "as_registration": "The country under which the network (AS) was registered: says nothing of the host.",
    "provider_region": "The region that the provider itself publishes for this address.",
    "configured_region": "The region that an infrastructure description names.",
    "declared": "The operator's own word.",
}

CONFIDENCE_OF_PLACE = {
    "sure": "Both host sources agree, or the provider publishes the region.",
    "likely": "They differ, but the second only repeats the registrant's country.",
    "disputed": "They differ and neither explains the other: both are shown.",
    "none": "No source knows the address.",
}

REACH_LEVELS = (
    "direct_law",
    "direct_place",
    "via_parent",
    "via_person",
    "via_market",
    "covert_only",
    "ciphertext_only",
    "none_found",
)
"""From the most direct; `none_found` never means none."""

RECONCILED = {
    "covered": "Observed, and a declared pattern covers it.",
    "undeclared": "Observed, and no declared pattern covers it.",
    "never_seen": "Declared, and not observed in this window with this coverage.",
    "contradicted": "Declared, and what was observed says otherwise.",
    "unknown": "Neither end is known to be the audited party's, so it cannot be compared.",
}

OWN_ENDS = {
    "orig": "The originator is in a declared network.",
    "resp": "The responder is in a declared network.",
    "both": "Both ends are in declared networks: it stays inside.",
    "none": "Neither end is known to be ours.",
}

BEHAVIOURS = {
    "beacon": "Connections come in a steady rhythm, as a program calls home.",
    "dns_tunnel": "Names under one domain carry data.",
    "encrypted_dns": "Names are asked of a resolver through TLS or HTTPS that nobody declared.",
    "carrier": "A protocol that is not meant for it carries data: ICMP, or a transport of its own.",
    "bulk_upload": "Much more is sent than this pair, and others like it, usually send.",
    "slow_leak": "A little is sent all the time, steadily or growing.",
    "long_connection": "A connection stays open far longer than others.",
    "first_seen": "A destination that nobody called before.",
    "wrong_port": "A protocol runs on a port that is not its own.",
    "clear_text": "Sensitive classes pass unencrypted.",
    "tunnel_exit": "A tunnel, VPN or relay ends outside: what is in it is not seen.",
}
"""Shapes of traffic that are looked for; each names the best innocent explanation beside it."""

CLAIM_KINDS = {
    "fact": "Something that is said to have happened.",
    "allegation": "Something that somebody is said to do, and that is not shown.",
    "opinion": "A judgement or a forecast.",
    "promise": "What a vendor or an operator states of itself.",
    "legal": "What a law is said to do.",
    "number": "A figure.",
}

SOURCE_FORMS = {
    "statement": "Somebody's own statement, on record.",
    "report": "Reporting of one's own.",
    "quote": "Somebody's words as an outlet gives them.",
    "document": "A filing, a notice, a memo.",
    "dataset": "A table of figures.",
    "translation": "The same in another language.",
    "rewrite": "What another outlet reported, in other words.",
    "copy": "What another outlet reported, in its words.",
}
"""Forms of sources; the last three never stand for themselves."""

CLAIM_VERDICTS = {
    "contradicted": "What was seen says otherwise.",
    "supported": "What was seen agrees, and nothing that was seen says otherwise.",
    "not_observed": "Nothing that was seen decides: see the window, the coverage and what to collect.",
    "questionable": "Its own figures hardly agree with each other: ask, before it is used.",
    "not_testable": "It has no test that evidence of this kind could decide.",
}
"""A denial and an absence are neither support nor contradiction."""

MUTATIONS = {
    "number": "A figure changed.",
    "figure": "A figure disappeared, or appeared.",
    "unit": "A unit changed and its figure did not.",
    "hedging": "A hedge disappeared, appeared or changed.",
    "scope": "It speaks of more, of less or of something else.",
    "date": "A date differs.",
    "speaker": "It is put into another mouth.",
    "kind": "An allegation or opinion became a fact, or the reverse.",
    "plausibility": "Two of its figures together are not plausible.",
}
