"""What both daemons do the same way while they run; the only part of `config` that knows
hypercorn, Starlette and prometheus-client.

    logs            stdlib logging, one JSON line to standard output, redaction
    notify          systemd's notify socket and watchdog; the pipe that reports bound ports
    limits          how long, how large and from where a request may be (ASGI, any loop)
    listen          hypercorn's traps, closed: settings, sockets, connection counts (both loops)
    listen_trio     `serve_trio`, for the gateway
    listen_asyncio  `serve_asyncio`, for the central service
    openapi         OpenAPI 3.1 from msgspec structs
    health          /livez, /readyz with reasons, /metrics
"""
