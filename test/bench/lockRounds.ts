/**
 * Several processes ask for the lock of a comparison's folder at one instant: how often two own it at once.
 *
 *     npx tsx test/bench/lockRounds.ts [ROUNDS, default 400] [STARTERS, default 3] [MODULE with another `lock`]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { killOwner, rounds, withStarters } from '../support/lockRounds.js'

const count = Number(process.argv[2] ?? 400)
const starters = Number(process.argv[3] ?? 3)
const module = process.argv[4]

const leftovers = mkdtempSync(join(tmpdir(), 'bilevel-killed-'))
try {
  await withStarters(
    starters + 1,
    async ([victim, ...others]) => {
      console.log('an empty folder:', await rounds(others, count, null))
      await killOwner(victim!, leftovers)
      console.log("a killed owner's folder:", await rounds(others, count, leftovers))
    },
    ...(module === undefined ? [] : [resolve(module)]),
  )
} finally {
  rmSync(leftovers, { recursive: true, force: true })
}
