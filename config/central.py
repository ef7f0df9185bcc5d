"""The configuration of the central service, `central.toml` (see `central.example.toml`)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from config.binds import Bind, parse_bind
from config.bounds import KIB, MIB, Folder, Host, HttpsUrl, Name
from config.check import Cross, known
from config.credentials import Credential, read_credential
from config.gateway import Log, local_bind_faults


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Database(_Table, frozen=True):
    """A given PostgreSQL by DSN, or one of our own below `data_dir`."""

    #: Best as `{ credential = "database.dsn" }`, for a DSN mostly holds a password.
    dsn: str | Credential | None = None
    #: Only for our own server. Absent: `postgres` in data_dir.
    embedded_dir: Folder = ""
    pool_max: Annotated[int, Meta(ge=1, le=200)] = 8
    #: 0 behind pgbouncer in transaction mode.
    statement_cache_max: Annotated[int, Meta(ge=0, le=10_000)] = 100

    @property
    def embedded(self) -> bool:
        """No DSN is given: run our own server."""
        return self.dsn is None

    def resolved_dsn(self) -> str:
        """The DSN, read from its credential if it is kept there. Raises ConfigInvalid."""
        assert self.dsn is not None, "an embedded server has no DSN in the configuration"
        if isinstance(self.dsn, Credential):
            return read_credential(self.dsn, at="database.dsn").decode()
        return self.dsn


class Listen(_Table, frozen=True):
    #: Gateways come here, with the certificate they were given (mutual TLS). Port 0 = any free.
    gateways: str = "0.0.0.0:8443"
    #: The names in the server's certificate, by which gateways call it.
    server_names: Annotated[tuple[Host, ...], Meta(min_length=1, max_length=16)] = ("localhost",)
    #: Operations: health, metrics, lag. This machine only until sign-in exists.
    ops: str = "127.0.0.1:8082"

    @property
    def gateways_address(self) -> Bind:
        return parse_bind(self.gateways)

    @property
    def ops_address(self) -> Bind:
        return parse_bind(self.ops)


class Limits(_Table, frozen=True):
    connections_max: Annotated[int, Meta(ge=4, le=10_000)] = 512
    #: One upload as it comes (compressed), and after decompression.
    body_bytes_max: Annotated[int, Meta(ge=64 * KIB, le=16 * MIB)] = 8 * MIB
    raw_bytes_max: Annotated[int, Meta(ge=64 * KIB, le=16 * MIB)] = 16 * MIB
    #: Time for the headers, and then again for the body of a request.
    read_timeout_s: Annotated[float, Meta(ge=1, le=300)] = 30.0


class Central(_Table, frozen=True):
    """One tenant's central service."""

    tenant: Name
    data_dir: Folder
    #: What gateways are told to call.
    public_url: HttpsUrl = "https://localhost:8443"
    workers: Annotated[int, Meta(ge=1, le=64)] = 1
    database: Database = Database()
    listen: Listen = Listen()
    limits: Limits = Limits()
    log: Log = Log()

    @property
    def embedded_dir(self) -> str:
        """The folder of our own PostgreSQL server."""
        return self.database.embedded_dir or os.path.join(self.data_dir, "postgres")

    @staticmethod
    def cross_faults(value: object) -> Iterator[Cross]:
        """What only shows when several values are seen together."""
        yield from local_bind_faults(known(value, "listen", "ops"), ("listen", "ops"))
        gateways = known(value, "listen", "gateways")
        if gateways is not None:
            try:
                parse_bind(gateways)
            except ValueError as error:
                path = ("listen", "gateways")
                yield path, f"{gateways!r} cannot be listened on", str(error)
            else:
                if gateways == known(value, "listen", "ops") and not gateways.endswith(":0"):
                    yield ("listen", "ops"), "is the address of listen.gateways", "change one"
        dsn = known(value, "database", "dsn")
        if isinstance(dsn, str) and not dsn.startswith(("postgresql://", "postgres://")):
            yield ("database", "dsn"), "is not a DSN", "as postgresql://user@host/name"
        if dsn is not None and known(value, "database", "embedded_dir"):
            problem = "is for our own server, but a dsn is given"
            yield ("database", "embedded_dir"), problem, "keep one of the two"
        body, raw = (known(value, "limits", f"{key}_bytes_max") for key in ("body", "raw"))
        if body is not None and raw is not None and body > raw:
            problem = f"{body} is above raw_bytes_max = {raw}"
            yield ("limits", "body_bytes_max"), problem, "compressed is never the larger"
