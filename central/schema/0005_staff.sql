-- What staff does at a gate. Of an override: the columns of an admission, and `cause` = who, why
-- and the refusal it overrode. Of an annulled hold: of_epoch and of_seq, persons 0, `cause` = who
-- and why. Of a sign-in: `code` = the operator's number.
INSERT INTO fact_kinds (kind, name) VALUES
    (16, 'Overridden'), (17, 'Annulled'), (19, 'OperatorSignedIn');
-- An admission is an admission, whoever granted it.
DROP INDEX facts_by_ticket;
CREATE INDEX facts_by_ticket ON facts (tenant_id, ticket) WHERE kind IN (10, 16);
