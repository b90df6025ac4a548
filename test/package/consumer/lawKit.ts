/**
 * The law kit as it is published, in a project that installed it:
 *
 *     node lawKit.js mutants RUNS            prints a JSON list of what became of each mutant
 *     node lawKit.js unbroken RUNS SEED      prints a JSON line for the method and each of its parts
 */
import { examineUnbroken, hunt } from '../../laws/results.js'

const [what, runs, seed] = process.argv.slice(2)
if (what === 'mutants') console.log(JSON.stringify(hunt({ runs: Number(runs), shrinks: 0 })))
else
  for (const examined of examineUnbroken({ runs: Number(runs), seed: Number(seed) }))
    console.log(JSON.stringify(examined))
