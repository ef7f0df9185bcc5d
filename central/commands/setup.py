"""`init`, `serve`, `migrate`, `redrive`: the centre itself."""

from __future__ import annotations

from pathlib import Path

from central import enrol
from central import keys as keyring
from central.app import CannotListen, serve_until_told
from central.binaries import PostgresUnavailable
from central.cashless_keys import held
from central.commands.errors import UNAVAILABLE, CommandFailed
from central.commands.session import Border, session, show
from central.database import opened
from central.keys import KeysMissing
from central.migrate import SchemaRefused
from central.publish import publish
from central.redrive import redrive as redrive_letters
from config.central import Central
from config.load import load


async def init(config_file: Path, border: Border) -> int:
    """Make keys, database and the first bundle; a run that was cut short is finished."""
    config = load(config_file, Central)
    data_dir = Path(config.data_dir)
    fresh = not (data_dir / keyring.FOLDER).exists()
    try:
        if fresh:
            seeds = [border.entropy(32) for _ in keyring.SEEDS]
            now_s = border.now_ms() // 1000
            keys = keyring.create(data_dir, config.tenant, border.entropy(16), seeds, now_s)
        else:
            keys = keyring.load(data_dir)
        async with (
            opened(config, entropy=border.entropy, migrating=True) as database,
            database.connection() as connection,
        ):
            recorded = await enrol.record_tenant(connection, keys, border.now_ms())
            if not fresh and not recorded:
                raise CommandFailed(f"{data_dir} is initialised already")
            version, _ = await publish(
                connection, keys.tenant, keys.bundle, border.now_ms(), held(keys.folder)
            )
    except KeysMissing as error:
        raise CommandFailed(str(error)) from error
    except OSError as error:
        raise CommandFailed(f"cannot make {data_dir}: {error}") from error
    except (PostgresUnavailable, SchemaRefused) as error:
        raise CommandFailed(str(error), UNAVAILABLE) from error
    show(
        {
            "tenant": keys.tenant.hex(),
            "name": keys.name,
            "issuer": keys.issuer_name,
            "keys": str(keys.folder),
            "bundle_version": version,
        }
    )
    return 0


async def serve(config_file: Path, border: Border, ready_fd: int | None) -> int:
    """Serve until SIGTERM or SIGINT."""
    from config.runtime import logs

    config = load(config_file, Central)
    logs.setup(config.log.level)
    try:
        await serve_until_told(
            config, entropy=border.entropy, now_ms=border.now_ms, ready_fd=ready_fd
        )
    except KeysMissing as error:
        raise CommandFailed(str(error)) from error
    except (PostgresUnavailable, SchemaRefused, CannotListen) as error:
        raise CommandFailed(str(error), UNAVAILABLE) from error
    return 0


async def migrate(config_file: Path, border: Border) -> int:
    """Apply the migrations that are missing and name them."""
    config = load(config_file, Central)
    applied: list[str] = []
    try:
        async with opened(config, entropy=border.entropy, migrating=True) as database:
            applied = database.applied
    except (PostgresUnavailable, SchemaRefused) as error:
        raise CommandFailed(str(error), UNAVAILABLE) from error
    show({"applied": applied})
    return 0


async def redrive(config_file: Path, border: Border) -> int:
    """Try the dead letters again after an upgrade."""
    async with session(config_file, border) as s:
        understood, still = await redrive_letters(s.connection, s.tenant, border.now_ms())
    show({"understood": understood, "still_dead": still})
    return 0
