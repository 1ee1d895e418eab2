"""The format of a store, version 2: an SQLite file of four tables, in which every row carries a checksum.

`PRAGMA application_id` is 0x4E415349 (the letters NASI), `PRAGMA user_version` is 2. Texts are UTF-8.

Table `setting`: what scores may be compared under.
    id            local number, from 1
    space         name of the space
    setting       `Setting.json()`
    torch         version of torch
    checksum

Table `score`: what a proxy gives for an architecture. Key: setting_id, architecture, proxy, version.
    setting_id    `setting.id`
    architecture  the architecture's key in its space; a model of the user's own: its name, `+`, its code's fingerprint
    proxy         name of the proxy
    version       version of the proxy
    value         the score, NULL where there is none
    standard_error  of an estimated value, NULL for an exact one
    status        one of `harness.scoring.scorer.STATUSES`
    message       empty, or what went wrong
    seconds       what the proxy took
    checksum

Table `run`: what a run was asked for.
    id            number of the run, from 1, without gaps
    started       UTC time, ISO 8601; of the runs of several seeds that were begun together the same, with microseconds
    setting_id    `setting.id`
    proxies       JSON: a list of [name, version, whether its row stands under the architecture's own key]
    architectures JSON: architecture's key to the key under which the rows of all other proxies stand
    checksum

Table `total`: how many rows there are, so that a lost one is missed. Key: counted, setting_id, proxy, version.
    counted       `setting`, `run` or `score`
    setting_id    for `score` the rows' setting_id, else 0
    proxy, version  for `score` the rows' proxy and version, else empty
    rows          how many
    checksums     sum of the rows' checksums

Tables `origin` and `made` say which machine made a score, where that is known. They are there once one is; releases
that do not know them read and write all else in the store.

Table `origin`: a machine, and proxies whose scores for one architecture it made.
    id            local number, from 1
    machine       name of the machine
    proxies       JSON: a sorted list of [name, version]

Table `made`: the scores of which architectures these are. Key: setting_id, architecture, origin_id.
    setting_id    `setting.id`
    architecture  as in `score`
    origin_id     `origin.id`
    checksum      of this row and that of `origin`

A checksum is the CRC-32 of zip and PNG (`zlib.crc32`, unsigned) of these bytes, one part after the other:
    of a setting  S = space, a zero byte, setting, a zero byte, torch
    of a run      S of its setting; id as a signed integer of 8 bytes, little endian;
                  started, a zero byte, proxies, a zero byte, architectures
    of a score    S of its setting; value, standard_error and seconds, each as an IEEE double of 8 bytes, little endian,
                  and NULL as the bytes 00 00 00 00 00 00 f8 7f, a NaN, which SQLite never stores;
                  architecture, a zero byte, proxy, a zero byte, version, a zero byte, status, a zero byte, message
    of a row of `made`  S of its setting; architecture, a zero byte, machine, a zero byte, proxies

So a score's checksum tells where the row belongs without the local number `setting_id`: the row may be copied into
another store, and one that came under another setting is found. CRC-32 finds every damage of up to 32 bits in a row,
and misses one of four billion others; BLAKE2 took twice as long for rows of this size.

Version 1 had neither checksums nor totals, and the tables else as they are; `harness.scoring.store.migration` reads it.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable
from struct import Struct, error
from typing import Any
from zlib import crc32

VERSION = 2
APPLICATION_ID = 0x4E415349

SCHEMA = """
CREATE TABLE setting (
    id INTEGER PRIMARY KEY, space TEXT NOT NULL, setting TEXT NOT NULL, torch TEXT NOT NULL, checksum INTEGER NOT NULL
);
CREATE TABLE score (
    setting_id INTEGER NOT NULL REFERENCES setting, architecture TEXT NOT NULL, proxy TEXT NOT NULL,
    version TEXT NOT NULL, value REAL, standard_error REAL, status TEXT NOT NULL, message TEXT NOT NULL,
    seconds REAL NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (setting_id, architecture, proxy, version)
) WITHOUT ROWID;
CREATE TABLE run (
    id INTEGER PRIMARY KEY, started TEXT NOT NULL, setting_id INTEGER NOT NULL REFERENCES setting,
    proxies TEXT NOT NULL, architectures TEXT NOT NULL, checksum INTEGER NOT NULL
);
CREATE TABLE total (
    counted TEXT NOT NULL, setting_id INTEGER NOT NULL, proxy TEXT NOT NULL, version TEXT NOT NULL,
    rows INTEGER NOT NULL, checksums INTEGER NOT NULL, PRIMARY KEY (counted, setting_id, proxy, version)
) WITHOUT ROWID;
"""
ORIGIN_SCHEMA = """
CREATE TABLE origin (id INTEGER PRIMARY KEY, machine TEXT NOT NULL, proxies TEXT NOT NULL, UNIQUE (machine, proxies));
CREATE TABLE made (
    setting_id INTEGER NOT NULL REFERENCES setting, architecture TEXT NOT NULL,
    origin_id INTEGER NOT NULL REFERENCES origin, checksum INTEGER NOT NULL,
    PRIMARY KEY (setting_id, architecture, origin_id)
) WITHOUT ROWID;
"""
SCORE_COLUMNS = "architecture, proxy, version, value, standard_error, status, message, seconds"
"""What a score's checksum covers, in the order in which `score_checksum` takes it."""

