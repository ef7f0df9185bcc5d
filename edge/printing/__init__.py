"""From a receipt as data to what a printer takes, and to a picture of what it prints.

=================== ======================================================================
`words`             what stands on paper, in each language
`paper`             rows of a fixed width; what a printer's code page cannot say, said otherwise
`receipt_layout`    a receipt (`edge/core/receipt.py`) as rows
`closing_layout`    an X or Z report (`edge/core/closing_report.py`) as rows
`escpos`            rows as ESC/POS bytes
`picture`           a printer without paper: ESC/POS bytes as a picture, with their QR codes
=================== ======================================================================

`picture` knows nothing of the other files: it is written from Epson's command reference and
refuses what it does not know, so that a mistake of `escpos` shows. The driver that sends the bytes
to a printer is not here. Nothing is printed that contradicts itself: `render` in `escpos` refuses.
"""
