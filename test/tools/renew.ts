/** Repeats the runs of some methods in a committed comparison whose run folders are gone. */
import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { decode } from '../../src/core/codec/Codec.js'
import { firstDifference } from '../../src/core/codec/Difference.js'
import { again } from '../../src/shell/compare/text/again.js'
import {
  comparisonIn,
  encode,
  markdownIn,
  type Comparison,
} from '../../src/shell/compare/result/Comparison.js'
import { markdown } from '../../src/shell/compare/text/markdown.js'
import { SolverConfig } from '../../src/shell/train/SolverConfig.js'
import { complete } from './reproduction.js'
import { formatted } from './formatted.js'

/** The date of the runs, and the commit of their source. */
export interface Provenance {
  readonly date: string
  readonly source: string
}

const refuse = (problem: string): E.Either<string, never> => E.left(problem)

/** A task with defaults for solver options that are newer than the task. Without the option, the solver did the same. */
const completed = (task: Comparison['plan']['task']): unknown =>
  pipe(
    decode(SolverConfig)(task['solver']),
    E.match(
      () => task,
      solver => ({ ...task, solver }),
    ),
  )

/** The parts of a plan that must be equal in both: all but the contenders. */
const shared = ({ plan: { name, task, budget, backend, seeds } }: Comparison): unknown =>
  JSON.parse(JSON.stringify({ name, task: completed(task), budget, backend, seeds }))

/** The fingerprint of the data at each seed, from the finished runs. */
const dataOf = ({ runs }: Comparison): ReadonlyMap<number, string> =>
  new Map(runs.flatMap(run => (run._tag === 'Finished' ? [[run.seed, run.data.fingerprint] as const] : [])))

/**
 * The comparison, with the runs of `fresh` in place of its own runs of the same contenders. These contenders also get the options
 * of `fresh`, which may differ: testing new options is the purpose.
 *
 * Left: a sentence that says why the two do not fit: another task, budget, backend or seeds; other data at a seed; a contender
 * that is not in the comparison; or runs that have not ended.
 */
export const renewed =
  (committed: Comparison, { date, source }: Provenance) =>
  (fresh: Comparison): E.Either<string, Comparison> => {
    const difference = firstDifference('')(shared(committed), shared(fresh))
    if (difference._tag === 'Some') {
      const { field, expected, found } = difference.value
      return refuse(`The new runs have another plan: field \`${field}\` was ${expected} and is now ${found}.`)
    }
    const stranger = fresh.plan.contenders.find(
      ({ label, method }) =>
        !committed.plan.contenders.some(other => other.label === label && other.method === method),
    )
    if (stranger !== undefined) return refuse(`${stranger.label} is not in the comparison.`)
    const pending = fresh.runs.find(({ _tag }) => _tag === 'Pending')
    if (pending !== undefined) return refuse(`${pending.folder} has not ended. Start again to resume it.`)
    const [before, now] = [dataOf(committed), dataOf(fresh)]
    for (const [seed, fingerprint] of now)
      if ((before.get(seed) ?? fingerprint) !== fingerprint)
        return refuse(`At seed ${seed} the new runs were trained on other data than the old ones.`)
    const isFresh = (label: string): boolean => fresh.plan.contenders.some(other => other.label === label)
    return E.right({
      ...committed,
      plan: {
        ...committed.plan,
        contenders: committed.plan.contenders.map(
          old => fresh.plan.contenders.find(({ label }) => label === old.label) ?? old,
        ),
      },
      runs: committed.runs.map(run => fresh.runs.find(({ folder }) => folder === run.folder) ?? run),
      renewed: [
        ...(committed.renewed ?? []).filter(({ label }) => !isFresh(label)),
        ...fresh.plan.contenders.map(({ label }) => ({ label, date, machine: fresh.machine, source })),
      ],
    })
  }

export interface RenewOptions extends Provenance {
  /** Folder of the committed comparison. */
  readonly folder: string
  readonly methods: ReadonlyArray<string>
  /** Arguments of `bilevel compare` that name the configuration. The default is the preset with the plan's name. */
  readonly task?: ReadonlyArray<string>
  /** Folder of the new runs. With the same folder, a second call does not repeat runs that have ended. */
  readonly out: string
  readonly jobs: number
}

const program = 'dist/bilevel.js'

/** Runs the program. Exit code 1 means that some runs failed; that is a result too. */
const run = (args: ReadonlyArray<string>): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
    child.on('error', reject)
    child.on('close', code =>
      code === 0 || code === 1
        ? resolve()
        : reject(new Error(`bilevel ${args.join(' ')} ended with ${code ?? 'a signal'}.`)),
    )
  })

/** Runs `bilevel compare` for these methods alone and puts the new runs into the committed comparison. */
export const renew = async (options: RenewOptions): Promise<Comparison> => {
  const { folder, methods, out, jobs } = options
  const committed = complete(comparisonIn(folder))
  const { plan } = committed
  const contenders = plan.contenders.filter(({ label }) => methods.includes(label))
  const lost = methods.find(label => !contenders.some(other => other.label === label))
  if (lost !== undefined) throw new Error(`${folder} has no runs of ${lost}.`)
  const command = again(options.task ?? ['--preset', plan.name], { ...plan, contenders })
  await run([...command, '--out', out, '--jobs', String(jobs), '--no-report'])
  const result = pipe(complete(comparisonIn(out)), renewed(committed, options))
  if (E.isLeft(result)) throw new Error(`${folder} is left as it was. ${result.left}`)
  writeFileSync(comparisonIn(folder), encode(result.right))
  const page = markdownIn(folder)
  // Comparisons with hundreds of hyperparameters have no page: nobody would read it.
  if (existsSync(page)) writeFileSync(page, await formatted(page, markdown(result.right)))
  return result.right
}

/** Folder of a comparison's new runs, separate for each source. */
export const renewalFolder = (source: string, name: string): string => join('runs', 'renew', source, name)
