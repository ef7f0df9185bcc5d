-- Bands that were replaced: what was held back of the old one is let go once no gateway can sell
-- to it any more. And by which price list a sale was made.
ALTER TABLE money ADD COLUMN replaces_epoch integer;
ALTER TABLE money ADD COLUMN prices bigint;

-- From which fact on a gateway decides by which bundle: what was in its log before is held, too.
CREATE TABLE bundles_applied (
    tenant_id bytea NOT NULL,
    gateway bytea NOT NULL,
    epoch bigint NOT NULL,
    seq bigint NOT NULL,
    hlc bigint NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT bundles_applied_pk PRIMARY KEY (tenant_id, gateway, epoch, seq)
);
COMMENT ON TABLE bundles_applied IS
    'distributed: which bundle a gateway follows from a fact of its log on';

-- Whether bundles refuse the band that the re-issue `txid` replaced: a row where that changed, at
-- the first version of which it is true.
CREATE TABLE reissue_bundles (
    tenant_id bytea NOT NULL,
    txid bytea NOT NULL,
    version bigint NOT NULL,
    blocks boolean NOT NULL,
    CONSTRAINT reissue_bundles_pk PRIMARY KEY (tenant_id, txid, version)
);
COMMENT ON TABLE reissue_bundles IS
    'distributed: since which bundle a replaced band is refused; the newest row counts';

CREATE TABLE reissue_releases (
    tenant_id bytea NOT NULL,
    txid bytea NOT NULL,
    medium bytea NOT NULL,
    amount_minor bigint NOT NULL,
    released_ms bigint NOT NULL,
    because text NOT NULL,
    CONSTRAINT reissue_releases_pk PRIMARY KEY (tenant_id, txid),
    CONSTRAINT reissue_releases_amount_is_not_negative CHECK (amount_minor >= 0),
    CONSTRAINT reissue_releases_medium_is_16_bytes CHECK (octet_length(medium) = 16)
);
COMMENT ON TABLE reissue_releases IS
    'distributed: what became credit of what a re-issue had held back, once each';

ALTER TABLE centre_credits DROP CONSTRAINT centre_credits_source_is_known;
ALTER TABLE centre_credits ADD CONSTRAINT centre_credits_source_is_known
    CHECK (source IN ('presale', 'correction', 'goodwill', 'held'));

GRANT SELECT, INSERT ON bundles_applied, reissue_bundles, reissue_releases TO gatehouse_app;
