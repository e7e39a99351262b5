import { randomBytes } from 'node:crypto'
import fastifyJwt from '@fastify/jwt'
import fastify from 'fastify'
import { serve } from './server-process.ts'

/** What a team would write itself: the token verified by a plugin, and a set of revoked ids that a restart forgets. */
const server = fastify()
const secret = randomBytes(64).toString('base64url')
await server.register(fastifyJwt, { secret, sign: { algorithm: 'HS512' }, verify: { algorithms: ['HS512'] } })
const revoked = new Set<string>()

server.get<{ Params: { id: string } }>('/api/v1/tenancies/:id', async (request, reply) => {
  const { jti, sub } = await request.jwtVerify<{ jti: string; sub: string }>()
  if (revoked.has(jti)) return reply.code(401).send({ message: 'Unauthorized' })
  return {
    message: 'The example upstream says hello.',
    method: request.method,
    path: request.url,
    caller: sub,
  }
})

const now = Math.floor(Date.now() / 1_000)
const claims = {
  iss: 'https://countersign.example',
  sub: 'con_9f8e7d6c5b4a39281706f5e4d3c2b1a0',
  client_id: 'con_9f8e7d6c5b4a39281706f5e4d3c2b1a0',
  aud: ['api_00112233445566778899aabbccddeeff'],
  jti: 'tok_0a1b2c3d4e5f60718293a4b5c6d7e8f9',
  iat: now,
  exp: now + 86_400,
}
const token = server.jwt.sign(claims)
const origin = await server.listen({ port: 0, host: '127.0.0.1' })
serve(
  { origin, path: '/api/v1/tenancies/7', token },
  async () => void revoked.add(claims.jti),
  () => server.close(),
)
