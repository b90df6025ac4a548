/**
 * Kills the main job (`bilevel tune`, the default preset, seed 0) with SIGKILL at random moments, as many times as asked,
 * each time resumes it, and compares what comes out with a run that was left alone: `run.jsonl` and `summary.json` byte
 * for byte. What had been recorded before the kill has to stand unchanged at the head of the log, and the resumed run
 * has to say that it went on behind it: no lower-level solve that is in the log is done again.
 *
 *     npm run build && npx tsx test/bench/killTest.ts [KILLS, default 50] [SEED of the moments, default 1] [DOCUMENT]
 *
 * Writes docs/results/kill-test.md, or the document that is named.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import * as Rng from '../../src/core/numeric/Rng.js'

const kills = Number(process.argv[2] ?? 50)
const seed = Number(process.argv[3] ?? 1)
const document = process.argv[4] ?? 'docs/results/kill-test.md'
const folder = mkdtempSync(join(tmpdir(), 'bilevel-kill-'))
const program = 'dist/bilevel.js'

interface Ended {
  readonly code: number | null
  /** All that it printed: that a run has ended already is no message on the side. */
  readonly said: string
}

const started = (args: ReadonlyArray<string>) => {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const hear = (text: string): string => (said += text)
  child.stdout.setEncoding('utf8').on('data', hear)
  child.stderr.setEncoding('utf8').on('data', hear)
  const ended = new Promise<Ended>(resolve => child.on('close', code => resolve({ code, said })))
  return { child, ended }
}

const tune = (run: string) => started(['tune', '--preset', 'mnist-mlp-1k', '--backend', 'wasm', '--out', run])
const log = (run: string): string => {
  const path = join(run, 'run.jsonl')
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}
const summary = (run: string): string => readFileSync(join(run, 'summary.json'), 'utf8')
const count = (pattern: RegExp, text: string): number => text.match(pattern)?.length ?? 0
const solves = (text: string): number => count(/"_tag":"LowerLevelSolved"/g, text)

const whole = join(folder, 'whole')
const began = performance.now()
const first = await tune(whole).ended
if (first.code !== 0) throw new Error(`The run that is left alone ended with ${first.code}: ${first.said}`)
const seconds = (performance.now() - began) / 1000

/** Kills a run after so many seconds; where it was quicker than that, another one earlier. Returns the seconds it was. */
const killedWithin = async (run: string, delay: number): Promise<number> => {
  const { child, ended } = tune(run)
  const first = await Promise.race([sleep(1000 * delay), ended])
  if (first !== undefined) {
    rmSync(run, { recursive: true, force: true })
    return killedWithin(run, 0.8 * delay)
  }
  child.kill('SIGKILL')
  await ended
  return delay
}

const [moments] = Rng.uniforms(kills)(Rng.make(seed))
const rows: string[] = []
let failures = 0
for (const [i, share] of moments.entries()) {
  const run = join(folder, `killed-${i}`)
  const delay = await killedWithin(run, share * seconds)
  const before = log(run)
  const kept = before.slice(0, before.lastIndexOf('\n') + 1)
  const steps = Math.max(0, kept.split('\n').length - 2)
  // Killed before there was a log, there is nothing to resume: the user starts again.
  const again = kept === '' ? tune(run) : started(['resume', run])
  const { code, said } = await again.ended
  const taken = /after (\d+) recorded steps/.exec(said)?.[1]
  const over = /has ended|only the summary/.test(said)
  const faults = [
    ...(code === 0 ? [] : [`exit ${code}: ${said.trim()}`]),
    ...(code === 0 && log(run) === log(whole) ? [] : ['another run.jsonl']),
    ...(code === 0 && summary(run) === summary(whole) ? [] : ['another summary.json']),
    ...(log(run).startsWith(kept) ? [] : ['what was recorded was changed']),
    ...(kept === '' || over || Number(taken) === steps
      ? []
      : [`${steps} steps recorded, "${taken}" taken over`]),
  ]
  failures += faults.length > 0 ? 1 : 0
  const row = `| ${i + 1} | ${delay.toFixed(1)} | ${steps} | ${solves(kept)} | ${solves(log(run)) - solves(kept)} | ${faults.length === 0 ? 'the same bytes' : faults.join('; ')} |`
  rows.push(row)
  console.log(row)
  rmSync(run, { recursive: true, force: true })
}
const total = solves(log(whole))
rmSync(folder, { recursive: true })
console.log(`${kills - failures} of ${kills} as if they had not been killed.`)

writeFileSync(
  document,
  `# Killed and resumed

The main job (preset \`mnist-mlp-1k\`, seed 0, wasm) takes ${seconds.toFixed(0)} s and ${total} lower-level solves without interruption. The test kills
it with SIGKILL at ${kills} random moments (seed ${seed}) and resumes it each time. ${kills - failures} of ${kills} runs keep every recorded step
and end with the same bytes in \`run.jsonl\` and \`summary.json\`. Written by
\`test/bench/killTest.ts\` on ${new Date().toISOString().slice(0, 10)}; ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.version}.

| kill | after s | steps recorded | solves recorded | solves after resuming | result |
| ---- | ------- | -------------- | --------------- | --------------------- | ------ |
${rows.join('\n')}
`,
)
if (failures > 0) process.exitCode = 1
