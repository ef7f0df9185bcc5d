-- What was added may change: a change is a new row, and the newest row counts.

-- A name stays its first owner's for ever, so that a name in an old report has one meaning.
CREATE TABLE catalogue_names (
    tenant_id bytea NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    number bigint NOT NULL,
    CONSTRAINT catalogue_names_name_once PRIMARY KEY (tenant_id, kind, name),
    CONSTRAINT catalogue_names_kind_is_known CHECK (kind IN ('product', 'performance', 'gate'))
);
COMMENT ON TABLE catalogue_names IS
    'distributed: every name a product, performance or gate has ever had';
INSERT INTO catalogue_names (tenant_id, kind, name, number)
    SELECT tenant_id, 'product', name, product FROM products
    UNION ALL SELECT tenant_id, 'performance', name, performance FROM performances
    UNION ALL SELECT tenant_id, 'gate', name, gate FROM gates;

CREATE TABLE product_versions (
    tenant_id bytea NOT NULL,
    product integer NOT NULL,
    changed_ms bigint NOT NULL,
    name text NOT NULL,
    reentry text NOT NULL,
    reentry_after_s integer NOT NULL,
    CONSTRAINT product_versions_pk PRIMARY KEY (tenant_id, product, changed_ms),
    CONSTRAINT product_versions_product_is_known
        FOREIGN KEY (tenant_id, product) REFERENCES products (tenant_id, product),
    CONSTRAINT product_versions_name_is_said CHECK (length(name) BETWEEN 1 AND 120),
    CONSTRAINT product_versions_reentry_is_known
        CHECK (reentry IN ('none', 'after_exit', 'unlimited')),
    CONSTRAINT product_versions_reentry_after_s_in_a_day
        CHECK (reentry_after_s BETWEEN 0 AND 86400)
);
COMMENT ON TABLE product_versions IS 'distributed: changes of products, the newest counts';

CREATE TABLE performance_versions (
    tenant_id bytea NOT NULL,
    performance bigint NOT NULL,
    changed_ms bigint NOT NULL,
    name text NOT NULL,
    starts_s bigint NOT NULL,
    ends_s bigint NOT NULL,
    admission_s bigint NOT NULL,
    CONSTRAINT performance_versions_pk PRIMARY KEY (tenant_id, performance, changed_ms),
    CONSTRAINT performance_versions_performance_is_known
        FOREIGN KEY (tenant_id, performance) REFERENCES performances (tenant_id, performance),
    CONSTRAINT performance_versions_name_is_said CHECK (length(name) BETWEEN 1 AND 120),
    CONSTRAINT performance_versions_ends_after_it_starts
        CHECK (starts_s >= 0 AND admission_s >= 0 AND (ends_s = 0 OR ends_s > starts_s)),
    CONSTRAINT performance_versions_admits_before_it_ends CHECK (ends_s = 0 OR admission_s < ends_s)
);
COMMENT ON TABLE performance_versions IS 'distributed: changes of performances, the newest counts';

CREATE TABLE gate_versions (
    tenant_id bytea NOT NULL,
    gate integer NOT NULL,
    changed_ms bigint NOT NULL,
    name text NOT NULL,
    -- Whole lists: numbers of products and performances, which are never taken away.
    products integer[] NOT NULL,
    performances bigint[] NOT NULL,
    CONSTRAINT gate_versions_pk PRIMARY KEY (tenant_id, gate, changed_ms),
    CONSTRAINT gate_versions_gate_is_known
        FOREIGN KEY (tenant_id, gate) REFERENCES gates (tenant_id, gate),
    CONSTRAINT gate_versions_name_is_said CHECK (length(name) BETWEEN 1 AND 120)
);
COMMENT ON TABLE gate_versions IS 'distributed: changes of gates, the newest counts';

CREATE TABLE holder_keys (
    tenant_id bytea NOT NULL,
    ticket bytea NOT NULL,
    issued_s bigint NOT NULL,
    holder_key bytea NOT NULL,
    CONSTRAINT holder_keys_pk PRIMARY KEY (tenant_id, ticket, issued_s),
    CONSTRAINT holder_keys_holder_key_has_16_to_64_bytes
        CHECK (octet_length(holder_key) BETWEEN 16 AND 64)
);
COMMENT ON TABLE holder_keys IS
    'distributed: secrets of rotating codes by ticket identity; that of the newest code counts';

-- DISTINCT ON names the tenant, or the planner could not see that one partition is enough.
CREATE VIEW current_products AS
SELECT DISTINCT ON (tenant_id, product) tenant_id, product, name, reentry, reentry_after_s
FROM (
    SELECT tenant_id, product, name, reentry, reentry_after_s, -1::bigint AS changed_ms
    FROM products
    UNION ALL
    SELECT tenant_id, product, name, reentry, reentry_after_s, changed_ms FROM product_versions
) AS version
ORDER BY tenant_id, product, changed_ms DESC;

CREATE VIEW current_performances AS
SELECT DISTINCT ON (tenant_id, performance)
    tenant_id, performance, name, starts_s, ends_s, admission_s
FROM (
    SELECT tenant_id, performance, name, starts_s, ends_s, admission_s, -1::bigint AS changed_ms
    FROM performances
    UNION ALL
    SELECT tenant_id, performance, name, starts_s, ends_s, admission_s, changed_ms
    FROM performance_versions
) AS version
ORDER BY tenant_id, performance, changed_ms DESC;

GRANT SELECT, INSERT ON catalogue_names, product_versions, performance_versions, gate_versions,
    holder_keys TO gatehouse_app;
GRANT SELECT ON current_products, current_performances TO gatehouse_app;
