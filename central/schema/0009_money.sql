-- Money: facts of tills and bands as rows, what they book, and what the centre knows of wallets.

INSERT INTO fact_kinds (kind, name) VALUES
    (30, 'MediumIssued'), (31, 'MediumReissued'), (32, 'MediumBlocked'), (33, 'DebitHeld'),
    (34, 'DebitPosted'), (35, 'DebitVoided'), (36, 'GoodsAnswered'), (37, 'Sold'),
    (38, 'ToppedUp'), (39, 'CreditApplied'), (40, 'CreditVoided'), (41, 'PromoGranted'),
    (45, 'CardAuthorizationStarted'), (46, 'CardApproved'), (47, 'CardDeclined'),
    (48, 'CardUnknown'), (49, 'CardReversed'), (50, 'ShiftOpened'), (51, 'CashMoved'),
    (52, 'ShiftClosed'), (53, 'ClosingMade'), (54, 'MoneyConflictFound');

-- One row per fact of money. Columns are filled as the kind has them: amount_minor = what was
-- topped up, moved, counted, approved or is in conflict; said = method, evidence, reference or
-- cause in one word; receipt = its number at the till; source = card transaction, code, order, grant or the other side of a conflict.
CREATE TABLE money (
    tenant_id bytea NOT NULL,
    gateway bytea NOT NULL,
    epoch bigint NOT NULL,
    seq bigint NOT NULL,
    kind smallint NOT NULL,
    hlc bigint NOT NULL,
    day integer NOT NULL,
    txid bytea NOT NULL,
    till integer NOT NULL,
    operator integer NOT NULL,
    shift bigint NOT NULL,
    marks integer NOT NULL,
    medium bytea,
    band_epoch integer,
    basket bytea,
    part smallint,
    movement text,
    debit_minor bigint,
    given_minor bigint,
    promo_minor bigint,
    vouchers integer,
    cash_minor bigint,
    card_minor bigint,
    amount_minor bigint,
    base_seq integer,
    band_seq integer,
    debited_minor bigint,
    returned_minor bigint,
    txh bytea,
    credited_minor bigint,
    absorbed_minor bigint,
    reverses bytea,
    source bytea,
    receipt bigint,
    said text,
    CONSTRAINT money_pk PRIMARY KEY (tenant_id, gateway, epoch, seq),
    CONSTRAINT money_txid_is_16_bytes CHECK (octet_length(txid) = 16),
    CONSTRAINT money_debit_is_not_negative CHECK (debit_minor >= 0 AND given_minor >= 0)
);
CREATE INDEX money_by_txid ON money (tenant_id, txid);
CREATE INDEX money_by_medium ON money (tenant_id, medium, band_epoch, band_seq)
    WHERE medium IS NOT NULL;
-- What the next bundle has to say: blocked and replaced bands, codes that were redeemed.
CREATE INDEX money_news ON money (tenant_id, hlc)
    WHERE kind IN (31, 32) OR (kind = 38 AND said = 'voucher');
CREATE INDEX money_by_till ON money (tenant_id, gateway, till, shift);
COMMENT ON TABLE money IS 'distributed: facts of money as rows';

CREATE TABLE sale_lines (
    tenant_id bytea NOT NULL,
    gateway bytea NOT NULL,
    epoch bigint NOT NULL,
    seq bigint NOT NULL,
    line smallint NOT NULL,
    kind text NOT NULL,
    article bigint NOT NULL,
    quantity integer NOT NULL,
    unit_minor bigint NOT NULL,
    total_minor bigint NOT NULL,
    tax smallint NOT NULL,
    merchant integer NOT NULL,
    article_group integer NOT NULL,
    vouchers integer NOT NULL,
    CONSTRAINT sale_lines_pk PRIMARY KEY (tenant_id, gateway, epoch, seq, line)
);
COMMENT ON TABLE sale_lines IS 'distributed: the lines of DebitHeld and Sold';

-- What a wallet gained (positive) or paid: each transaction books once, by its id. `booked_by` is
-- the fact that made it count: the posting, the top-up, its undoing, the re-issue.
CREATE TABLE wallet_movements (
    tenant_id bytea NOT NULL,
    medium bytea NOT NULL,
    txid bytea NOT NULL,
    what text NOT NULL,
    amount_minor bigint NOT NULL,
    promo_minor bigint NOT NULL,
    vouchers integer NOT NULL,
    day integer NOT NULL,
    gateway bytea NOT NULL,
    epoch bigint NOT NULL,
    seq bigint NOT NULL,
    CONSTRAINT wallet_movements_pk PRIMARY KEY (tenant_id, txid, what, medium),
    CONSTRAINT wallet_movements_what_is_known CHECK (what IN (
        'debit', 'give_back', 'top_up', 'top_up_voided', 'promo', 'carried', 'carried_away',
        'credit'
    )),
    CONSTRAINT wallet_movements_medium_is_16_bytes CHECK (octet_length(medium) = 16)
);
CREATE INDEX wallet_movements_by_medium ON wallet_movements (tenant_id, medium);
COMMENT ON TABLE wallet_movements IS 'distributed: what wallets gained and paid, once per transaction';

