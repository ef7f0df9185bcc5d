"""Secrets by name: a file says `{ credential = "gateway.key" }`, never the secret itself.

The name is looked up in `$CREDENTIALS_DIRECTORY` (systemd's LoadCredential=), then in
`/etc/gatehouse/credentials`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from config.faults import ConfigInvalid, Fault

FALLBACK_FOLDER = Path("/etc/gatehouse/credentials")
SECRET_MAX_BYTES = 64 * 1024

CredentialName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$(?!\n)",
        description="the name of a file among the credentials, without a path",
    ),
]


class Credential(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A secret kept elsewhere, by name."""

    credential: CredentialName


def credential_folders(environ: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """The folders that are searched, in order."""
    given = (os.environ if environ is None else environ).get("CREDENTIALS_DIRECTORY", "")
    return (Path(given), FALLBACK_FOLDER) if given else (FALLBACK_FOLDER,)


def read_credential(
    credential: Credential, folders: Sequence[Path] | None = None, at: str = ""
) -> bytes:
    """The bytes of the secret, one closing line end removed. `at` is the path in the file, for
    the error.

    Raises ConfigInvalid if no folder has it, if it is readable by group or others (and does not
    come from systemd, whose folder is private already), or if it is empty or too long.
    """
    name = credential.credential
    searched = credential_folders() if folders is None else tuple(folders)
    for folder in searched:
        file = folder / name
        try:
            with open(file, "rb") as stream:
                mode = os.fstat(stream.fileno()).st_mode
                secret = stream.read(SECRET_MAX_BYTES + 1)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ConfigInvalid(
                [
                    Fault(
                        str(file), at, f"the credential cannot be read: {error.strerror}",
                        "give it to the user that the daemon runs as",
                    )
                ]
            ) from error  # fmt: skip
        if not stat.S_ISREG(mode):
            hint = "put the secret itself there, with mode 0600"
            raise ConfigInvalid([Fault(str(file), at, "the credential is not a plain file", hint)])
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            problem = f"the credential is open to group or others (mode {mode & 0o777:04o})"
            raise ConfigInvalid([Fault(str(file), at, problem, f"chmod 0600 {file}")])
        secret = secret.removesuffix(b"\n").removesuffix(b"\r")
        if not 0 < len(secret) <= SECRET_MAX_BYTES:
            problem = f"the credential has {len(secret)} bytes"
            hint = f"allowed: 1 to {SECRET_MAX_BYTES}"
            raise ConfigInvalid([Fault(str(file), at, problem, hint)])
        return secret
    raise ConfigInvalid(
        [
            Fault(
                str(searched[-1]),
                at,
                f"there is no credential {name}",
                f"put it, with mode 0600, into {' or '.join(map(str, searched))}, or say"
                " $CREDENTIALS_DIRECTORY (LoadCredential= of systemd does)",
            )
        ]
    )
