"""The gateway's local API and its pages: technicians, lane displays, handhelds.

=============== =======================================================================
`app`          everything below as one ASGI application
`presentations` a code comes in over HTTP, an answer goes out; retries by nonce
`recent`       what was answered lately, by nonce
`guest_search` who on the guest list a name fits; `found_guests` admits them without a code
`overrides`    staff admit whom a lane refuses; `annulments`, `simulations`
`stream`       live events (SSE)
`status`       what technicians see, as structs; readiness
`metrics`      the same for Prometheus
`described`    OpenAPI: which operations there are
`bodies`       JSON of requests, and what is wrong with it
`problems`     every error as JSON; the border that keeps a crash to one request
`signin`       the door in front of every operation: who is calling, and may they?
`sessions`     who is signed in; `attempts` slows guessing, `rights` says what a role may do
`display`      what the screen at a lane may know
`page`         the files of the pages, in `pages/` and `vendor/`
`lanes`        which lane a request means; `beside` what staff say beside a code
`till_routes`  tills: `till_works` what they are asked to do, `till_views` how they stand,
               `till_bodies` what is sent and got, `till_papers` receipts, `till_closings`,
               `till_once` what may be asked twice and is done once,
               `till_lost` which band somebody has lost,
               `till_described` the same for OpenAPI; `badge_signin` by a band instead of a PIN,
               on devices that stand at a till (`till_pairings`, over HTTP `till_devices`)
`serve`        listens as long as the daemon runs
=============== =======================================================================

Nothing here decides: `edge.lane` does. Nothing here can hold up a lane: a client that hangs up,
reads slowly or crashes its handler leaves the lane's callbacks as they are.
"""