_integer, _numbers = Struct("<q").pack, Struct("<3d").pack


def make_tables(connection: sqlite3.Connection) -> None:
    """Make an empty database into an empty store, inside the transaction that is open."""
    for statement in SCHEMA.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def setting_checksum(space: str, setting: str, torch: str) -> int:
    """Checksum of a row of `setting`."""
    return crc32("\0".join((space, setting, torch)).encode())


def run_checksum(of_setting: int, number: int, started: str, proxies: str, architectures: str) -> int:
    """Checksum of a row of `run`, given that of its setting."""
    return crc32(_integer(number) + "\0".join((started, proxies, architectures)).encode(), of_setting)


def score_checksum(
    of_setting: int,
    architecture: str,
    proxy: str,
    version: str,
    value: float | None,
    standard_error: float | None,
    status: str,
    message: str,
    seconds: float,
) -> int:
    """Checksum of a row of `score`, given that of its setting."""
    numbers = _numbers(
        math.nan if value is None else value, math.nan if standard_error is None else standard_error, seconds
    )
    return crc32(numbers + "\0".join((architecture, proxy, version, status, message)).encode(), of_setting)


def made_checksum(of_setting: int, architecture: str, machine: str, proxies: str) -> int:
    """Checksum of a row of `made` with its row of `origin`, given that of its setting."""
    return crc32("\0".join((architecture, machine, proxies)).encode(), of_setting)


def is_whole(checksum: Any, *row: Any) -> bool:
    """Whether a row, whatever damage made of its types, has a checksum; `checksum` is a function of this module."""
    *fields, stored = row
    try:
        return bool(checksum(*fields) == stored)
    except (TypeError, ValueError, error):
        return False


def are_whole(of_setting: int, rows: Iterable[tuple[Any, ...]]) -> bool:
    """Whether all rows (`SCORE_COLUMNS` and checksum) of a setting have their checksum.

    It is `score_checksum` written out: a call for each row would take as long again.
    """
    nan = math.nan
    try:
        for architecture, proxy, version, value, standard_error, status, message, seconds, checksum in rows:
            numbers = _numbers(
                nan if value is None else value, nan if standard_error is None else standard_error, seconds
            )
            texts = "\0".join((architecture, proxy, version, status, message)).encode()
            if crc32(numbers + texts, of_setting) != checksum:
                return False
    except (TypeError, ValueError, error):
        return False
    return True
