"""HTTP of the centre: `settlement` for gateways (mutual TLS), `ops` for operators (loopback).

`answers` turns what the rooms raise into typed problems, `merchants` shows what is owed to those
who sell at our tills, `money` what of it needs somebody and bands by their digits, `page/` holds
the operators' page. `shared` answers many who ask for one sum.
"""
