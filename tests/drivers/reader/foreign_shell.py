"""nfcpy on a line: one JSON question a line, one answer a line, for tests that act in between.

Run by an interpreter that has nfcpy, `foreign_shell.py PATH`; imports nothing of ours. Answers
are {"done": ..} or {"bad": "error"}; bytes travel as hex."""

import json
import os
import sys

import ndef
import nfc
import nfc.clf
import nfc.tag
import nfc.tag.tt2

PATIENCE_S = 0.5  # nfcpy takes an answer that came after 0.1 s for that of the next question
ONCE = nfc.tag.tt2.Type2Tag.transceive


class Shell:
    def __init__(self, path):
        self.clf = nfc.ContactlessFrontend(path)
        self.tag = None
        self.retries(2)

    def retries(self, count, within_s=PATIENCE_S):
        def patient(tag, data, timeout=0.0, retries=count):
            return ONCE(tag, data, within_s, min(retries, count))

        nfc.tag.tt2.Type2Tag.transceive = patient

    def again(self):
        return self.clf.sense(nfc.clf.RemoteTarget("106A")) is not None

    def activate(self):
        target = self.clf.sense(nfc.clf.RemoteTarget("106A"))
        self.tag = None if target is None else nfc.tag.activate(self.clf, target)
        # nfcpy 1.0.4 forgot where the configuration of Ultralight EV1 stands (MF0ULX1, table 7).
        page = {"MF0UL11": 16, "MF0UL21": 37}.get(type(self.tag).__name__)
        if page is not None:
            self.tag._cfgpage = page
        return type(self.tag).__name__

    def ndef(self):
        found = self.tag.ndef
        if found is None:
            return None
        uris = [one.uri for one in found.records]
        return [found.capacity, found.is_readable, found.is_writeable, uris]

    def write_uri(self, uri):
        self.tag.ndef.records = [ndef.UriRecord(uri)]

    def format(self, wipe=None):
        return self.tag.format(wipe=wipe)

    def protect(self, key=None, reads=False, first=0):
        key = None if key is None else bytes.fromhex(key)
        return self.tag.protect(key, read_protect=reads, protect_from=first)

    def authenticate(self, key):
        return self.tag.authenticate(bytes.fromhex(key))

    def read(self, page):
        return bytes(self.tag.read(page)).hex()

    def write(self, page, data):
        return self.tag.write(page, bytes.fromhex(data))

    def dump(self):
        return self.tag.dump()

    def present(self):
        return self.tag.is_present

    def signature(self):
        return bytes(self.tag.signature).hex()


def main(path):
    said, sys.stdout = sys.stdout, sys.stderr
    shell = Shell(path)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            told = {"done": getattr(shell, asked.pop("do"))(**asked)}
        except (nfc.tag.tt2.Type2TagCommandError, AttributeError) as error:
            told = {"bad": f"{type(error).__name__}: {error}"}
        print(json.dumps(told), file=said, flush=True)
    shell.clf.close()


if __name__ == "__main__":
    main(sys.argv[1])
    os._exit(0)
