"""Proofs of reach as plain sentences, each link with its status, so that a reader can check them one by one."""

from __future__ import annotations

from collections.abc import Mapping

from flagstate.assess.forms import Form
from flagstate.assess.keys import Key
from flagstate.assess.proofs import Proof, Step
from flagstate.assess.subject import Subject
from flagstate.catalog.country_names import country_name

CLEAR = "no key is known, so that the data is presumed readable"
_METADATA = "metadata: sizes, times, names and who connects"
_UNSHOWN = {
    "stored": "that it is only stored there is only declared",
    "moved": "that it only passes there is only declared",
    "split": "that it is one share of several is only declared",
}
_GROUPS = {"EU": "The European Union", "EEA": "The European Economic Area"}


def government_name(code: str) -> str:
    """Return a government as a sentence begins with it."""
    return _GROUPS.get(code) or country_name(code)


def proof_words(
    proof: Proof,
    subject: Subject,
    container: str | None,
    *,
    names: Mapping[str, str],
    keys: Mapping[str, Key],
    shown: Mapping[str, Subject],
) -> str:
    """Return a proof as one sentence.

    Args:
        proof: The proof.
        subject: What it reaches.
        container: The table, file or path; null: whatever is there.
        names: Name of each entity.
        keys: Every key.
        shown: Every subject, for the other shares of data that is split.
    """
    chains: list[str] = []
    told: set[int] = set()
    for atom, step in proof.steps:
        law = proof.atoms[atom].ground.proof
        about = "" if step.key_id is None else f"key {keys[step.key_id].shown}: "
        if step.key_id is None and step.about != subject.subject_id:
            about = f"{shown[step.about].words()}: "
        if atom in told and proof.atoms[atom].kind == "entity":
            law = names.get(proof.atoms[atom].about, proof.atoms[atom].about)
            chains.append(f"{about}{law} {_own(step)}")
        else:
            chains.append(about + " → ".join(part for part in (law, step.words) if part))
        told.add(atom)
    what = what_words(proof, subject, container)
    return f"{government_name(proof.government)} {_can(proof, what)}: {'; and '.join(chains)}{_why(proof, keys)}."


def what_words(proof: Proof, subject: Subject, container: str | None) -> str:
    """Return what a proof reaches, as a sentence names it: of several hosts only those that stand there."""
    places = {atom.ground.via_id for atom in proof.atoms if atom.kind == "place"}
    only = next(iter(places)) if len(places) == 1 and len(proof.atoms) == 1 else None
    words = subject.words(only)
    return words if container is None else f"{container} of {words}"


def _own(step: Step) -> str:
    return step.words or "has it on its territory"


def _can(proof: Proof, what: str) -> str:
    if proof.level == "covert_only":
        of = "" if proof.data == "clear" else f"{_METADATA}, of "
        return f"can reach {of}{what}, but only covertly"
    return f"can reach {what}" if proof.data == "clear" else f"can reach {_METADATA}, of {what}"


def _why(proof: Proof, keys: Mapping[str, Key]) -> str:
    """Say why the data is clear, or why it is not."""
    form = proof.part.form
    if proof.data != "clear":
        return "".join(f"; {reason}" for reason in proof.stopped_by)
    if form.unshown or proof.presumed:
        told = [_UNSHOWN[one] for one in form.unshown]
        told += [_doubt(key_id, form, keys) for key_id in proof.presumed]
        return f"; {' and '.join(told)}, so that the data is presumed readable"
    if proof.key_ids:
        return ""
    if form.state != "used" and (idle := sorted({keys[one.key_id].shown for one in form.keys if one.key_id in keys})):
        return f"; {_some_keys(idle)} not keep out who gets in there, so that the data is readable"
    return f"; {_form_words(form)}"


def _doubt(key_id: str, form: Form, keys: Mapping[str, Key]) -> str:
    """Say why a key does not count."""
    listed = [one for one in form.keys if one.key_id == key_id]
    if any(one.evidenced for one in listed):
        return f"the key {keys[key_id].shown} is in dispute"
    if any(one.unheld for one in listed):
        return f"who holds the key {keys[key_id].shown} is only declared"
    return f"the key {keys[key_id].shown} is only declared"


def _some_keys(shown: list[str]) -> str:
    return f"the key {shown[0]} does" if len(shown) == 1 else f"the keys {', '.join(shown)} do"


def _form_words(form: Form) -> str:
    if form.unproved:
        return "confidential computing is said but not shown to be attested, so that data in use is presumed readable"
    if form.state != "used" or (form.presumed and not form.keyed):
        return CLEAR
    if form.presumed:
        return "whether it is used in clear there is not known; it is presumed"
    return "it is in use there, and no key protects data in use" if form.keyed else f"it is in use there, and {CLEAR}"
