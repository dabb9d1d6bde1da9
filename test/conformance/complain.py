"""What dcmdump and dciodvfy say about de-identified files and did not say about their sources.

Usage: complain.py PAIRS.json, a list of {source, output}. Prints one JSON object a pair: {output, problems: [...]},
with values, UIDs and counts masked.
"""

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor


def lines(command, path, pattern):
    ran = subprocess.run([*command, path], capture_output=True, check=False)
    text = (ran.stdout + ran.stderr).decode("latin-1")
    return [line for line in text.splitlines() if re.match(pattern, line)]


def mask(line):
    line = re.sub(r"<[^>]*>", "<>", line)
    line = re.sub(r"\bReferencedSOPInstanceUID \S+", "ReferencedSOPInstanceUID", line)
    line = re.sub(r"/\S+", "FILE", line)
    line = re.sub(r"\[\d+\]", "[]", line)
    # Tags and VRs stay; lengths and offsets do not.
    return re.sub(r"(?<![0-9A-Fa-f,(x])\d+(?![0-9A-Fa-f,)])", "N", line)


def complaints(path):
    said = lines(["dcmdump", "-M"], path, r"[EWF]: ")
    said += lines(["dciodvfy"], path, r"Error")
    return {mask(line) for line in said}


def compare(pair):
    new = complaints(pair["output"]) - complaints(pair["source"])
    return {"output": pair["output"], "problems": sorted(new)}


with ThreadPoolExecutor(4) as pool:
    for finding in pool.map(compare, json.load(open(sys.argv[1]))):
        print(json.dumps(finding))
