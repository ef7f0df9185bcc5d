"""The gateway's log: append-only, hash-chained, signed (ARCHITECTURE.md, *Ledger*).

Opening (`recover`) brings a folder in order and replays it; running (`Ledger`) appends.

========= ==================================================================================
file      question it answers
========= ==================================================================================
storage   what may be asked of a disk? (the seam: simulation puts faults behind it)
segments  what is a segment file called, and which blocks stand in it?
spares    is there room, and how long still?
epochs    which number and which key does an epoch have?
chain     does this block follow the one before it?
walk      which blocks of an epoch are good, and is the end the end?
tail      what follows the last good block: put back, cut, or said?
recover   where does the log go on after a start?
excuse    what did `set-aside` leave out of this folder?
writer    how does a batch of facts become a durable block?
committer who writes: a thread of its own, or the loop in a simulation?
ledger    append, wait, read back
put_back  how do old blocks that others had kept come back while it runs?
reading   which durable blocks follow (epoch, seq)?
snapshot  which state is on disk, and what does it fold?
take      how is a snapshot made beside a running gateway?
retention which segments may go?
audit     is the whole folder whole?
mend      how does a person repair it, or open the gate without it?
astray    where does a repair keep a block that stands in another's place?
first_block what stays of an epoch whose first segment is gone?
refetch   who still has what was deleted here, when no snapshot is whole?
errors    what can go wrong, and what is to be done?
========= ==================================================================================
"""
