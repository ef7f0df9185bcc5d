"""Code scanners that send what they read over a byte stream.

`codec.py` cuts the stream into codes, `machine.py` makes presentations of them, `driver.py`
holds `Scanner` (what a gateway uses), `fake.py` is a scanner without glass.

Documents: prefix, suffix and STX/ETX are what scanner manuals call data formatting (each
vendor's programming guide); AIM symbology ids are ISO/IEC 15424:2008, Table 1 and Annex F;
ECI designators in the data are AIM ECI Protocol, "\\nnnnnn", backslashes doubled.

Config keys (arguments of `Scanner`): framing, window_s, idle_s.
Fails by: no terminator (idle flush), an endless line (dropped up to the next terminator,
counted), half a line (dropped after 2 s of quiet or with the link, counted).
Recovers by itself: the next terminator starts the next guest's code.
Not here yet: keyboard (HID) scanners and handhelds that POST; serial is a link (`link.py`).
"""
