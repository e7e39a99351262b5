/** Builds on the first invocation, keeps that while the container lives, and tries again if it failed. */
export const warmed = <S, E, R>(
  connect: () => Promise<S>,
  make: (services: S) => (event: E) => Promise<R>,
) => {
  let warm: Promise<(event: E) => Promise<R>> | undefined
  return async (event: E): Promise<R> => {
    warm ??= connect().then(make)
    const handle = await warm.catch((error: unknown) => {
      warm = undefined
      throw error
    })
    return handle(event)
  }
}
