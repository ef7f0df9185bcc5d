"""What is sold: `catalogue` finds products and performances by number or name, `issue` makes
ticket codes, `reissue` makes one again, `denials` takes them back, `foreign` admits the codes of
other shops. `terms` and `cashless` read what people write of entry and of prices."""
