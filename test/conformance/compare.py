"""Reads pairs of source and de-identified files with pydicom and says where they differ in what must not differ.

Usage: compare.py PAIRS.json, a list of {source, output, changed: [paths], removed: [paths], names: bool}.
Prints one JSON object a pair: {output, problems: [...]}, without values.
"""

import json
import sys
import warnings

from pydicom import dcmread
from pydicom.dataelem import RawDataElement

warnings.simplefilter("ignore")
PIXELS = {0x7FE00008, 0x7FE00009, 0x7FE00010}
OURS = {0x00100010, 0x00100020, 0x00120062, 0x00120063, 0x00120064, 0x00280303}


def flatten(dataset, prefix, raw, order):
    """Path -> raw bytes of the value, or None for a sequence."""
    for tag in list(dataset.keys()):
        element = dataset.get_item(tag)
        path = f"{prefix}{int(tag):08X}"
        value = element.value
        if isinstance(element, RawDataElement) and element.VR != "SQ":
            converted = None
            if element.VR in ("UN", None):
                try:
                    converted = dataset[tag]
                except Exception:
                    converted = None
            if converted is None or converted.VR != "SQ":
                raw[path] = value or b""
                order.append(path)
                continue
        sequence = dataset[tag]
        if sequence.VR != "SQ":
            # Read ahead by pydicom itself, such as Specific Character Set.
            raw[path] = str(sequence.value).encode()
            order.append(path)
            continue
        raw[path] = None
        order.append(path)
        for index, item in enumerate(sequence.value or []):
            flatten(item, f"{path}[{index}].", raw, order)


def read(path):
    dataset = dcmread(path, force=True)
    raw, order = {}, []
    flatten(dataset, "", raw, order)
    return dataset, raw, order


def identifiers(dataset, found):
    for element in dataset.iterall():
        if element.VR == "PN" or element.tag == 0x00100020:
            for value in element.value if element.VM > 1 else [element.value]:
                for word in str(value or "").replace("=", "^").replace(" ", "^").split("^"):
                    # Shorter numbers come up by chance in new UIDs and in binary values.
                    if len(word) >= (8 if word.isdigit() else 5):
                        found.add(word)
    return found


def compare(pair):
    problems = []
    source_dataset, source, _ = read(pair["source"])
    output_dataset, output, order = read(pair["output"])
    changed = set(pair["changed"])
    removed = tuple(pair["removed"])
    gone = set(removed)

    def is_gone(path):
        parts = path.split(".")
        return any(
            ".".join(parts[: n + 1]) in gone or ".".join(parts[:n] + [parts[n].split("[")[0]]) in gone
            for n in range(len(parts))
        )

    for path, value in output.items():
        top = int(path[:8], 16)
        if top in OURS or path in changed:
            continue
        if path not in source:
            problems.append(f"{path} is new")
        elif source[path] != value:
            kind = "pixel data" if top in PIXELS and len(path) == 8 else "kept element"
            problems.append(f"{path} {kind} differs")
    for path in source:
        if path not in output and not is_gone(path):
            problems.append(f"{path} is missing")
    tops = [int(path, 16) for path in order if len(path) == 8]
    if tops != sorted(tops):
        problems.append("tags do not ascend")

    # The identifiers of the source, in every byte of the output that is not pixel data.
    with open(pair["output"], "rb") as file:
        everything = file.read()
    for tag in PIXELS:
        if tag in output_dataset:
            pixels = output[f"{tag:08X}"]
            if len(pixels) > 64:
                everything = everything.replace(pixels, b"")
    lowered = everything.lower()
    for word in identifiers(source_dataset, set()):
        if word.lower() in pair["allowed"]:
            continue
        for encoding in ("utf-8", "latin-1"):
            try:
                if word.encode(encoding).lower() in lowered:
                    problems.append("an identifier is left")
                    break
            except UnicodeEncodeError:
                continue
    return problems


for pair in json.load(open(sys.argv[1])):
    try:
        problems = compare(pair)
    except Exception as error:  # noqa: BLE001 - a file that pydicom cannot read is a finding
        problems = [f"pydicom: {type(error).__name__}"]
    print(json.dumps({"output": pair["output"], "problems": problems}))
