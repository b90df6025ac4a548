/**
 * Records what test/core/numeric/lbfgsTraces.test.ts holds L-BFGS to: the bits of every point it looks at. To be run only
 * where a change of the bits is meant, which then raises the numerics, too.
 *
 *     npx tsx test/bench/lbfgsTraces.ts
 *
 * Writes test/data/lbfgs-traces.json.
 */
import { writeFileSync } from 'node:fs'
import { minimize } from '../../src/core/numeric/Lbfgs.js'
import { summaryOf, tracesOf } from '../support/lbfgsTraces.js'

const recorded = { byName: tracesOf(minimize), random: summaryOf(minimize) }
writeFileSync('test/data/lbfgs-traces.json', `${JSON.stringify(recorded, null, 1)}\n`)
