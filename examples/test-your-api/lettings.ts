/** The API under test. It trusts what the gateway tells of the caller, and never reads a token. */
export const lettings = (request: Request): Response => {
  const { pathname } = new URL(request.url)
  if (pathname === '/health') return Response.json({ up: true })
  if (request.method === 'DELETE') return new Response(null, { status: 204 })
  return Response.json({ path: pathname, caller: request.headers.get('x-countersign-consumer') })
}
