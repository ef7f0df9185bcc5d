-- Who may enter when, where and how often; and names, which must be erasable.

ALTER TABLE denials DROP CONSTRAINT denials_kind_is_known;
ALTER TABLE denials ADD CONSTRAINT denials_kind_is_known
    CHECK (kind IN ('revoked', 'canceled', 'blocked', 'unapproved', 'unpaid'));

CREATE TABLE entry_terms (
    tenant_id bytea NOT NULL,
    set_ms bigint NOT NULL,
    content bytea NOT NULL,
    CONSTRAINT entry_terms_pk PRIMARY KEY (tenant_id, set_ms)
);
COMMENT ON TABLE entry_terms IS
    'distributed: terms of entry as the bundle says them (MessagePack); the newest row counts';

-- The one table with names of guests. Rows go when the list is replaced or somebody is erased,
-- so nothing refers to them.
CREATE TABLE guests (
    tenant_id bytea NOT NULL,
    guest text NOT NULL,
    name text NOT NULL,
    ticket bytea NOT NULL,
    product integer NOT NULL,
    birthday integer NOT NULL,
    note text NOT NULL,
    imported_ms bigint NOT NULL,
    CONSTRAINT guests_pk PRIMARY KEY (tenant_id, guest),
    CONSTRAINT guests_guest_is_short CHECK (length(guest) BETWEEN 1 AND 64),
    CONSTRAINT guests_name_is_said CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT guests_note_is_short CHECK (length(note) <= 200),
    CONSTRAINT guests_birthday_is_mmdd CHECK (birthday BETWEEN 0 AND 1231),
    CONSTRAINT guests_product_fits_u16 CHECK (product BETWEEN 0 AND 65535)
);
COMMENT ON TABLE guests IS 'distributed: the guest list, erasable; ticket empty = without one';

CREATE TABLE guest_lists (
    tenant_id bytea NOT NULL,
    version bigint NOT NULL,
    changed_ms bigint NOT NULL,
    CONSTRAINT guest_lists_pk PRIMARY KEY (tenant_id, version)
);
COMMENT ON TABLE guest_lists IS 'distributed: that the guest list changed, without what it was';

GRANT SELECT, INSERT ON entry_terms, guests, guest_lists TO gatehouse_app;
GRANT DELETE ON guests TO gatehouse_app;
