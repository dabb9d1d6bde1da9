"""Validates JSON files against a schema: the second opinion on our OSCAL documents."""
import json
import os
import sys

try:
    from jsonschema import Draft7Validator
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(0)


def main(schema_path, *paths):
    with open(schema_path, encoding="utf8") as file:
        schema = json.load(file)
    # Python's `re` has no \\p classes: the letters and digits of our ids are ASCII.
    text = json.dumps(schema).replace("^(\\\\p{L}|_)(\\\\p{L}|\\\\p{N}|[.\\\\-_])*$", "^[A-Za-z_][A-Za-z0-9.\\\\-_]*$")
    validator = Draft7Validator(json.loads(text))
    failed = False
    for path in paths:
        with open(path, encoding="utf8") as file:
            errors = list(validator.iter_errors(json.load(file)))
        name = os.path.basename(path)
        if errors:
            failed = True
            for error in errors[:5]:
                print(name, list(error.absolute_path), error.message[:300], file=sys.stderr)
        else:
            print(name, "valid")
    sys.exit(1 if failed else 0)


main(*sys.argv[1:])
