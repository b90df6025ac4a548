/**
 * Writes docs/many.md and its figure from docs/results/groups (test/bench/renew.ts, test/bench/bestKnown.ts) and
 * docs/results/cleaning (test/bench/cleaning.ts).
 *
 *     npx tsx test/bench/many.ts
 */
import { writeFileSync } from 'node:fs'
import { complete, draw } from '../../src/shell/report/render.js'
import { bestKnown } from '../tools/bestKnown.js'
import { cleaning, figure, many, manyFigure, manyPath } from '../tools/many.js'
import { tasks } from '../tools/manyData.js'
import { right } from './gpTiming.js'
import { formatted } from '../tools/formatted.js'

const all = tasks(bestKnown())
const spec = figure(all)
const { svg, warnings } = right(await draw(spec)())
for (const warning of warnings) console.warn(warning)
const specification = `${manyFigure}.vl.json`
writeFileSync(specification, await formatted(specification, JSON.stringify(complete(spec))))
writeFileSync(`${manyFigure}.svg`, `${svg}\n`)
writeFileSync(manyPath, await many(all, cleaning()))
console.log(manyPath)
