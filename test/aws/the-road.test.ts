/** The same story, word for word, on the system as deployed to AWS. */
process.env.COUNTERSIGN_WORLD = 'emulator'
await import('../acceptance/the-road.test.ts')
