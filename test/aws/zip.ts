import { crc32 } from 'node:zlib'

const LOCAL_HEADER = 0x04034b50
const CENTRAL_HEADER = 0x02014b50
const END_OF_CENTRAL_DIRECTORY = 0x06054b50
/** 1 January 1980, the first day there is in a ZIP file. */
const DATE = 0x21

const numbers = (...fields: readonly (readonly [value: number, bytes: 2 | 4])[]): Buffer =>
  Buffer.concat(
    fields.map(([value, bytes]) => {
      const field = Buffer.alloc(bytes)
      field.writeUIntLE(value, 0, bytes)
      return field
    }),
  )

/** A ZIP file that holds one file, uncompressed (PKWARE's APPNOTE, 4.3). */
export const zipOf = (name: string, text: string): Buffer => {
  const content = Buffer.from(text)
  const described = numbers(
    [20, 2], // version needed
    [0, 2], // flags
    [0, 2], // stored
    [0, 2], // time
    [DATE, 2],
    [crc32(content), 4],
    [content.length, 4],
    [content.length, 4],
    [Buffer.byteLength(name), 2],
    [0, 2], // no extra field
  )
  const local = Buffer.concat([numbers([LOCAL_HEADER, 4]), described, Buffer.from(name), content])
  const inCentral = numbers([0, 2], [0, 2], [0, 2], [0, 4], [0, 4])
  const central = Buffer.concat([
    numbers([CENTRAL_HEADER, 4], [20, 2]),
    described,
    inCentral,
    Buffer.from(name),
  ])
  const end = numbers(
    [END_OF_CENTRAL_DIRECTORY, 4],
    [0, 2],
    [0, 2],
    [1, 2],
    [1, 2],
    [central.length, 4],
    [local.length, 4],
    [0, 2],
  )
  return Buffer.concat([local, central, end])
}
