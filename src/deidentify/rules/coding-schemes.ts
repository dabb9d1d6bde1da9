/** Codes: which of their texts are published, and which were entered at a site or by a vendor. */

/** Coding Scheme Designator. */
export const SCHEME = 0x00080102
/**
 * Replaces a designator that could name a site: those beginning with 99 are private (PS3.3 section
 * 8.2).
 */
export const PRIVATE_SCHEME = '99ANONYMIZED'

/** Code Value, Designator, Version, Meaning, scheme name, Long and URN Code Value. */
const CODE_TEXTS: ReadonlySet<number> = new Set([
  0x00080100,
  SCHEME,
  0x00080103,
  0x00080104,
  0x00080115,
  0x00080119,
  0x00080120,
])

/**
 * The schemes of PS3.16 Table 8-1, whose meanings are published texts; except those of single
 * institutions, NPI, whose codes are people, and ISO_OID, whose codes anyone may register.
 */
const REGISTERED: ReadonlySet<string> = new Set(
  (
    '99SDM ACR ASTM-sigpurpose BARI BI C4 C5 caDSR CD2 CTV3 DC DCM DCMUID FMA HCPT HPC I10 I10C I10P I11 I9 I9C IBSI ICDO3 ' +
    'IETF4646 ISO3166_1 ISO5218_1 ISO639_1 ISO639_2 ITIS_TSN JC8 JJ1017 JJ1017T LN MA MDC MDNS MGI MSH NBD NBG NCBI_TAXON NCDR ' +
    'NCIt NDC NEU NICIP PATHLEX POS PUBCHEM_CID RADELEMENT RADLEX RFC-3881 RFC3066 RFC5646 RO RRID RXNORM SCPECG SCT SDM SNM ' +
    'SNM3 SRT UBERON UCUM UMLS UNS UPC'
  ).split(' '),
)

export const isCodeText = (tag: number): boolean => CODE_TEXTS.has(tag)

export const isOfRegisteredScheme = (designator: string): boolean =>
  REGISTERED.has(designator.trim())
