/**
 * What Nocturne does for each citation, as an OSCAL component-definition generated from the
 * catalogue of checks.
 */
import type { Json } from '../../lib/json.js'
import { catalogueOf } from '../catalogue.js'
import type { CatalogueRow } from '../catalogue.js'
import { CATALOG_VERSION } from './catalog.js'
import { controlIdOf, metadata, prop, statementIdOf, uuidOf } from './common.js'

export const componentUuid = (): string => uuidOf('component', 'nocturne')

/**
 * @param at when this version was made, in RFC 3339
 */
export function componentDefinition(version: string, at: string): Json {
  const rows = catalogueOf('hipaa').filter(
    ({ audit, checks }) => audit === 'security' && checks.length > 0,
  )
  return {
    'component-definition': {
      uuid: uuidOf('component-definition', version, CATALOG_VERSION),
      metadata: metadata('Nocturne and the HIPAA Security Rule', at, version),
      components: [
        {
          uuid: componentUuid(),
          type: 'software',
          title: 'Nocturne',
          description:
            'An encrypted PHI transfer gateway for after-hours teleradiology: it de-identifies studies, seals them to the readers on duty, stores only ciphertext and records every access in a Merkle log.',
          purpose: 'Transfer of studies and reports between imaging facilities and reading groups',
          'control-implementations': [
            {
              uuid: uuidOf('control-implementation', CATALOG_VERSION),
              source: 'catalog.json',
              description:
                'What the software shows automatically. It documents and reminds; its operator is responsible for compliance.',
              'implemented-requirements': rows.map(requirementOf),
            },
          ],
        },
      ],
    },
  }
}

const PARTS = {
  whole: 'The checks and a policy of the site answer this.',
  part: 'The checks answer a part of this; the site states the rest.',
  none: 'The site states this.',
  context: 'General.',
} as const

const requirementOf = ({ cites, checks, coverage, id }: CatalogueRow): Json => {
  const cite = cites[0] ?? ''
  return {
    uuid: uuidOf('requirement', cite),
    'control-id': controlIdOf(cite),
    description: PARTS[coverage],
    props: [prop('row', id), ...checks.map((check) => prop('check', check.id))],
    statements: [
      {
        'statement-id': statementIdOf(cite),
        uuid: uuidOf('requirement', cite, 'statement'),
        description: checks.map(({ title }) => `- ${title}.`).join('\n'),
      },
    ],
  }
}
