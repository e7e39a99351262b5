export const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** Made at the first use of a member, and not by being handed on: handlers spread their services. */
export const lazily = <T extends object>(make: () => T): T => {
  const made = once(make)
  return new Proxy({} as T, { get: (_, member): unknown => Reflect.get(made(), member) })
}
