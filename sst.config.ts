/// <reference path="./.sst/platform/config.d.ts" />

export default $config({
  app({ stage }) {
    const production = stage === 'production'
    return {
      name: 'countersign',
      home: 'aws',
      protect: production,
      removal: production ? 'retain' : 'remove',
      providers: { aws: { region: (process.env.AWS_REGION ?? 'eu-west-2') as aws.Region } },
    }
  },
  async run() {
    await import('./stacks/storage.ts')
    await import('./stacks/bus.ts')
    await import('./stacks/keys.ts')
    await import('./stacks/events.ts')
    await import('./stacks/schedules.ts')
    await import('./stacks/authorizer.ts')
    await import('./stacks/logs.ts')
    await import('./stacks/api.ts')
    await import('./stacks/machines.ts')
    await import('./stacks/alarms.ts')
    const { outputs } = await import('./stacks/outputs.ts')
    return outputs
  },
})
