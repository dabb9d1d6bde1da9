"""Opens what `nocturne dump` wrote, for an X25519 key of version 4: open_transfer.py FOLDER SECRET.json OUT RECIPIENT"""
import hashlib, json, pathlib, sys
from cryptography.hazmat.primitives import hashes, keywrap
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

def body(data):  # RFC 9580 section 4.2.1: one packet, whole or in partial lengths, and nothing behind it
    at, out, more = 1, b"", True
    while more:
        n, more, size = data[at], 224 <= data[at] < 255, 1 << (data[at] & 31)
        if n < 192: size, at = n, at + 1
        elif n < 224: size, at = ((n - 192) << 8) + data[at + 1] + 192, at + 2
        elif n == 255: size, at = int.from_bytes(data[at + 1:at + 5], "big"), at + 5
        else: at += 1
        out, at = out + data[at:at + size], at + size
    assert at == len(data)
    return out

def session_key(packet, secret):  # section 11.5: key packet version 6 to an ECDH key of version 4
    assert packet[0] == 6 and packet[3:23].hex() == secret["fingerprint"] and packet[23] == 18
    point, wrapped = X25519PublicKey.from_public_bytes(packet[27:59]), packet[60:60 + packet[59]]
    shared = X25519PrivateKey.from_private_bytes(bytes.fromhex(secret["scalar"])).exchange(point)
    made = hashlib.new(secret["hash"], b"\0\0\0\1" + shared + bytes.fromhex(secret["parameters"])).digest()
    padded = keywrap.aes_key_unwrap(made[:secret["keyBytes"]], wrapped)
    return padded[:32]  # then a checksum and the padding

def content(data, key):  # section 5.13.2: version 2, AES-256, GCM
    head, size, made = b"\xd2" + data[:4], (1 << data[3] + 6) + 16, HKDF(hashes.SHA256(), 36, data[4:36], b"\xd2" + data[:4]).derive(key)
    assert head == b"\xd2\2\x09\3" + data[3:4]
    gcm, chunks = AESGCM(made[:32]), [data[36:-16][at:at + size] for at in range(0, len(data) - 52, size)]
    plain = b"".join(gcm.decrypt(made[32:] + i.to_bytes(8, "big"), chunk, head) for i, chunk in enumerate(chunks))
    gcm.decrypt(made[32:] + len(chunks).to_bytes(8, "big"), data[-16:], head + len(plain).to_bytes(8, "big"))
    return body(plain)[6:]  # section 5.9: a literal packet without name and date

folder, secret, out = pathlib.Path(sys.argv[1]), json.loads(pathlib.Path(sys.argv[2]).read_bytes()), pathlib.Path(sys.argv[3])
for item in json.loads((folder / "transfer.json").read_bytes())["items"]:
    key = session_key(body((folder / item["keys"][sys.argv[4]]).read_bytes()), secret)
    (out / str(item["index"])).write_bytes(content(body((folder / item["data"]).read_bytes()), key))
