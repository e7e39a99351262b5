/** Where one environment of an API lives; unique across the platform. */
export interface Coordinates {
  /** Twelve digits. */
  readonly accountId: string
  readonly region: string
  /** The REST or HTTP API id. */
  readonly gatewayId: string
  readonly stage: string
}

/** `account/region/gatewayId/stage`: none of the four may hold a slash, so no two coordinates share a path. */
export const pathOf = ({ accountId, region, gatewayId, stage }: Coordinates): string =>
  `${accountId}/${region}/${gatewayId}/${stage}`

export const sameCoordinates = (a: Coordinates, b: Coordinates): boolean => pathOf(a) === pathOf(b)
