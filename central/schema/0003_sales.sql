-- What is sold and who may go where: products, performances, gates, tickets, denials, bundles.

CREATE TABLE products (
    tenant_id bytea NOT NULL,
    product integer NOT NULL,
    name text NOT NULL,
    reentry text NOT NULL,
    reentry_after_s integer NOT NULL,
    added_ms bigint NOT NULL,
    CONSTRAINT products_pk PRIMARY KEY (tenant_id, product),
    CONSTRAINT products_name_once UNIQUE (tenant_id, name),
    CONSTRAINT products_product_fits_u16 CHECK (product BETWEEN 1 AND 65535),
    CONSTRAINT products_name_is_said CHECK (length(name) BETWEEN 1 AND 120),
    CONSTRAINT products_reentry_is_known CHECK (reentry IN ('none', 'after_exit', 'unlimited')),
    CONSTRAINT products_reentry_after_s_in_a_day CHECK (reentry_after_s BETWEEN 0 AND 86400)
);
COMMENT ON TABLE products IS 'distributed: what a ticket is of';

CREATE TABLE performances (
    tenant_id bytea NOT NULL,
    performance bigint NOT NULL,
    name text NOT NULL,
    starts_s bigint NOT NULL,
    ends_s bigint NOT NULL,
    admission_s bigint NOT NULL,
    added_ms bigint NOT NULL,
    CONSTRAINT performances_pk PRIMARY KEY (tenant_id, performance),
    CONSTRAINT performances_name_once UNIQUE (tenant_id, name),
    CONSTRAINT performances_performance_fits_u32 CHECK (performance BETWEEN 1 AND 4294967295),
    CONSTRAINT performances_name_is_said CHECK (length(name) BETWEEN 1 AND 120),
    CONSTRAINT performances_ends_after_it_starts
        CHECK (starts_s >= 0 AND admission_s >= 0 AND (ends_s = 0 OR ends_s > starts_s)),
    CONSTRAINT performances_admits_before_it_ends CHECK (ends_s = 0 OR admission_s < ends_s)
);
COMMENT ON TABLE performances IS 'distributed: concerts; unix seconds, 0 = open';

CREATE TABLE gates (
    tenant_id bytea NOT NULL,
    gate integer NOT NULL,
    name text NOT NULL,
    added_ms bigint NOT NULL,
    CONSTRAINT gates_pk PRIMARY KEY (tenant_id, gate),
    CONSTRAINT gates_name_once UNIQUE (tenant_id, name),
    CONSTRAINT gates_gate_fits_u16 CHECK (gate BETWEEN 1 AND 65535),
    CONSTRAINT gates_name_is_said CHECK (length(name) BETWEEN 1 AND 120)
);
COMMENT ON TABLE gates IS 'distributed: groups of lanes';

CREATE TABLE gate_products (
    tenant_id bytea NOT NULL,
    gate integer NOT NULL,
    product integer NOT NULL,
    CONSTRAINT gate_products_pk PRIMARY KEY (tenant_id, gate, product),
    CONSTRAINT gate_products_gate_is_known
        FOREIGN KEY (tenant_id, gate) REFERENCES gates (tenant_id, gate),
    CONSTRAINT gate_products_product_is_known
        FOREIGN KEY (tenant_id, product) REFERENCES products (tenant_id, product)
);
COMMENT ON TABLE gate_products IS 'distributed: products a gate admits; none = all';

CREATE TABLE gate_performances (
    tenant_id bytea NOT NULL,
    gate integer NOT NULL,
    performance bigint NOT NULL,
    CONSTRAINT gate_performances_pk PRIMARY KEY (tenant_id, gate, performance),
    CONSTRAINT gate_performances_gate_is_known
        FOREIGN KEY (tenant_id, gate) REFERENCES gates (tenant_id, gate),
    CONSTRAINT gate_performances_performance_is_known
        FOREIGN KEY (tenant_id, performance) REFERENCES performances (tenant_id, performance)
);
COMMENT ON TABLE gate_performances IS 'distributed: performances a gate admits; none = all';

