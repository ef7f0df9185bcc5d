"""nfcpy by itself, with its own classes for tags, against one band: run by an interpreter that
has it, `foreign.py PATH KEY_HEX`. Prints what it found as one JSON line; imports nothing of
ours, for it is the independent witness that a band is what we say."""

import json
import os
import sys

import nfc
import nfc.clf
import nfc.tag
import nfc.tag.tt2

# nfcpy takes an answer that came after 0.1 s for that of the next question: a busy machine.
ONCE = nfc.tag.tt2.Type2Tag.transceive
nfc.tag.tt2.Type2Tag.transceive = lambda tag, data, timeout=0.5, retries=2: ONCE(
    tag, data, timeout, retries
)
JOIN = {"NTAG213", "NTAG215", "NTAG216", "MF0UL11", "MF0UL21"}


def main(path, key):
    said = sys.stdout
    sys.stdout = sys.stderr
    found = {}
    clf = nfc.ContactlessFrontend(path)

    def activated():
        target = clf.sense(nfc.clf.RemoteTarget("106A"))
        tag = nfc.tag.activate(clf, target)
        # nfcpy 1.0.4 forgot where the configuration of Ultralight EV1 stands (MF0ULX1, table 7).
        page = {"MF0UL11": 16, "MF0UL21": 37}.get(type(tag).__name__)
        if page is not None:
            tag._cfgpage = page
        return tag

    def refused(call):
        try:
            call()
        except nfc.tag.tt2.Type2TagCommandError:
            return True
        return False

    tag = activated()
    kind = found["type"] = type(tag).__name__
    found["uid"] = bytes(tag.identifier).hex()
    found["dump"] = len(tag.dump())
    tag = activated()
    if kind in JOIN:
        found["signature"] = bytes(tag.signature).hex()
    if kind.startswith("NTAG"):
        import ndef

        tag.ndef.records = [ndef.UriRecord("https://example.org/band")]
        tag = activated()
        found["uri"] = tag.ndef.records[0].uri
    for page in (8, 9, 10):
        tag.write(page, b"nf%02d" % page)
    found["written"] = bytes(tag.read(8)[:12]).decode()
    found["compatible"] = bytes(tag.transceive(b"\xa0\x0b")).hex()
    found["compatible"] += bytes(tag.transceive(b"half" + bytes(12))).hex()
    if hasattr(tag, "authenticate") and tag.protect(key, read_protect=True, protect_from=8):
        found["protected"] = bytes(tag.read(8)[:4]).decode()
        tag = activated()
        found["closed"] = refused(lambda: tag.read(8))
        tag = activated()
        found["wrong"] = tag.authenticate(bytes(len(key)))
        tag = activated()
        found["right"] = tag.authenticate(key)
        found["opened"] = bytes(tag.read(8)[:4]).decode()
    if kind.startswith("MF0"):
        tag.transceive(b"\xa5\x00\x01\x00\x00\x00", retries=0)
        found["counter"] = bytes(tag.transceive(b"\x39\x00", retries=0)).hex()
    if kind == "MifareUltralightC" and "right" in found:
        tag.write(0x29, b"\x05\x00\x00\x00")
        tag = activated()
        tag.authenticate(key)
        found["counter"] = bytes(tag.read(0x29)[:2]).hex()
    clf.close()
    print(json.dumps(found), file=said)


if __name__ == "__main__":
    main(sys.argv[1], bytes.fromhex(sys.argv[2]))
    os._exit(0)
