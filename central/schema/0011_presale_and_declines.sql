-- A presale order may have a secret of its own: whoever types it at a top-up point gets the credit,
-- also where no network is. Only its hash is kept, and published while the order waits for a band.
CREATE TABLE presale_codes (
    tenant_id bytea NOT NULL,
    source text NOT NULL,
    reference text NOT NULL,
    code_hash bytea NOT NULL,
    CONSTRAINT presale_codes_pk PRIMARY KEY (tenant_id, reference),
    CONSTRAINT presale_codes_code_once UNIQUE (tenant_id, code_hash),
    CONSTRAINT presale_codes_source_is_presale CHECK (source = 'presale'),
    CONSTRAINT presale_codes_hash_is_16_bytes CHECK (octet_length(code_hash) = 16),
    CONSTRAINT presale_codes_credit_is_ours FOREIGN KEY (tenant_id, source, reference)
        REFERENCES centre_credits (tenant_id, source, reference)
);
COMMENT ON TABLE presale_codes IS 'distributed: secrets of presale orders, by hash';

GRANT SELECT, INSERT ON presale_codes TO gatehouse_app;

-- A card payment that was approved offline and declined afterwards holds back what it loaded.
CREATE INDEX money_declined ON money (tenant_id, txid) WHERE kind = 47;
