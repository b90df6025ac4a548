import fc from 'fast-check'

/** One fixed seed, so that CI and a newcomer see the same runs; BILEVEL_FC_SEED explores others. */
const seed = Number(process.env['BILEVEL_FC_SEED'] ?? 22081218)
const numRuns = process.env['BILEVEL_FC_RUNS']

fc.configureGlobal({ seed, ...(numRuns === undefined ? {} : { numRuns: Number(numRuns) }) })
