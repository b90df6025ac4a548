/**
 * The law kit as it is published, in a project that installed it:
 *
 *     node lawKit.js mutants RUNS MOST              prints a JSON list of what became of MOST mutants of each family
 *     node lawKit.js unbroken RUNS SEED [NAME…]     prints a JSON line for each subject of these names, or for all
 */
import { examineUnbroken, hunt } from '../../laws/results.js'

const [what, runs, number, ...names] = process.argv.slice(2)
if (what === 'mutants') console.log(JSON.stringify(hunt({ runs: Number(runs), shrinks: 0 }, Number(number))))
else
  for (const examined of examineUnbroken(
    { runs: Number(runs), seed: Number(number) },
    names.length > 0 ? names : undefined,
  ))
    console.log(JSON.stringify(examined))
