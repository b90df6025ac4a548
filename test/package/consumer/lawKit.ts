/**
 * The law kit as it is published, in a project that installed it:
 *
 *     node lawKit.js HUNTS MOST RUNS SEED [NAME…]
 *
 * The first line is a JSON list of what became of MOST mutants of each family, each examined with HUNTS cases. A JSON line for each
 * subject of these names follows, or for all.
 */
import { examineUnbroken, hunt } from '../../laws/results.js'

const [hunts, most, runs, seed, ...names] = process.argv.slice(2)
console.log(JSON.stringify(hunt({ runs: Number(hunts), shrinks: 0 }, Number(most))))
for (const examined of examineUnbroken(
  { runs: Number(runs), seed: Number(seed) },
  names.length > 0 ? names : undefined,
))
  console.log(JSON.stringify(examined))
