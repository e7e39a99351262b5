import { each } from './each.ts'
import { type GatewayRefusal, problemTemplate } from './refusals.ts'

type Args = sst.aws.ApiGatewayV1Args

const quoted = (value: string) => `'${value}'`

/** A regional REST API with access logs, whose own refusals are problems as well (RFC 9457). */
export const restApi = (
  name: string,
  refusals: Readonly<Record<string, GatewayRefusal>>,
  { transform, ...args }: Pick<Args, 'domain' | 'transform'> = {},
): sst.aws.ApiGatewayV1 => {
  const api = new sst.aws.ApiGatewayV1(name, {
    // Routes are those of the topology; a browser meets this API on its own origin.
    cors: false,
    endpoint: { type: 'regional' },
    accessLog: { retention: '3 months' },
    ...args,
    transform: {
      ...transform,
      deployment: (deployment, options) => {
        // A stage serves what its deployment took a picture of, so a changed refusal needs a new one.
        deployment.triggers = $resolve([deployment.triggers ?? {}]).apply(([routed]) => ({
          ...routed,
          refusals: JSON.stringify(refusals),
        }))
        options.dependsOn = Object.values(responses)
      },
    },
  })
  const responses = each(refusals, (refused, type) => response(`${name}Refusal${type}`, api, type, refused))
  return api
}

const response = (name: string, api: sst.aws.ApiGatewayV1, responseType: string, refused: GatewayRefusal) =>
  new aws.apigateway.Response(name, {
    restApiId: api.nodes.api.id,
    responseType,
    ...(refused.status !== undefined && { statusCode: `${refused.status}` }),
    responseParameters: {
      'gatewayresponse.header.Content-Type': quoted('application/problem+json'),
      ...(refused.challenge && {
        'gatewayresponse.header.WWW-Authenticate': quoted(refused.challenge),
      }),
      ...(refused.retryAfterSeconds !== undefined && {
        'gatewayresponse.header.Retry-After': quoted(`${refused.retryAfterSeconds}`),
      }),
    },
    // The key is what API Gateway looks a template up by; the header above is what the caller sees.
    responseTemplates: { 'application/json': problemTemplate(refused) },
  })
