/** Attributes that searches return by level (PS3.18 Tables 10.6.3-3 to 10.6.3-5). */

export const STUDY_TAGS = [
  '00080005',
  '00080020',
  '00080030',
  '00080050',
  '00080090',
  '00080201',
  '00081030',
  '00100010',
  '00100020',
  '00100030',
  '00100040',
  '0020000D',
  '00200010',
] as const

export const SERIES_TAGS = [
  '00080060',
  '0008103E',
  '00180015',
  '0020000E',
  '00200011',
  '00400244',
  '00400245',
] as const

export const INSTANCE_TAGS = [
  '00080016',
  '00080018',
  '00083002',
  '00200013',
  '00280008',
  '00280010',
  '00280011',
  '00280100',
] as const

export const SUMMARY_TAGS: readonly string[] = [...STUDY_TAGS, ...SERIES_TAGS, ...INSTANCE_TAGS]
