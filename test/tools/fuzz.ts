/**
 * Gives every method hostile observations, configurations and losses, and prints what is wrong as JSON: the faults, the case
 * that took the most processor time, and the most memory of the process.
 *
 *     node --max-old-space-size=300 --import tsx test/tools/fuzz.ts CASES SEED
 */
import * as fc from 'fast-check'
import { changed, changes, losses, subjects, type Verdict } from '../support/hostile.js'

const [wanted = 1000, seed = 1] = process.argv.slice(2).map(Number)

/** Cases that are made at once. */
const batch = 500

const faults: Array<string> = []
let tried = 0
let slowest = { seconds: 0, what: '' }

const note = (what: string, verdict: () => Verdict): void => {
  const before = process.cpuUsage()
  const fault = verdict()
  const { user, system } = process.cpuUsage(before)
  const seconds = (user + system) / 1e6
  if (seconds > slowest.seconds) slowest = { seconds, what }
  if (fault !== null && faults.length < 20) faults.push(`${what}: ${fault}`)
  tried++
}

const all = subjects()
for (let round = 0; tried < wanted; round++) {
  const subject = all[round % all.length]!
  const parameters = { seed: seed + round, numRuns: batch }
  for (const [i, [place, change]] of fc.sample(fc.tuple(fc.nat(10_000), changes), parameters).entries()) {
    const name = `${subject.name}, seed ${seed + round}, case ${i}`
    if (i % 2 === 0) note(`${name}, answer`, () => subject.answered(place, change))
    else {
      const config = changed(subject.configs[place % subject.configs.length], change)
      note(`${name}, configuration`, () => subject.configured(config))
    }
  }
  // A run is dozens of observations, each of them a step of its own.
  for (const numbers of fc.sample(losses, { seed: seed + round, numRuns: 2 }))
    note(`${subject.name}, losses ${fc.stringify(numbers)}`, () => subject.extremes(numbers))
}

console.log(JSON.stringify({ tried, faults, slowest, megabytes: process.resourceUsage().maxRSS / 1024 }))
