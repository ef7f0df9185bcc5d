-- What gateways deliver: sealed blocks unchanged, their facts as rows, and what went wrong.
--
-- Idempotence has one place: the row of `watermarks`, locked before anything is stored. It is the
-- one table that changes in place, and it says nothing of its own: it can be computed from
-- `blocks`. Everything else is append-only by privilege.

CREATE TABLE gateway_keys (
    tenant_id bytea NOT NULL,
    gateway bytea NOT NULL,
    epoch bigint NOT NULL,
    public_key bytea NOT NULL,
    certificate bytea NOT NULL,
    accepted_ms bigint NOT NULL,
    CONSTRAINT gateway_keys_pk PRIMARY KEY (tenant_id, gateway, epoch),
    CONSTRAINT gateway_keys_gateway_is_ours
        FOREIGN KEY (tenant_id, gateway) REFERENCES gateways (tenant_id, gateway),
    CONSTRAINT gateway_keys_epoch_fits_u32 CHECK (epoch BETWEEN 1 AND 4294967295),
    CONSTRAINT gateway_keys_public_key_has_32_bytes CHECK (octet_length(public_key) = 32)
);
COMMENT ON TABLE gateway_keys IS 'distributed: the key that signs one epoch of a log';

CREATE TABLE watermarks (
    tenant_id bytea NOT NULL,
    gateway bytea NOT NULL,
    epoch bigint NOT NULL,
    through_seq bigint NOT NULL,
    head bytea NOT NULL,
    posted_seq bigint NOT NULL,
    wall_ms bigint NOT NULL,
    accepted_ms bigint NOT NULL,
    CONSTRAINT watermarks_pk PRIMARY KEY (tenant_id, gateway, epoch),
    CONSTRAINT watermarks_gateway_is_ours
        FOREIGN KEY (tenant_id, gateway) REFERENCES gateways (tenant_id, gateway),
    CONSTRAINT watermarks_epoch_fits_u32 CHECK (epoch BETWEEN 1 AND 4294967295),
    CONSTRAINT watermarks_head_is_sha256 CHECK (octet_length(head) = 32),
    CONSTRAINT watermarks_posts_what_is_held CHECK (0 <= posted_seq AND posted_seq <= through_seq)
);
COMMENT ON TABLE watermarks IS
    'distributed: how far each log is held (through_seq, head) and posted to facts (posted_seq)';

CREATE TABLE blocks (
    tenant_id bytea NOT NULL,
    gateway bytea NOT NULL,
    epoch bigint NOT NULL,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    hash bytea NOT NULL,
    sealed bytea NOT NULL,
    -- No reference to gateways: the watermark that is locked before has it, once per run.
    CONSTRAINT blocks_pk PRIMARY KEY (tenant_id, gateway, epoch, first_seq),
    CONSTRAINT blocks_count_is_1_to_4096
        CHECK (first_seq >= 1 AND last_seq BETWEEN first_seq AND first_seq + 4095),
    CONSTRAINT blocks_hash_is_sha256 CHECK (octet_length(hash) = 32)
);
-- Signed and packed already: compressing them again costs time at ingest and gains a few percent.
ALTER TABLE blocks ALTER COLUMN sealed SET STORAGE EXTERNAL;
COMMENT ON TABLE blocks IS 'distributed: sealed ledger blocks, bytes unchanged';

CREATE TABLE fact_kinds (
    kind smallint NOT NULL,
    name text NOT NULL,
    CONSTRAINT fact_kinds_pk PRIMARY KEY (kind),
    CONSTRAINT fact_kinds_name_once UNIQUE (name)
);
COMMENT ON TABLE fact_kinds IS 'reference: names of the kinds of facts';
INSERT INTO fact_kinds (kind, name) VALUES
    (1, 'EpochBegun'), (2, 'Started'), (3, 'Stopped'), (4, 'BundleApplied'),
    (5, 'SnapshotTaken'), (6, 'ClockStepped'), (7, 'DeviceLost'), (8, 'DeviceBack'),
    (10, 'Admitted'), (11, 'AdmissionRefused'), (12, 'PassageCompleted'),
    (13, 'PassageLapsed'), (14, 'PassageUnknown'), (15, 'ExitRecorded');

