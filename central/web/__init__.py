"""HTTP of the centre: `settlement` for gateways (mutual TLS), `ops` for operators (loopback).

`answers` turns what the rooms raise into typed problems, `page/` holds the operators' page.
"""
