export const CERTIFICATE =
  'arn:aws:acm:eu-west-2:111111111111:certificate/12345678-1234-1234-1234-123456789012'

/** Settings of somebody who lets machines of two accounts in and has a domain. */
export const MACHINES = {
  COUNTERSIGN_MACHINE_ACCOUNTS: '444444444444,222222222222',
  COUNTERSIGN_DOMAIN: 'tokens.example.org',
  COUNTERSIGN_DOMAIN_CERTIFICATE: CERTIFICATE,
} as const
