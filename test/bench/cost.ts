/**
 * List prices of us-east-1 in US dollars, without free tiers, noted on 23 November 2026; check them for your region.
 * - Lambda, arm64: aws.amazon.com/lambda/pricing, "Arm Price", first tier
 * - DynamoDB on demand, Standard table class: aws.amazon.com/dynamodb/pricing/on-demand
 * - CloudWatch Logs, Standard, as Lambda's logs are charged up to 10 TB a month: aws.amazon.com/cloudwatch/pricing
 */
export const PRICES = {
  lambdaPerMillionRequests: 0.2,
  lambdaPerGigabyteSecond: 0.0000133334,
  dynamoPerMillionReadUnits: 0.125,
  logsPerGigabyte: 0.5,
} as const

/** What one decision takes, as it was counted and measured. */
export interface Counted {
  readonly memoryMegabytes: number
  /** Billed per invocation, rounded up to whole milliseconds each, on average. */
  readonly billedMilliseconds: number
  /** DynamoDB's read units. */
  readonly readUnits: number
  /** What it writes to its log, and what Lambda writes beside it. */
  readonly logBytes: number
}

export interface CostLine {
  readonly what: string
  /** The multiplication, with its numbers. */
  readonly arithmetic: string
  readonly dollars: number
}

/** A million decisions, line by line. */
export const costOfMillion = (counted: Counted): readonly CostLine[] => {
  const { memoryMegabytes, billedMilliseconds, readUnits, logBytes } = counted
  const gigabytes = memoryMegabytes / 1_024
  const gigabyteSeconds = billedMilliseconds * 1_000 * gigabytes
  const milliseconds = billedMilliseconds.toFixed(1)
  const units = Number.isInteger(readUnits) ? String(readUnits) : readUnits.toFixed(2)
  const kilobytes = (logBytes / 1_000).toFixed(2)
  return [
    {
      what: 'invocations',
      arithmetic: `1 million × ${PRICES.lambdaPerMillionRequests.toFixed(2)} per million`,
      dollars: PRICES.lambdaPerMillionRequests,
    },
    {
      what: `${milliseconds} ms at ${memoryMegabytes} MB`,
      arithmetic: `1 million × ${milliseconds} ms × ${gigabytes} GB × ${PRICES.lambdaPerGigabyteSecond} per GB-second`,
      dollars: gigabyteSeconds * PRICES.lambdaPerGigabyteSecond,
    },
    {
      what: `${units} read units`,
      arithmetic: `${units} million × ${PRICES.dynamoPerMillionReadUnits} per million`,
      dollars: readUnits * PRICES.dynamoPerMillionReadUnits,
    },
    {
      what: `${kilobytes} kB of logs`,
      arithmetic: `${kilobytes} GB × ${PRICES.logsPerGigabyte.toFixed(2)} per GB`,
      dollars: (logBytes / 1_000) * PRICES.logsPerGigabyte,
    },
  ]
}

export const totalOf = (lines: readonly CostLine[]): number =>
  lines.reduce((total, { dollars }) => total + dollars, 0)

/** Lambda rounds every invocation up to the next millisecond. */
export const billedMilliseconds = (latencies: readonly number[]): number =>
  latencies.reduce((sum, latency) => sum + Math.max(1, Math.ceil(latency)), 0) / latencies.length

/**
 * What Lambda writes beside a function's own line in the log format JSON, at its default level: the documented examples
 * of `platform.start` and `platform.report` (Lambda developer guide, "Telemetry API Event schema reference").
 */
export const LAMBDA_LINES = [
  '{"time":"2026-11-23T12:00:00.000Z","type":"platform.start","record":{"requestId":"6d68ca91-49c9-448d-89b8-7ca3e6dc66aa","version":"$LATEST"}}',
  '{"time":"2026-11-23T12:00:00.009Z","type":"platform.report","record":{"requestId":"6d68ca91-49c9-448d-89b8-7ca3e6dc66aa","metrics":{"durationMs":8.27,"billedDurationMs":9,"memorySizeMB":1024,"maxMemoryUsedMB":101},"status":"success"}}',
] as const

export const LAMBDA_LINES_BYTES = LAMBDA_LINES.reduce((sum, line) => sum + Buffer.byteLength(line), 0)

/** An attribute of DynamoDB's, as it travels. */
type Attribute = { readonly [type: string]: unknown }
export type Item = Readonly<Record<string, Attribute>>

const UNIT_BYTES = 4_096

/**
 * Units of strongly consistent reads: each item by itself, rounded up to 4 KB; a key without an item takes one
 * (DynamoDB developer guide, "DynamoDB item sizes and formats" and "Read consumption").
 */
export const readUnitsOf = (keys: number, items: readonly Item[]): number =>
  items.reduce((sum, item) => sum + Math.max(1, Math.ceil(itemBytes(item) / UNIT_BYTES)), keys - items.length)

const itemBytes = (item: Item): number =>
  Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0)

/** Numbers at two digits a byte and one more; a list or map with 3 bytes, and one for each of what it holds. */
const valueBytes = (attribute: Attribute): number => {
  const [[type, value] = []] = Object.entries(attribute)
  switch (type) {
    case 'S':
      return Buffer.byteLength(String(value))
    case 'N':
      return Math.ceil(String(value).length / 2) + 1
    case 'L':
      return (value as readonly Attribute[]).reduce((sum, one) => sum + 1 + valueBytes(one), 3)
    case 'M':
      return Object.values(value as Item).length + 3 + itemBytes(value as Item)
    default:
      return 1
  }
}
