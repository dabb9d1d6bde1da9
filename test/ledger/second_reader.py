"""A second reader of the published log, after c2sp.org's pages alone: tlog-tiles, tlog-checkpoint, signed-note,
tlog-cosignature and tlog-proof; and of exports, after the README of the ledger. Shares nothing with the gateway but the files.

    second_reader.py LOG-FOLDER LOG-KEY [WITNESS-KEY ...] [--proof FILE]
    second_reader.py --export FILE LOG-KEY

Prints one JSON document; exits 1 with the reason when something does not hold."""
import base64, hashlib, json, os, struct, sys
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Bad(Exception):
    pass


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf(entry):
    return sha(b"\x00", entry)


def node(left, right):
    return sha(b"\x01", left, right)


def mth(hashes):  # RFC 6962 section 2.1, over leaf hashes
    if len(hashes) == 0:
        return sha(b"")
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return node(mth(hashes[:k]), mth(hashes[k:]))


def parse_vkey(text):
    name, ident, key = text.split("+", 2)
    raw = base64.b64decode(key, validate=True)
    if sha(name.encode() + b"\n" + raw)[:4].hex() != ident:
        raise Bad("the id of a key is not its hash")
    return name, bytes.fromhex(ident), raw[0], Ed25519PublicKey.from_public_bytes(raw[1:])


def open_note(note, vkey, cosigners):
    text, _, signatures = note.partition("\n\n")
    text += "\n"
    lines = [line[2:].split(" ") for line in signatures.splitlines() if line.startswith("\u2014 ")]
    found = {(name, base64.b64decode(sig)[:4]): base64.b64decode(sig)[4:] for name, sig in lines}
    name, ident, kind, key = parse_vkey(vkey)
    if kind != 1 or (name, ident) not in found:
        raise Bad("the checkpoint is not signed by the log")
    key.verify(found[(name, ident)], text.encode())
    origin, size, root = text.split("\n")[:3]
    witnessed = {}
    for one in cosigners:
        name, ident, kind, key = parse_vkey(one)
        if kind != 4:
            raise Bad("not the key of a cosigner")
        if (name, ident) in found:
            stamp, signature = struct.unpack(">Q", found[(name, ident)][:8])[0], found[(name, ident)][8:]
            key.verify(signature, b"cosignature/v1\ntime %d\n" % stamp + text.encode())
            witnessed[name] = stamp
    return origin, int(size), base64.b64decode(root), witnessed


def path_of(level, n, width=256):
    parts = ["%03d" % (n % 1000)]
    while n >= 1000:
        n //= 1000
        parts.insert(0, "x%03d" % (n % 1000))
    return "tile/%s/%s" % (level, "/".join(parts)) + (".p/%d" % width if width < 256 else "")


def read(folder, path):
    try:
        with open(os.path.join(folder, path), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def read_log(folder, size, root):
    hashes, pruned = [], 0
    for n in range((size + 255) // 256):
        width = min(256, size - n * 256)
        tile = read(folder, path_of(0, n, width))
        if tile is None or len(tile) != 32 * width:
            raise Bad("tile %d of level 0 is missing or of another width" % n)
        own = [tile[i : i + 32] for i in range(0, len(tile), 32)]
        bundle = read(folder, path_of("entries", n, width))
        if bundle is None:
            pruned += width
        else:
            at, entries = 0, []
            while at < len(bundle):
                (length,) = struct.unpack_from(">H", bundle, at)
                entries.append(bundle[at + 2 : at + 2 + length])
                at += 2 + length
            for i, (entry, known) in enumerate(zip(entries, own)):
                json.loads(entry)
                if leaf(entry) != known:
                    raise Bad("entry %d does not hash to its tile" % (n * 256 + i))
            if len(entries) != width:
                raise Bad("bundle %d holds another number of entries" % n)
        hashes += own
    if mth(hashes) != root:
        raise Bad("the root is another than was signed")
    level, below = 1, hashes
    while len(below) >= 256:  # every higher tile is the hashes of the full ones below
        below = [mth(below[i : i + 256]) for i in range(0, len(below) - len(below) % 256, 256)]
        for n in range((len(below) + 255) // 256):
            some = below[n * 256 : n * 256 + 256]
            if read(folder, path_of(level, n, len(some))) != b"".join(some):
                raise Bad("tile %d of level %d is not what is below it" % (n, level))
        level += 1
    return pruned


def climb(index, size, root, entry, path):  # RFC 9162 section 2.1.3.2
    fn, sn, value = index, size - 1, leaf(entry)
    for p in [base64.b64decode(line) for line in path]:
        if fn & 1 or fn == sn:
            value = node(p, value)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            value = node(value, p)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or value != root:
        raise Bad("the proof of entry %d does not lead to the root" % index)


def check_proof(text, vkey, cosigners):
    head, checkpoint = text.split("\n\n", 1)
    lines = head.split("\n")
    if lines[0] != "c2sp.org/tlog-proof@v1":
        raise Bad("not a proof")
    extra = next(base64.b64decode(line[6:]) for line in lines if line.startswith("extra "))
    index = next(int(line[6:]) for line in lines if line.startswith("index "))
    at = next(i for i, line in enumerate(lines) if line.startswith("index "))
    _, size, root, witnessed = open_note(checkpoint, vkey, cosigners)
    climb(index, size, root, extra, lines[at + 1 :])
    return {"index": index, "entry": json.loads(extra), "witnessed": witnessed}


def canonical(value):  # RFC 8785 for what an entry holds: sorted members, no spaces, integers; its names are ASCII
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def check_export(lines, vkey):
    header = json.loads(next(lines))
    if header["format"] != "nocturne-ledger-export/v1" or header["ledgerKey"] != vkey:
        raise Bad("not an export of this log")
    _, size, root, _ = open_note(header["checkpoint"], vkey, [])
    events, last = [], -1
    for line in lines:
        event = json.loads(line)
        index, entry = event["index"], event["entry"]
        if canonical(event) + "\n" != line or index <= last:
            raise Bad("event %d is not in canonical JSON, or not in order" % index)
        climb(index, size, root, canonical(entry).encode(), event["proof"])
        if any(of(entry) != header["query"][name] for name, of in FILTERS.items() if name in header["query"]):
            raise Bad("event %d does not match the query" % index)
        last = index
        events.append(entry["type"])
    if len(events) != header["count"]:
        raise Bad("there are %d events and not %d" % (len(events), header["count"]))
    return {"query": header["query"], "size": size, "events": events}


FILTERS = {"actor": lambda entry: entry["actor"]["id"], "transfer": lambda entry: entry.get("transfer")}


def main(folder, vkey, *rest):
    if folder == "--export":
        with open(vkey, encoding="utf-8") as file:
            return print(json.dumps(check_export(file, rest[0])))
    proof = rest[rest.index("--proof") + 1] if "--proof" in rest else None
    cosigners = [one for one in rest if one not in ("--proof", proof)]
    note = read(folder, "checkpoint").decode()
    origin, size, root, witnessed = open_note(note, vkey, [])
    pruned = read_log(folder, size, root)
    answer = {"origin": origin, "size": size, "root": base64.b64encode(root).decode(), "pruned": pruned}
    if proof:
        with open(proof, encoding="utf-8") as file:
            answer["proof"] = check_proof(file.read(), vkey, cosigners)
    print(json.dumps(answer))


try:
    main(*sys.argv[1:])
except Bad as bad:
    sys.exit(str(bad))
except InvalidSignature:
    sys.exit("a signature does not verify")
