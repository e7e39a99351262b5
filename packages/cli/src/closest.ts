/** `; did you mean "…"?` with the nearest of `known`, or nothing when none is near. */
export const suggestion = (word: string, known: readonly string[]): string => {
  const ranked = known.map((candidate) => ({ candidate, edits: distance(word, candidate) }))
  ranked.sort((a, b) => a.edits - b.edits)
  const [best] = ranked
  return best && best.edits <= Math.max(1, Math.floor(word.length / 2))
    ? `; did you mean "${best.candidate}"?`
    : ''
}

/** Levenshtein. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
