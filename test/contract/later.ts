/** Seconds since 1970, tomorrow: what is over by then is not over yet, and a store sweeps what is over at any time. */
export const LATER = Math.floor(Date.now() / 1_000) + 86_400
