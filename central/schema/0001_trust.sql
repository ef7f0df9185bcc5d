-- Who belongs to us: tenants, gateways, issuers and their public keys.
--
-- Rules of every table (tests/central/test_schema.py holds them to it): tenant_id is the first
-- column of every key; ids are made by the client; every constraint has a name of ours; the role
-- gatehouse_app, which the service works as, may read and append, never change or delete.
-- Times are unix milliseconds (…_ms) given by the caller.

DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'gatehouse_app') THEN
        BEGIN
            CREATE ROLE gatehouse_app NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END IF;
    IF NOT pg_has_role(current_user, 'gatehouse_app', 'MEMBER') THEN
        GRANT gatehouse_app TO CURRENT_USER;
    END IF;
END
$$;

GRANT USAGE ON SCHEMA public TO gatehouse_app;
GRANT SELECT ON migrations TO gatehouse_app;
COMMENT ON TABLE migrations IS 'local: what this database was built from';

CREATE TABLE tenants (
    tenant_id bytea NOT NULL,
    name text NOT NULL,
    created_ms bigint NOT NULL,
    CONSTRAINT tenants_pk PRIMARY KEY (tenant_id),
    CONSTRAINT tenants_tenant_id_has_16_bytes CHECK (octet_length(tenant_id) = 16),
    CONSTRAINT tenants_name_is_said CHECK (length(name) BETWEEN 1 AND 200)
);
COMMENT ON TABLE tenants IS 'distributed: legal entities, the operators';

CREATE TABLE gateways (
    tenant_id bytea NOT NULL,
    gateway bytea NOT NULL,
    index smallint NOT NULL,
    name text NOT NULL,
    device_key bytea NOT NULL,
    certificate bytea NOT NULL,
    approved_ms bigint NOT NULL,
    CONSTRAINT gateways_pk PRIMARY KEY (tenant_id, gateway),
    CONSTRAINT gateways_index_once UNIQUE (tenant_id, index),
    CONSTRAINT gateways_name_once UNIQUE (tenant_id, name),
    CONSTRAINT gateways_device_key_once UNIQUE (tenant_id, device_key),
    CONSTRAINT gateways_gateway_has_16_bytes CHECK (octet_length(gateway) = 16),
    CONSTRAINT gateways_device_key_has_32_bytes CHECK (octet_length(device_key) = 32),
    CONSTRAINT gateways_index_fits_a_byte CHECK (index BETWEEN 1 AND 255),
    CONSTRAINT gateways_name_is_said CHECK (length(name) BETWEEN 1 AND 200)
);
COMMENT ON TABLE gateways IS 'distributed: approved gateways, certificate as DER';

CREATE TABLE gateway_revocations (
    tenant_id bytea NOT NULL,
    gateway bytea NOT NULL,
    revoked_ms bigint NOT NULL,
    reason text NOT NULL,
    CONSTRAINT gateway_revocations_pk PRIMARY KEY (tenant_id, gateway),
    CONSTRAINT gateway_revocations_gateway_is_ours
        FOREIGN KEY (tenant_id, gateway) REFERENCES gateways (tenant_id, gateway)
);
COMMENT ON TABLE gateway_revocations IS 'distributed: gateways nothing is taken from any more';

CREATE TABLE issuers (
    tenant_id bytea NOT NULL,
    issuer text NOT NULL,
    name text NOT NULL,
    scheme text NOT NULL,
    created_ms bigint NOT NULL,
    CONSTRAINT issuers_pk PRIMARY KEY (tenant_id, issuer),
    CONSTRAINT issuers_issuer_is_short_ascii CHECK (issuer ~ '^[a-z0-9][a-z0-9._-]{0,31}$'),
    CONSTRAINT issuers_scheme_is_known CHECK (scheme IN ('GH1', 'pretix_sig1')),
    CONSTRAINT issuers_name_is_said CHECK (length(name) BETWEEN 1 AND 200)
);
COMMENT ON TABLE issuers IS 'distributed: who signs tickets, we and foreign shops';

CREATE TABLE issuer_keys (
    tenant_id bytea NOT NULL,
    key_id bytea NOT NULL,
    issuer text NOT NULL,
    public_key bytea NOT NULL,
    valid_from_s bigint NOT NULL,
    valid_until_s bigint NOT NULL,
    added_ms bigint NOT NULL,
    -- One id, one key: a code names its key by these 4 bytes only.
    CONSTRAINT issuer_keys_pk PRIMARY KEY (tenant_id, key_id),
    CONSTRAINT issuer_keys_issuer_is_ours
        FOREIGN KEY (tenant_id, issuer) REFERENCES issuers (tenant_id, issuer),
    CONSTRAINT issuer_keys_key_id_has_4_bytes CHECK (octet_length(key_id) = 4),
    CONSTRAINT issuer_keys_public_key_has_32_bytes CHECK (octet_length(public_key) = 32),
    CONSTRAINT issuer_keys_window_is_open
        CHECK (valid_from_s >= 0 AND (valid_until_s = 0 OR valid_until_s > valid_from_s))
);
COMMENT ON TABLE issuer_keys IS 'distributed: public keys of issuers; 0 = no limit in time';

GRANT SELECT, INSERT ON tenants, gateways, gateway_revocations, issuers, issuer_keys
    TO gatehouse_app;
