"""The gateway's local API and the technician's page: loopback or a unix socket, nobody signs in.

=============== =======================================================================
`app`          everything below as one ASGI application
`presentations` a code comes in over HTTP, an answer goes out; retries by nonce
`recent`       what was answered lately, by nonce
`stream`       live events (SSE)
`status`       what technicians see, as structs; readiness
`metrics`      the same for Prometheus
`described`    OpenAPI: which operations there are
`problems`     every error as JSON; the border that keeps a crash to one request
`page`         the files of the technician's page, in `pages/`
=============== =======================================================================

Nothing here decides: `edge.lane` does. Nothing here can hold up a lane: a client that hangs up,
reads slowly or crashes its handler leaves the lane's callbacks as they are.
"""
