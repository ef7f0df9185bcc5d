-- Bands by which staff sign in at tills. The newest row per medium counts; operator 0 = none since.
CREATE TABLE badge_words (
    tenant_id bytea NOT NULL,
    medium bytea NOT NULL,
    said_ms bigint NOT NULL,
    operator integer NOT NULL,
    CONSTRAINT badge_words_pk PRIMARY KEY (tenant_id, medium, said_ms),
    CONSTRAINT badge_words_medium_is_16_bytes CHECK (octet_length(medium) = 16),
    CONSTRAINT badge_words_operator_fits CHECK (operator BETWEEN 0 AND 65535)
);
COMMENT ON TABLE badge_words IS
    'distributed: whose badge a band is; the newest row counts, operator 0 = nobody''s';

GRANT SELECT, INSERT ON badge_words TO gatehouse_app;
