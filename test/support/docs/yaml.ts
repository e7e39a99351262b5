const PLAIN_KEY = /^[A-Za-z$][\w$./-]*$/

const keyText = (key: string): string => (PLAIN_KEY.test(key) ? key : JSON.stringify(key))

const isEmpty = (value: object): boolean => Object.keys(value).length === 0

/** JSON data as YAML blocks. Every text is quoted as JSON quotes it, so that none is taken for something else. */
export const yamlOf = (value: unknown, indent = ''): string => {
  if (typeof value !== 'object' || value === null || isEmpty(value)) return JSON.stringify(value)
  const deeper = `${indent}  `
  if (Array.isArray(value))
    return value.map((item) => `\n${indent}- ${yamlOf(item, deeper).trimStart()}`).join('')
  return Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => `\n${indent}${keyText(key)}:${spaced(yamlOf(member, deeper))}`)
    .join('')
}

const spaced = (text: string): string => (text.startsWith('\n') ? text : ` ${text}`)
