/** One server-sent event; `id` is where a stream that breaks off is gone on with. */
export interface StreamedEvent {
  readonly id: string | undefined
  readonly data: string
}

/** Reads server-sent events as the HTML standard says (§9.2.6), as far as the platform sends them. */
export async function* eventsIn(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamedEvent> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true })
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = eventIn(text.slice(0, end))
      text = text.slice(end + 2)
      if (event) yield event
    }
  }
}

const eventIn = (block: string): StreamedEvent | undefined => {
  const values = (field: string) =>
    block
      .split('\n')
      .flatMap((line) =>
        line.startsWith(`${field}:`) ? [line.slice(field.length + 1).replace(/^ /, '')] : [],
      )
  const data = values('data')
  return data.length === 0 ? undefined : { id: values('id').at(-1), data: data.join('\n') }
}