-- One row per fact that is understood. Columns after `offset_min` are filled as the kind has them:
-- persons = granted, passed or the count of refusals; ticket_persons = what the code admits in all;
-- of_… = the hold that an outcome belongs to; code = marks of an admission, reason of a refusal;
-- ticket = identity (issuer ':' id), of a refusal only its short hash.
CREATE TABLE facts (
    tenant_id bytea NOT NULL,
    gateway bytea NOT NULL,
    epoch bigint NOT NULL,
    seq bigint NOT NULL,
    hlc bigint NOT NULL,
    kind smallint NOT NULL,
    day integer NOT NULL,
    offset_min smallint NOT NULL,
    lane integer,
    gate integer,
    ticket bytea,
    product integer,
    performance bigint,
    persons bigint,
    ticket_persons bigint,
    of_epoch bigint,
    of_seq bigint,
    code integer,
    cause text,
    CONSTRAINT facts_pk PRIMARY KEY (tenant_id, gateway, epoch, seq),
    CONSTRAINT facts_seq_begins_at_1 CHECK (seq >= 1)
);
CREATE INDEX facts_by_ticket ON facts (tenant_id, ticket) WHERE kind = 10;
CREATE INDEX facts_by_hold ON facts (tenant_id, gateway, of_epoch, of_seq)
    WHERE of_seq IS NOT NULL;
COMMENT ON TABLE facts IS 'distributed: facts as rows; Admitted and outcomes with their columns';

CREATE TABLE dead_letters (
    tenant_id bytea NOT NULL,
    gateway bytea NOT NULL,
    epoch bigint NOT NULL,
    seq bigint NOT NULL,
    kind integer NOT NULL,
    reason text NOT NULL,
    raw bytea NOT NULL,
    received_ms bigint NOT NULL,
    CONSTRAINT dead_letters_pk PRIMARY KEY (tenant_id, gateway, epoch, seq)
);
COMMENT ON TABLE dead_letters IS
    'distributed: facts that are not understood, as they came; kind 0 = a whole body';

CREATE TABLE redriven_letters (
    tenant_id bytea NOT NULL,
    gateway bytea NOT NULL,
    epoch bigint NOT NULL,
    seq bigint NOT NULL,
    redriven_ms bigint NOT NULL,
    CONSTRAINT redriven_letters_pk PRIMARY KEY (tenant_id, gateway, epoch, seq),
    CONSTRAINT redriven_letters_letter_is_ours FOREIGN KEY (tenant_id, gateway, epoch, seq)
        REFERENCES dead_letters (tenant_id, gateway, epoch, seq)
);
COMMENT ON TABLE redriven_letters IS 'distributed: dead letters that a later release understood';

CREATE TABLE forks (
    tenant_id bytea NOT NULL,
    gateway bytea NOT NULL,
    epoch bigint NOT NULL,
    seq bigint NOT NULL,
    offered_hash bytea NOT NULL,
    held_hash bytea NOT NULL,
    offered bytea NOT NULL,
    delivered_by bytea NOT NULL,
    found_ms bigint NOT NULL,
    CONSTRAINT forks_pk PRIMARY KEY (tenant_id, gateway, epoch, seq, offered_hash),
    CONSTRAINT forks_gateway_is_ours
        FOREIGN KEY (tenant_id, gateway) REFERENCES gateways (tenant_id, gateway),
    CONSTRAINT forks_hashes_are_sha256
        CHECK (octet_length(offered_hash) = 32 AND octet_length(held_hash) = 32)
);
COMMENT ON TABLE forks IS
    'distributed: the second of two signed blocks for one place; the first stands in blocks';

CREATE TABLE quarantines (
    tenant_id bytea NOT NULL,
    gateway bytea NOT NULL,
    changed_ms bigint NOT NULL,
    stands boolean NOT NULL,
    reason text NOT NULL,
    CONSTRAINT quarantines_pk PRIMARY KEY (tenant_id, gateway, changed_ms),
    CONSTRAINT quarantines_gateway_is_ours
        FOREIGN KEY (tenant_id, gateway) REFERENCES gateways (tenant_id, gateway)
);
COMMENT ON TABLE quarantines IS
    'distributed: the newest row per gateway counts; while it stands, nothing is posted';

GRANT SELECT, INSERT ON gateway_keys, watermarks, blocks, facts, dead_letters, redriven_letters,
    forks, quarantines TO gatehouse_app;
GRANT SELECT ON fact_kinds TO gatehouse_app;
GRANT UPDATE (through_seq, head, posted_seq, wall_ms, accepted_ms) ON watermarks TO gatehouse_app;
