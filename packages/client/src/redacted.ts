/** Apart from the client, which runs in browsers too: this class needs Node. */
export { Redacted } from '@countersign/core/shared'