-- Two posted debits of one band, epoch and seq: the band was cloned. Proof are the two signed
-- blocks in which the facts stand.
CREATE TABLE wallet_forks (
    tenant_id bytea NOT NULL,
    medium bytea NOT NULL,
    band_epoch integer NOT NULL,
    band_seq integer NOT NULL,
    first_txid bytea NOT NULL,
    second_txid bytea NOT NULL,
    amount_minor bigint NOT NULL,
    found_ms bigint NOT NULL,
    CONSTRAINT wallet_forks_pk
        PRIMARY KEY (tenant_id, medium, band_epoch, band_seq, first_txid, second_txid),
    CONSTRAINT wallet_forks_pair_is_ordered CHECK (first_txid < second_txid)
);
COMMENT ON TABLE wallet_forks IS 'distributed: proof of cloned bands';

-- Credit that the centre gives a medium: Cc is the sum. `source` and `reference` together are used
-- once: an order that is imported twice credits once. Without a medium it waits to be bound.
CREATE TABLE centre_credits (
    tenant_id bytea NOT NULL,
    source text NOT NULL,
    reference text NOT NULL,
    medium bytea,
    amount_minor bigint NOT NULL,
    made_ms bigint NOT NULL,
    CONSTRAINT centre_credits_pk PRIMARY KEY (tenant_id, source, reference),
    CONSTRAINT centre_credits_amount_is_positive CHECK (amount_minor > 0),
    CONSTRAINT centre_credits_source_is_known
        CHECK (source IN ('presale', 'correction', 'goodwill'))
);
COMMENT ON TABLE centre_credits IS 'distributed: credit from the centre, presale among it';

CREATE TABLE credit_bindings (
    tenant_id bytea NOT NULL,
    source text NOT NULL,
    reference text NOT NULL,
    medium bytea NOT NULL,
    bound_ms bigint NOT NULL,
    CONSTRAINT credit_bindings_pk PRIMARY KEY (tenant_id, source, reference),
    CONSTRAINT credit_bindings_credit_is_ours FOREIGN KEY (tenant_id, source, reference)
        REFERENCES centre_credits (tenant_id, source, reference),
    CONSTRAINT credit_bindings_medium_is_16_bytes CHECK (octet_length(medium) = 16)
);
COMMENT ON TABLE credit_bindings IS 'distributed: the medium of a credit that waited for one';

CREATE TABLE top_up_codes (
    tenant_id bytea NOT NULL,
    code_hash bytea NOT NULL,
    amount_minor bigint NOT NULL,
    made_ms bigint NOT NULL,
    CONSTRAINT top_up_codes_pk PRIMARY KEY (tenant_id, code_hash),
    CONSTRAINT top_up_codes_hash_is_16_bytes CHECK (octet_length(code_hash) = 16),
    CONSTRAINT top_up_codes_amount_is_positive CHECK (amount_minor > 0)
);
COMMENT ON TABLE top_up_codes IS 'distributed: voucher codes worth money, by hash';

CREATE TABLE wallet_words (
    tenant_id bytea NOT NULL,
    medium bytea NOT NULL,
    changed_ms bigint NOT NULL,
    min_epoch bigint NOT NULL,
    hold_minor bigint NOT NULL,
    promo_minor bigint NOT NULL,
    vouchers integer NOT NULL,
    because text NOT NULL,
    CONSTRAINT wallet_words_pk PRIMARY KEY (tenant_id, medium, changed_ms),
    CONSTRAINT wallet_words_medium_is_16_bytes CHECK (octet_length(medium) = 16),
    CONSTRAINT wallet_words_hold_is_not_negative CHECK (hold_minor >= 0)
);
COMMENT ON TABLE wallet_words IS
    'distributed: what the centre says of a medium (blocked, held back); the newest row counts';

CREATE TABLE cashless_terms (
    tenant_id bytea NOT NULL,
    set_ms bigint NOT NULL,
    content bytea NOT NULL,
    CONSTRAINT cashless_terms_pk PRIMARY KEY (tenant_id, set_ms)
);
COMMENT ON TABLE cashless_terms IS
    'distributed: prices, articles and classes as the bundle says them; the newest row counts';

CREATE TABLE credit_keys (
    tenant_id bytea NOT NULL,
    key_index smallint NOT NULL,
    gateway bytea NOT NULL,
    public_key bytea NOT NULL,
    limit_minor bigint NOT NULL,
    added_ms bigint NOT NULL,
    CONSTRAINT credit_keys_pk PRIMARY KEY (tenant_id, key_index),
    CONSTRAINT credit_keys_public_once UNIQUE (tenant_id, public_key),
    CONSTRAINT credit_keys_index_fits CHECK (key_index BETWEEN 1 AND 255),
    CONSTRAINT credit_keys_gateway_is_ours
        FOREIGN KEY (tenant_id, gateway) REFERENCES gateways (tenant_id, gateway)
);
COMMENT ON TABLE credit_keys IS 'distributed: top-up points and the keys that they sign with';

CREATE TABLE credit_key_revocations (
    tenant_id bytea NOT NULL,
    key_index smallint NOT NULL,
    revoked_ms bigint NOT NULL,
    because text NOT NULL,
    CONSTRAINT credit_key_revocations_pk PRIMARY KEY (tenant_id, key_index),
    CONSTRAINT credit_key_revocations_key_is_ours FOREIGN KEY (tenant_id, key_index)
        REFERENCES credit_keys (tenant_id, key_index)
);
COMMENT ON TABLE credit_key_revocations IS 'distributed: keys that sign no more';

GRANT SELECT, INSERT ON money, sale_lines, wallet_movements, wallet_forks, centre_credits,
    credit_bindings, top_up_codes, wallet_words, cashless_terms, credit_keys,
    credit_key_revocations TO gatehouse_app;
