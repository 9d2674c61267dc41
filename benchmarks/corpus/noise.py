"""Columns of no class: what tables are mostly made of, and what looks like an identifier and is none."""

# ruff: noqa: E501
from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from corpus.nations import some
from corpus.words import LANGUAGES

UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
HEXES = "0123456789abcdef"
START = dt.datetime(2023, 1, 1)


@dataclass(frozen=True)
class Noise:
    """A column of no class."""

    headers: tuple[str, ...]
    """Its names; the position is the language where there are six."""
    make: Callable[[Random, int], object]
    """A value, by the row's number."""


def moment(r: Random) -> dt.datetime:
    """Return a moment of three years."""
    return START + dt.timedelta(seconds=r.randrange(3 * 365 * 86_400))


NOISE: dict[str, Noise] = {
    "row_no": Noise(("row", "lfd_nr", "ligne", "regel", "序号", "fila"), lambda r, i: i + 1),
    "status": Noise(("status", "Status", "statut", "status", "状态", "estado"), lambda r, i: r.choice(("open", "closed", "pending", "failed"))),
    "stamp": Noise(("created_at", "erstellt_am", "créé le", "aangemaakt", "创建时间", "creado_el"), lambda r, i: moment(r).isoformat(" ")),
    "date": Noise(("valid_from", "gültig_ab", "valable dès", "geldig vanaf", "生效日期", "válido_desde"), lambda r, i: moment(r).date()),
    "epoch": Noise(("ts", "zeitstempel", "horodatage", "tijdstempel", "时间戳", "marca_temporal"), lambda r, i: int(moment(r).timestamp())),
    "epoch_ms": Noise(("event_time_ms",), lambda r, i: int(moment(r).timestamp() * 1000) + r.randrange(1000)),
    "flag": Noise(("is_active", "aktiv", "actif", "actief", "是否启用", "activo"), lambda r, i: r.random() < 0.7),
    "percent": Noise(("ratio", "Quote", "taux", "percentage", "比例", "porcentaje"), lambda r, i: round(r.uniform(0, 100), 1)),
    "year": Noise(("year", "Jahr", "année", "jaar", "年份", "año"), lambda r, i: r.randrange(1990, 2027)),
    "order_id": Noise(("order_id", "Auftrag", "commande", "bestelling", "订单号", "pedido"), lambda r, i: f"ORD-{100_000 + i * 7 + r.randrange(7)}"),
    "rating": Noise(("rating", "Bewertung", "note_sur_5", "beoordeling", "评分", "valoración"), lambda r, i: r.randrange(1, 6)),
    "version": Noise(("version",), lambda r, i: f"{r.randrange(1, 9)}.{r.randrange(20)}.{r.randrange(40)}"),
    "url": Noise(("path",), lambda r, i: f"/{r.choice(('api', 'shop', 'static'))}/{some(r, 5, HEXES)}/{r.choice(('list', 'view', 'edit'))}"),
    "http": Noise(("status_code",), lambda r, i: r.choice((200, 200, 200, 301, 304, 404, 500))),
    "bytes": Noise(("bytes",), lambda r, i: int(10 ** r.uniform(2, 6))),
    "duration": Noise(("duration_s", "Dauer", "durée", "duur", "时长", "duración"), lambda r, i: r.randrange(1, 3600)),
    "temperature": Noise(("temperature",), lambda r, i: round(r.gauss(21, 6), 2)),
    "flight": Noise(("flight",), lambda r, i: f"{r.choice(('SN', 'LH', 'AF', 'KL', 'CX'))}{r.randrange(100, 9999)}"),
    "slot": Noise(("slot", "Platz", "emplacement", "locatie_rek", "库位", "ubicación_estante"), lambda r, i: f"{r.choice('ABCDEF')}-{r.randrange(1, 40):02d}-{r.randrange(1, 6)}"),
    "points": Noise(("points", "Punkte", "points", "punten", "积分", "puntos"), lambda r, i: r.randrange(0, 20_000)),
    "price": Noise(("list_price", "Listenpreis", "prix catalogue", "catalogusprijs", "目录价", "precio de catálogo"), lambda r, i: round(r.choice((0.99, 0.95, 0.5)) + r.randrange(1, 300), 2)),
    "key": Noise(("key", "Schlüsselname", "clé_param", "sleutelnaam", "键名", "clave_param"), lambda r, i: r.choice(("app.mode", "app.service.url", "app.cache.ttl", "app.db.main", "app.upstream"))),
    "sample": Noise(("sample",), lambda r, i: f"S{i:05d}"),
    "room": Noise(("room", "Zimmer", "chambre", "kamer", "房间", "habitación"), lambda r, i: f"{r.randrange(1, 6)}{r.randrange(1, 40):02d}"),
    "ticker": Noise(("ticker",), lambda r, i: some(r, r.choice((3, 4, 5)), UPPER)),
    # only in tables of no class
    "serial16": Noise(("batch_serial", "serial", "lot"), lambda r, i: some(r, 16)),
    "sequence16": Noise(("event_no", "record_no"), lambda r, i: 4_000_000_000_000_000 + i * 13 + r.randrange(13)),
    "serial9": Noise(("job_serial", "event_ref"), lambda r, i: str(r.randrange(100_000_000, 999_999_999))),
    "serial10": Noise(("job_ref", "ticket_ref"), lambda r, i: r.randrange(1_000_000_000, 9_999_999_999)),
    "serial11": Noise(("meter_reading_ref", "doc_ref"), lambda r, i: some(r, 11)),
    "serial12": Noise(("trace_ref", "print_job"), lambda r, i: some(r, 12)),
    "serial13": Noise(("build_ref", "run_no"), lambda r, i: some(r, 13)),
    "serial14": Noise(("run_stamp",), lambda r, i: f"{moment(r):%Y%m%d%H%M%S}"),
    "serial15": Noise(("trace_seq", "lot_ref"), lambda r, i: some(r, 15)),
    "serial18": Noise(("snowflake", "event_key"), lambda r, i: r.randrange(10**17, 10**18)),
    "serial20": Noise(("span_ref",), lambda r, i: some(r, 20)),
    "sha1": Noise(("commit", "revision"), lambda r, i: hashlib.sha1(r.randbytes(6), usedforsecurity=False).hexdigest()),
    "sha256": Noise(("checksum", "file_digest", "etag"), lambda r, i: hashlib.sha256(r.randbytes(6)).hexdigest()),
    "md5": Noise(("content_md5", "fingerprint_of_file"), lambda r, i: some(r, 32, HEXES)),
    "short_hash": Noise(("build", "short_rev"), lambda r, i: some(r, 7, HEXES)),
    "compact_date": Noise(("batch_day", "bucket"), lambda r, i: f"{moment(r):%Y%m%d}"),
    "iso_week": Noise(("week",), lambda r, i: f"{moment(r):%G-W%V}"),
    "month": Noise(("period", "month"), lambda r, i: f"{moment(r):%Y-%m}"),
    "clock": Noise(("shift_start", "slot_time"), lambda r, i: f"{moment(r):%H:%M}"),
    "decimal": Noise(("reading", "voltage", "score", "kpi"), lambda r, i: round(r.gauss(12, 4), 4)),
    "tiny": Noise(("error_rate", "p_value"), lambda r, i: round(r.random() ** 3, 6)),
    "big": Noise(("population_of_cells", "bytes_out", "views"), lambda r, i: int(10 ** r.uniform(3, 9))),
    "colour": Noise(("colour", "finish"), lambda r, i: r.choice(("red", "blue", "green", "black", "white", "silver"))),
    "hex_colour": Noise(("hex_colour",), lambda r, i: "#" + some(r, 6, HEXES)),
    "size": Noise(("size",), lambda r, i: r.choice(("XS", "S", "M", "L", "XL", "42", "43"))),
    "grade": Noise(("grade", "level"), lambda r, i: r.choice("ABCDEF")),
    "language": Noise(("lang", "ui_language"), lambda r, i: r.choice(("en-US", "de-DE", "fr-BE", "zh-CN", "nl-NL"))),
    "weekday": Noise(("weekday",), lambda r, i: ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[i % 7]),
    "product": Noise(("model", "machine"), lambda r, i: f"{r.choice(('Turbo', 'Eco', 'Ultra', 'Mini', 'Nova'))} {r.choice(('Drill', 'Lamp', 'Router', 'Kettle'))} {r.randrange(100, 999)}"),
    "part": Noise(("fixture_no", "jig_ref"), lambda r, i: f"{r.randrange(100, 999)}-{r.randrange(1000, 9999)}-{r.randrange(10, 99)}"),
    "file": Noise(("file_name", "source_file"), lambda r, i: f"export_{moment(r):%Y%m%d}_{some(r, 3)}.{r.choice(('csv', 'parquet', 'json'))}"),
    "unix_path": Noise(("log_path",), lambda r, i: f"/var/log/{r.choice(('app', 'db', 'proxy'))}/{some(r, 4, HEXES)}.log"),
    "formula": Noise(("formula",), lambda r, i: r.choice(("H2O", "NaCl", "C6H12O6", "CO2", "CaCO3", "NH3"))),
    "move": Noise(("move",), lambda r, i: f"{r.choice('KQRBN')}{r.choice('abcdefgh')}{r.randrange(1, 9)}"),
    "boolean_word": Noise(("passed", "enabled"), lambda r, i: r.choice(("yes", "no"))),
    "severity": Noise(("severity", "log_level"), lambda r, i: r.choice(("INFO", "WARN", "ERROR", "DEBUG"))),
    "six_digits": Noise(("lot_no", "charge_no"), lambda r, i: some(r, 6)),
    "eight_digits": Noise(("form_no", "sheet_no"), lambda r, i: some(r, 8)),
    "seven_digits": Noise(("meter", "asset_tag"), lambda r, i: str(r.randrange(1_000_000, 9_999_999))),
    "four_digits": Noise(("line_code", "station_no"), lambda r, i: r.randrange(1000, 9999)),
    "alnum_ref": Noise(("ticket", "case_ref"), lambda r, i: f"{some(r, 3, UPPER)}-{some(r, 5)}"),
    "alnum17": Noise(("tool_code", "mould_ref"), lambda r, i: some(r, 17, "0123456789ABCDEF")),
    "measure": Noise(("length_mm", "width_mm", "depth_mm"), lambda r, i: f"{r.randrange(10, 900)} mm"),
    "ratio": Noise(("aspect",), lambda r, i: f"{r.randrange(1, 30)}:{r.randrange(1, 30)}"),
    "sentence": Noise(("summary_text", "release_notes"), lambda r, i: r.choice(("fixed rounding of totals", "job finished without errors", "cache cleared after restart", "sensor replaced, readings stable"))),
    "storm": Noise(("storm", "telescope"), lambda r, i: r.choice(("Katrina", "Andrew", "Ivan", "Hubble", "Kepler", "Webb"))),
    "host": Noise(("node", "cluster_node"), lambda r, i: f"{r.choice(('web', 'db', 'cache'))}-{r.randrange(1, 40):02d}"),
    "json": Noise(("payload", "extra"), lambda r, i: f'{{"ok": {r.choice(("true", "false"))}, "took": {r.randrange(900)}}}'),
    "scientific": Noise(("flux",), lambda r, i: f"{r.uniform(1, 9.9):.3e}"),
    "roman": Noise(("chapter",), lambda r, i: r.choice(("I", "II", "III", "IV", "V", "VI", "IX"))),
    "four_part": Noise(("firmware", "driver_version"), lambda r, i: f"{r.randrange(6, 11)}.0.{r.randrange(1000, 22000)}.{r.randrange(1, 2000)}"),
    "base64": Noise(("cursor", "page_state"), lambda r, i: some(r, 16, UPPER + HEXES) + "=="),
    "zero": Noise(("reserved", "spare"), lambda r, i: 0),
}  # fmt: skip
HARD = [name for name in NOISE if name not in {"points", "key"}]


def header(name: str, language: str, r: Random) -> str:
    """Return one of its names, in the language where it has one."""
    names = NOISE[name].headers
    if len(names) == len(LANGUAGES):
        return names[LANGUAGES.index(language) if language in LANGUAGES else 0]
    return r.choice(names)
