/** Of OpenAPI documents, which their validator reads. */
export const openApiSchemas = {
  from: 'packages/core/node_modules/@seriousme/openapi-schema-validator/schemas',
  to: 'schemas',
} as const
