/**
 * Outlines of findings: what to look at, in order. They state nothing, so that nothing is reported
 * that nobody has looked at.
 */
export interface Template {
  readonly name: string
  readonly findings: readonly string[]
}

export const TEMPLATES: readonly Template[] = [
  {
    name: 'CT head',
    findings: [
      'Haemorrhage',
      'Infarct, grey-white differentiation',
      'Mass effect, midline',
      'Ventricles and cisterns',
      'Vessels',
      'Bones, sinuses, mastoids',
    ],
  },
  {
    name: 'CT pulmonary angiogram',
    findings: [
      'Pulmonary arteries',
      'Right heart strain',
      'Aorta',
      'Lungs',
      'Pleura',
      'Mediastinum',
      'Upper abdomen',
      'Bones',
    ],
  },
  {
    name: 'CT abdomen and pelvis',
    findings: [
      'Free air, free fluid',
      'Liver, biliary tract',
      'Pancreas, spleen',
      'Kidneys, ureters, bladder',
      'Bowel, appendix',
      'Vessels',
      'Pelvic organs',
      'Lung bases',
      'Bones',
    ],
  },
  {
    name: 'CT cervical spine',
    findings: ['Alignment', 'Vertebral bodies', 'Posterior elements', 'Canal', 'Soft tissues'],
  },
  {
    name: 'Chest radiograph',
    findings: [
      'Lines and tubes',
      'Lungs',
      'Pleura',
      'Heart, mediastinum',
      'Bones',
      'Upper abdomen',
    ],
  },
  {
    name: 'Skeletal radiograph',
    findings: ['Fracture', 'Joint', 'Alignment', 'Soft tissues'],
  },
  {
    name: 'Ultrasound abdomen',
    findings: ['Liver', 'Gallbladder, bile ducts', 'Pancreas', 'Kidneys', 'Spleen', 'Free fluid'],
  },
]

export const outlineOf = ({ findings }: Template): string =>
  findings.map((line) => `${line}: `).join('\n')