CREATE TABLE foreign_rows (
    tenant_id bytea NOT NULL,
    issuer text NOT NULL,
    item bigint NOT NULL,
    variation bigint NOT NULL,
    subevent bigint NOT NULL,
    product integer NOT NULL,
    performance bigint NOT NULL,
    CONSTRAINT foreign_rows_pk PRIMARY KEY (tenant_id, issuer, item, variation, subevent),
    CONSTRAINT foreign_rows_issuer_is_known
        FOREIGN KEY (tenant_id, issuer) REFERENCES issuers (tenant_id, issuer),
    CONSTRAINT foreign_rows_product_is_known
        FOREIGN KEY (tenant_id, product) REFERENCES products (tenant_id, product),
    CONSTRAINT foreign_rows_numbers_are_natural
        CHECK (item >= 0 AND variation >= -1 AND subevent >= -1 AND performance >= 0)
);
COMMENT ON TABLE foreign_rows IS
    'distributed: a foreign shop''s numbers in ours; variation and subevent -1 = any';

CREATE TABLE tickets (
    tenant_id bytea NOT NULL,
    issuer text NOT NULL,
    ticket_id bytea NOT NULL,
    issued_s bigint NOT NULL,
    key_id bytea NOT NULL,
    performance bigint NOT NULL,
    product integer NOT NULL,
    valid_from_s bigint NOT NULL,
    valid_until_s bigint NOT NULL,
    persons smallint NOT NULL,
    flags smallint NOT NULL,
    CONSTRAINT tickets_pk PRIMARY KEY (tenant_id, issuer, ticket_id, issued_s),
    CONSTRAINT tickets_product_is_known
        FOREIGN KEY (tenant_id, product) REFERENCES products (tenant_id, product),
    CONSTRAINT tickets_key_is_ours
        FOREIGN KEY (tenant_id, key_id) REFERENCES issuer_keys (tenant_id, key_id),
    CONSTRAINT tickets_ticket_id_has_8_bytes CHECK (octet_length(ticket_id) = 8),
    CONSTRAINT tickets_persons_fits_a_byte CHECK (persons BETWEEN 1 AND 255),
    CONSTRAINT tickets_flags_are_known CHECK (flags BETWEEN 0 AND 7)
);
COMMENT ON TABLE tickets IS 'distributed: codes we issued; a re-issue is a later issued_s';

CREATE TABLE denials (
    tenant_id bytea NOT NULL,
    ticket bytea NOT NULL,
    kind text NOT NULL,
    recorded_ms bigint NOT NULL,
    stands boolean NOT NULL,
    min_issued_s bigint NOT NULL,
    reason text NOT NULL,
    CONSTRAINT denials_pk PRIMARY KEY (tenant_id, ticket, kind, recorded_ms),
    CONSTRAINT denials_kind_is_known CHECK (kind IN ('revoked', 'canceled', 'blocked')),
    CONSTRAINT denials_min_issued_s_fits_u32 CHECK (min_issued_s BETWEEN 0 AND 4294967295)
);
COMMENT ON TABLE denials IS
    'distributed: the newest row per ticket identity and kind counts; codes issued before '
    'min_issued_s are revoked';

CREATE TABLE bundles (
    tenant_id bytea NOT NULL,
    version bigint NOT NULL,
    content_hash bytea NOT NULL,
    raw bytea NOT NULL,
    published_ms bigint NOT NULL,
    CONSTRAINT bundles_pk PRIMARY KEY (tenant_id, version),
    CONSTRAINT bundles_version_begins_at_1 CHECK (version >= 1),
    CONSTRAINT bundles_content_hash_is_sha256 CHECK (octet_length(content_hash) = 32)
);
COMMENT ON TABLE bundles IS 'distributed: every bundle ever published, bytes unchanged';

GRANT SELECT, INSERT ON products, performances, gates, gate_products, gate_performances,
    foreign_rows, tickets, denials, bundles TO gatehouse_app;
