-- A top-up that was undone opens its code again, and what a declined card had loaded is free again:
-- both travel with the next bundle, so they are counted twice a second.
CREATE INDEX money_voided ON money (tenant_id, txid) WHERE kind = 40;
