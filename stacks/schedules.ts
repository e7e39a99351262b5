import { type Schedule, schedules } from '@countersign/topology'
import { givenUp } from './bus.ts'
import { each } from './each.ts'
import { functionOf } from './function.ts'

const TIMEOUT_SECONDS = 60
const RETRIES = 3
const MAX_AGE_SECONDS = 3_600

/**
 * The Scheduler hands the run to Lambda and is done, so a run can be lost in two places: before the handover (the
 * schedule's own retries and dead letters) and after it (the function's).
 */
const run = (name: keyof typeof schedules, schedule: Schedule) => {
  const queue = givenUp[name]
  const job = functionOf(`${name}Job`, schedule, {
    description: `Runs at ${schedule.every}`,
    timeoutSeconds: schedule.timeoutSeconds ?? TIMEOUT_SECONDS,
    onFailure: { retries: 2, queue },
  })
  new sst.aws.CronV2(name, {
    schedule: schedule.every,
    function: job.arn,
    retries: RETRIES,
    dlq: queue.arn,
    transform: {
      schedule: ({ target }) => {
        const { retryPolicy } = target as aws.types.input.scheduler.ScheduleTarget
        Object.assign(retryPolicy ?? {}, { maximumEventAgeInSeconds: MAX_AGE_SECONDS })
      },
    },
  })
  return job
}

/** By schedule: its function. */
export const jobs = each<keyof typeof schedules, Schedule, sst.aws.Function>(schedules, (schedule, name) =>
  run(name, schedule),
)
