"""Gives real files a whole synthetic identity, so that what is left of it can be looked for in the result.

Usage: plant.py JOBS.json, a list of {source, output, seed} and, to make another kind of image of it, {sopClass, modality}.
Prints one JSON object a job: {output, tokens: [hex]}; `tokens` is empty when pydicom cannot write the file.
"""

import json
import random
import sys
import warnings

from pydicom import dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

warnings.simplefilter("ignore")

LETTERS = "bdfgklmnprstvz"
VOWELS = "aeiou"


def word(chance, syllables=4):
    return "".join(chance.choice(LETTERS) + chance.choice(VOWELS) for _ in range(syllables)) + "q"


def identity(chance):
    family, given, doctor, place, street = (word(chance).title() for _ in range(5))
    number = str(chance.randrange(10**8, 10**9))
    year, month, day = chance.randrange(1921, 1960), chance.randrange(1, 13), chance.randrange(13, 29)
    return family, given, doctor, place, street, number, f"{year}", f"{month:02}", f"{day:02}"


def plant(dataset, chance):
    family, given, doctor, place, street, number, year, month, day = identity(chance)
    born = year + month + day
    dataset.PatientName = f"{family}^{given}"
    dataset.PatientID = f"00{number}"
    dataset.PatientBirthDate = born
    dataset.OtherPatientNames = f"{given}^{family}"
    dataset.PatientAddress = f"{street} 12"
    dataset.PatientTelephoneNumbers = f"+1 {number}"
    dataset.PatientComments = f"{family.upper()}{given.upper()}, born {day}.{month}.{year}"
    dataset.ReferringPhysicianName = f"{doctor}^{given}"
    dataset.InstitutionName = place
    dataset.AccessionNumber = number
    dataset.StudyDescription = f"chest {family}"
    dataset.ProtocolName = f"for {given} {year}-{month}-{day}"
    dataset.ImageComments = f"see {number} of {month}/{day}/{year}"
    dataset.AdmittingDiagnosesDescription = f"{doctor} {place}"

    other = Dataset()
    other.PatientID = number
    other.IssuerOfPatientID = place
    dataset.OtherPatientIDsSequence = Sequence([other])

    # Far down, under sequences that no table lists, and with a private block there.
    inner = Dataset()
    inner.PersonName = f"{family}^{given}"
    inner.TextValue = f"Dr. {doctor} saw {family}"
    block = inner.private_block(0x0099, "PLANTED 1.0", create=True)
    block.add_new(0x01, "LO", f"{family}^{given}")
    middle = Dataset()
    middle.DerivationDescription = f"made for {family}"
    middle.ContentSequence = Sequence([inner])
    outer = Dataset()
    outer.DerivationImageSequence = Sequence([middle])
    dataset.SharedFunctionalGroupsSequence = Sequence([outer])

    block = dataset.private_block(0x0099, "PLANTED 1.0", create=True)
    block.add_new(0x01, "LO", f"{family}^{given}")
    block.add_new(0x02, "UN", f"{number} {place}".encode())
    dataset.add(DataElement(0x60000022, "LO", f"overlay {family}"))
    dataset.add(DataElement(0x60004000, "LT", f"{given} {number}"))
    dataset.add(DataElement(0x00080116, "OB", f"\0{family}\0{number}\0\0".encode()[:-1]))
    words = [family, given, doctor, place, street]
    dates = [born, f"{day}.{month}.{year}", f"{year}-{month}-{day}", f"{month}/{day}/{year}"]
    return [*words, number, *dates]


def work(job):
    chance = random.Random(job["seed"])
    try:
        dataset = dcmread(job["source"], force=True)
        tokens = plant(dataset, chance)
        if "modality" in job:
            dataset.Modality = job["modality"]
            dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = job["sopClass"]
        dataset.save_as(job["output"], write_like_original=True)
    except Exception:
        return {"tokens": []}
    tokens = [token.lower().encode("latin-1").hex() for token in tokens]
    return {"tokens": tokens, "modality": str(dataset.get("Modality") or "none")}


for job in json.load(open(sys.argv[1])):
    print(json.dumps({"output": job["output"], **work(job)}))
