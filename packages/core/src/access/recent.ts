/** Keeps what was made for the keys asked for last, so that equal questions are worked out once; `most` bounds its size. */
export interface Recent<V> {
  get(key: string, make: () => V): V
}

export const recent = <V>(most: number): Recent<V> => {
  const kept = new Map<string, { readonly key: string; readonly value: V }>()
  let last: { readonly key: string; readonly value: V } | undefined
  return {
    get: (key, make) => {
      if (last?.key === key) return last.value
      const known = kept.get(key)
      if (known) kept.delete(key)
      else if (kept.size >= most) kept.delete(String(kept.keys().next().value))
      const entry = known ?? { key, value: make() }
      kept.set(key, entry)
      last = entry
      return entry.value
    },
  }
}
