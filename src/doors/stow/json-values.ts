/**
 * PS3.18 F.2.2: the values of an attribute in the DICOM JSON model; none for anything that is no
 * data set.
 */
export function valuesOf(dataSet: unknown, tag: string): readonly unknown[] {
  if (typeof dataSet !== 'object' || dataSet === null) return []
  const attribute: unknown = Object.entries(dataSet).find(([name]) => name === tag)?.[1]
  if (typeof attribute !== 'object' || attribute === null || !('Value' in attribute)) return []
  return Array.isArray(attribute.Value) ? (attribute.Value as readonly unknown[]) : []
}
