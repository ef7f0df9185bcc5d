-- What came with sibling gateways. Of a conflict: ticket, and the admission that was one too many as
-- of_epoch and of_seq of the gateway that `cause` names second; `cause` = both places, as
-- gateway:epoch:seq, the earlier first. Of a measured clock: `cause` = whose and by how much.
INSERT INTO fact_kinds (kind, name) VALUES (9, 'ClockMeasured'), (18, 'ConflictFound');
