"""What the commands of `gatehouse-edge` do. Each returns its exit code or raises `CommandFailed`.

ticket    verify codes, without a daemon
identity  a gateway's keys and its enrolment
config    check and explain the configuration
ledger    verify, show and repair the log on disk
rules     try and lint rules of admission
scenario  rehearse a venue's policy before doors open
status    ask a running daemon how it is
asking    by which way a command asks it, and as whom
receipt   what is printed, before it is printed
wallet    the key of a top-up point
staff     the hash of a PIN
errors    exit codes
"""
