export type Parameters = ReadonlyMap<string, string>

/** Of a query or a form; undefined when a name comes twice (RFC 6749 §3.1). */
export const parametersIn = (text: string): Parameters | undefined => {
  const pairs = [...new URLSearchParams(text)]
  const parameters = new Map(pairs)
  return parameters.size === pairs.length ? parameters : undefined
}
