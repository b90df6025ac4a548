/**
 * The unbroken method and its parts through the whole law kit, 10,000 cases a law in a row, with a seed that differs
 * from the tests':
 *
 *     npx tsx test/bench/lawsLong.ts [cases] [seed] [--tarball]
 *
 * With `--tarball` the kit and the method are those of the packed tarball, installed in a project of its own with
 * fast-check from npm; it packs what is built, so `npm run build` first. Writes docs/results/laws.json; ends with exit
 * code 1 where a law is broken.
 */
import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { cpus } from 'node:os'
import { examineUnbroken, type Examined } from '../laws/results.js'
import { kitOfTarball, prepareKit } from '../package/lawKit.js'
import { install } from '../package/support.js'

const tarball = process.argv.includes('--tarball')
const [runs = 10_000, seed = 20_221] = process.argv
  .slice(2)
  .filter(arg => arg !== '--tarball')
  .map(Number)

const examineTarball = async (): Promise<{ kit: string; examined: ReadonlyArray<Examined> }> => {
  const installed = await install(true)
  try {
    await prepareKit(installed)
    const { examined } = await kitOfTarball(installed, { runs: 1, most: 0 }, { runs, seed })
    return { kit: `${basename(installed.packed)}, installed`, examined }
  } finally {
    installed.remove()
  }
}

const { kit, examined } = tarball
  ? await examineTarball()
  : { kit: 'the sources', examined: [...examineUnbroken({ runs, seed })] }
for (const { said, seconds } of examined) console.log(`${said}\n  ${seconds} s\n`)

const summary = {
  command: `npx tsx test/bench/lawsLong.ts ${runs} ${seed}${tarball ? ' --tarball' : ''}`,
  kit,
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.versions.node}`,
  casesPerLaw: runs,
  seed,
  results: examined.map(({ name, laws, passed, seconds }) => ({ name, laws, passed, seconds })),
}
writeFileSync('docs/results/laws.json', `${JSON.stringify(summary, null, 2)}\n`)
if (examined.some(({ passed }) => !passed)) process.exitCode = 1
