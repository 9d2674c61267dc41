"""Artefacts that are sensitive as a whole, by their content: model weights, drawings, genetic data, private keys.

The first bytes say what it is, whatever its name says; items (tensors, sequences, keys) are counted where the format
has a count of its own or lines that can be counted. A pickle is never opened: its first bytes are compared, no more.
TensorFlow checkpoints and HDF5 files whose beginning does not name a model are not known.
"""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flagstate import model
from flagstate.read.part import Context, Facts, Head, Kind, Opened, Part, Reader, Tally

BLOCK = 1 << 20
MOST_HEADER = 100 << 20
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
PKCS7 = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07"
PKCS1 = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
EC_KEY = b"\x2a\x86\x48\xce\x3d\x02\x01"
KEY = re.compile(rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----")
PEM = re.compile(rb"\s*(?:Bag Attributes.{0,2000}?)?-----BEGIN ", re.DOTALL)
FASTA = re.compile(rb"\s*>[^\n]*\r?\n(?:[;>][^\n]*\r?\n)*([A-Za-z*\-\r\n]{20,})")
FASTQ = re.compile(rb"\s*@[^\n]+\n([A-Za-z.\-]+)\r?\n\+[^\n]*\n([!-~]+)\r?(?:\n|\Z)")
DXF = re.compile(rb"(?:\s*999\r?\n[^\n]*\n)*\s*0\r?\n\s*SECTION\r?\n")
IGES = re.compile(rb"[^\n]{72}S      1\r?\n")
STL = re.compile(rb"solid[^\n]*\n\s*facet\s+normal\s", re.IGNORECASE)
GERBER = re.compile(rb"(?:\s*(?:G04[^*]*\*|%T[FAD][^%]*%))*\s*%(?:FS[LT][AI]|MO(?:IN|MM))")
MODEL_WORDS = (b"sklearn", b"torch", b"xgboost", b"lightgbm", b"keras", b"catboost")


@dataclass(frozen=True)
class Shape:
    """A form of content, and what it is."""

    kind: str
    """As the ledger calls it."""
    data_class: str
    """Data class of the whole."""
    unit: str
    """What its items are."""
    fits: Callable[[Head], bool]
    """Whether an artefact begins so."""
    count: Callable[[Opened], int]
    """How many items it holds; at least 1."""
    confidence: str = "high"
    """How sure the form is."""


def _starts(*magics: bytes) -> Callable[[Head], bool]:
    return lambda head: head.data.startswith(magics)


def _binary(*magics: bytes) -> Callable[[Head], bool]:
    """As `_starts`, for first bytes that a text may begin with as well: a text holds no zeros."""
    return lambda head: head.data.startswith(magics) and b"\x00" in head.data[:512]


def _one(opened: Opened) -> int:
    return 1


def _lines(pattern: bytes, share: int = 1) -> Callable[[Opened], int]:
    """Return what counts the lines that begin with a pattern; `share` lines make an item."""

    def count(opened: Opened) -> int:
        made, carry = 0, b"\n"
        with open(opened.path, "rb") as file:
            while block := file.read(BLOCK):
                data = carry + block
                made += data.count(b"\n" + pattern)
                # Never a whole match: it would count twice.
                carry = data[-len(pattern) :] if pattern else b""
        return max(1, made // share)

    return count


def _variants(opened: Opened) -> int:
    return max(1, _lines(b"")(opened) - _lines(b"#")(opened) - 1)


def _number(form: str, at: int) -> Callable[[Opened], int]:
    def count(opened: Opened) -> int:
        size = struct.calcsize(form)
        data = opened.head.data[at : at + size]
        return max(1, min(1 << 40, int(struct.unpack(form, data)[0]))) if len(data) == size else 1

    return count


def _is_safetensors(head: Head) -> bool:
    if len(head.data) < 16 or head.data[8:9] != b"{":
        return False
    size = int.from_bytes(head.data[:8], "little")
    return 8 <= size <= min(MOST_HEADER, head.size) and b'"data_offsets"' in head.data and b'"dtype"' in head.data


def _tensors(opened: Opened) -> int:
    with open(opened.path, "rb") as file:
        size = min(MOST_HEADER, int.from_bytes(file.read(8), "little"))
        made, carry = 0, b""
        while size > 0 and (block := file.read(min(BLOCK, size))):
            size -= len(block)
            data = carry + block
            made += data.count(b'"data_offsets"')
            carry = data[-13:]
    return max(1, made)


def _is_onnx(head: Head) -> bool:
    data = head.data
    known = b"pytorch" in data[:200] or b"onnx" in data[:200] or head.suffix == ".onnx"
    return len(data) > 8 and data[0] == 8 and 1 <= data[1] <= 20 and data[2] in (0x12, 0x1A, 0x22, 0x3A) and known


def _is_saved_model(head: Head) -> bool:
    data = head.data
    return data[:3] == b"\x08\x01\x12" and (b"tensorflow" in data or (b"Placeholder" in data and b"dtype" in data))


def _is_hdf5_model(head: Head) -> bool:
    return head.data.startswith(b"\x89HDF\r\n\x1a\n") and (b"model_weights" in head.data or b"keras" in head.data)


def _is_pickled_model(head: Head) -> bool:
    data = head.data
    return bool(re.match(rb"\x80[\x02-\x05][\x95c}\]q(\x8c]", data)) and any(word in data for word in MODEL_WORDS)


def _named(*words: bytes) -> Callable[[Head], bool]:
    """Whether it is a ZIP in whose beginning all these names stand."""
    return lambda head: head.data.startswith(b"PK\x03\x04") and all(word in head.data for word in words)


def _members(end: str) -> Callable[[Opened], int]:
    def count(opened: Opened) -> int:
        try:
            with zipfile.ZipFile(opened.path) as box:
                return max(1, sum(end in name for name in box.namelist()))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            return 1

    return count


def _is_binary_stl(head: Head) -> bool:
    if head.size < 134 or len(head.data) < 84:
        return False
    return head.size == 84 + 50 * int.from_bytes(head.data[80:84], "little")


def _ole(*names: str) -> Callable[[Head], bool]:
    wide = [name.encode("utf-16-le") for name in names]
    return lambda head: head.data.startswith(OLE) and any(name in head.data for name in wide)


def _is_nucleotides(head: Head) -> bool:
    found = FASTA.match(head.data[:16384])
    if not found:
        return False
    letters = re.sub(rb"[\r\n]", b"", found[1]).upper()
    return sum(letters.count(base) for base in (b"A", b"C", b"G", b"T", b"U", b"N")) * 10 >= len(letters) * 9


def _is_reads(head: Head) -> bool:
    found = FASTQ.match(head.data[:65536])
    return bool(found) and len(found[1]) == len(found[2]) if found else False


def _is_pem(head: Head) -> bool:
    return bool(PEM.match(head.data[:4096])) and bool(KEY.search(head.data))


def _is_der_key(head: Head) -> bool:
    found = re.match(rb"\x30(?:[\x00-\x7f]|\x81.|\x82..|\x83...)\x02\x01([\x00\x01\x03])(.)", head.data[:32], re.DOTALL)
    if not found:
        return False
    start = head.data[:64]
    if found[1] == b"\x03":
        return found[2] == b"\x30" and PKCS7 in start
    if found[1] == b"\x00":
        return (found[2] == b"\x30" and (PKCS1 in start or EC_KEY in start)) or (
            found[2] == b"\x02" and head.size < 16384 and head.data.count(b"\x02\x03\x01\x00\x01") > 0
        )
    return found[2] == b"\x04" and head.size < 512


SHAPES = (
    Shape("weights safetensors", "model_weights", "tensors", _is_safetensors, _tensors),
    Shape("weights gguf", "model_weights", "tensors", _binary(b"GGUF"), _number("<Q", 8)),
    Shape("weights ggml", "model_weights", "files", _binary(b"lmgg", b"tjgg", b"fmgg"), _one),
    Shape("weights pytorch", "model_weights", "tensors", _named(b"/data.pkl"), _members("/data/")),
    Shape("weights keras", "model_weights", "files", _named(b"config.json", b"model.weights.h5"), _one),
    Shape("weights numpy archive", "model_weights", "arrays", _named(b".npy"), _members(".npy"), "low"),
    Shape("weights pytorch", "model_weights", "files", _starts(TORCH), _one),
    Shape("weights pickled", "model_weights", "files", _is_pickled_model, _one, "medium"),
    Shape("weights onnx", "model_weights", "files", _is_onnx, _one),
    Shape("weights tensorflow", "model_weights", "files", _is_saved_model, _one),
    Shape("weights tflite", "model_weights", "files", lambda head: head.data[4:8] == b"TFL3", _one),
    Shape(
        "weights keras", "model_weights", "files",
        _is_hdf5_model, _one,
    ),
    Shape("weights numpy", "model_weights", "arrays", _starts(b"\x93NUMPY"), _one, "low"),
    Shape("drawing dwg", "drawing", "files", lambda head: bool(re.match(rb"AC10\d\d\x00", head.data)), _one),
    Shape(
        "drawing dxf", "drawing", "files",
        lambda head: head.data.startswith(b"AutoCAD Binary DXF") or bool(DXF.match(head.data[:4096])), _one,
    ),
    Shape("drawing step", "drawing", "entities", _starts(b"ISO-10303-21;"), _lines(b"#")),
    Shape("drawing iges", "drawing", "files", lambda head: bool(IGES.match(head.data[:100])), _one),
    Shape("drawing stl", "drawing", "files", lambda head: _is_binary_stl(head) or bool(STL.match(head.data)), _one),
    Shape("drawing gerber", "drawing", "files", lambda head: bool(GERBER.match(head.data[:4096])), _one),
    Shape("drawing solidworks", "drawing", "files", _ole("SwDocContentMgr", "SolidWorks"), _one),
    Shape("drawing 3mf", "drawing", "files", _named(b"3D/3dmodel.model"), _one),
    Shape("drawing", "drawing", "files", _binary(b"V5_CFV2", b"3D Geometry File Format", b"**ABCDEFGH"), _one),
    Shape("genomic vcf", "genetic_data", "variants", _starts(b"##fileformat=VCF"), _variants),
    Shape("genomic sam", "genetic_data", "files", _starts(b"@HD\tVN:", b"@SQ\tSN:"), _one),
    Shape("genomic alignment", "genetic_data", "files", _binary(b"BAM\x01", b"CRAM", b"BCF\x02"), _one),
    Shape("genomic fastq", "genetic_data", "reads", _is_reads, _lines(b"", 4)),
    Shape("genomic fasta", "genetic_data", "sequences", _is_nucleotides, _lines(b">")),
    Shape("key pem", "private_key", "keys", _is_pem, _lines(b"-----END ")),
    Shape("key putty", "private_key", "keys", _starts(b"PuTTY-User-Key-File-"), _one),
    Shape(
        "key store", "private_key", "keys",
        _starts(b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce"), _number(">I", 8),
    ),
    Shape("key store kdbx", "private_key", "files", _starts(b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5"), _one),
    Shape("key der", "private_key", "files", _is_der_key, _one),
)  # fmt: skip
"""From the most particular to the most general."""


def recognise(head: Head) -> Kind | None:
    """By the first bytes, or by the first lines where the format is text."""
    return next((Kind(shape.kind) for shape in SHAPES if head.data and shape.fits(head)), None)


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield the artefact as one holding."""
    shape = next(shape for shape in SHAPES if shape.kind == kind.name and shape.fits(opened.head))
    items = shape.count(opened)
    row = {
        "asset_id": f"store:{opened.name}",
        "container": opened.name,
        "data_class": shape.data_class,
        "records": items,
        "state": "stored",
        "confidence": shape.confidence,
        "reasons": [f"the whole artefact has the form of {shape.kind}", f"{items:,} {shape.unit}"],
    }
    yield Facts("holding", model.rows(model.HOLDING, [row]), "observed")
    yield Tally(rows_read=items)


READER = Reader(
    "content",
    "Artefacts that are sensitive as a whole: model weights, drawings, genetic data, private keys.",
    recognise,
    read,
)
